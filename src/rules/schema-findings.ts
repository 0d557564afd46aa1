import type { z } from "zod";
import { CONDITION_KINDS } from "./conditions/condition-kinds.ts";
import { DURATION_WANTED } from "./duration-schema.ts";
import { didYouMean, nearest } from "./nearest.ts";
import type { Finding, Span } from "./problem.ts";
import { allowedKeys } from "./schema-keys.ts";
import { SECRET_REF_WANTED } from "./secret-ref.ts";
import { keySpan, spanInString, valueSpan } from "./yaml-document.ts";
import type { YamlDocument, YamlPath } from "./yaml-document.ts";

type Issue = z.core.$ZodIssue;

/** Where a value was checked against a schema, and how its problems may be told. */
export interface CheckedPlace {
  readonly yaml: YamlDocument;
  /** Of the value that the schema was given, from the document's root. */
  readonly base: YamlPath;
  readonly schema: z.ZodType;
  /** The value that the schema was given. */
  readonly value: unknown;
  /** Below destinations no value is repeated in a message, since it may be a secret in the wrong place. */
  readonly discreet: boolean;
}

/** For `safeParse`: marks the issues that no schema of ours or of a kind has put into words. */
export const NO_WORDS = { error: () => "" };

/** zod's issues as findings in the rules file's own words, none twice. */
export function schemaFindings(issues: readonly Issue[], place: CheckedPlace): Finding[] {
  const said = new Set<string>();
  return findingsOf(issues, [], place).filter(({ span, message }) => {
    const id = `${span.start} ${message}`;
    return !said.has(id) && said.add(id);
  });
}

function findingsOf(issues: readonly Issue[], prefix: YamlPath, place: CheckedPlace): Finding[] {
  const misspelt = new Set(issues.flatMap((issue) => meantKeys(issue, prefix, place)));
  const unknowns = issues.filter(({ code }) => code === "unrecognized_keys");
  const odd = new Set(unknowns.map(({ path }) => pathId([...prefix, ...path])));
  const isTold = (issue: Issue): boolean => {
    const path = [...prefix, ...issue.path];
    // What a map lacks as a whole is probably there, and misspelt.
    if (issue.code === "custom" && odd.has(pathId(path))) return false;
    return !misspelt.has(pathId(path)) || valueAt(place.value, path) !== undefined;
  };
  return issues.filter(isTold).flatMap((issue) => issueFindings(issue, prefix, place));
}

/** The keys that unknown ones probably stand for: they are misspelt and so not missing. */
function meantKeys(issue: Issue, prefix: YamlPath, place: CheckedPlace): string[] {
  if (issue.code !== "unrecognized_keys") return [];
  const path = [...prefix, ...issue.path];
  const allowed = allowedKeys(place.schema, path);
  return issue.keys.map((key) => pathId([...path, nearest(key, allowed) ?? key]));
}

function pathId(path: YamlPath): string {
  return JSON.stringify(path.map(String));
}

function issueFindings(issue: Issue, prefix: YamlPath, place: CheckedPlace): Finding[] {
  const path = [...prefix, ...issue.path];
  if (issue.code === "unrecognized_keys") return issue.keys.flatMap((key) => unknownKey(key, path, place));
  if (issue.code === "invalid_union" && issue.message !== SECRET_REF_WANTED) {
    const branch = nearestBranch(issue.errors, valueAt(place.value, path));
    if (branch) return findingsOf(branch, path, place);
  }
  const value = valueAt(place.value, path);
  if (value === undefined) return [missingKey(path, place)];
  const isKey = issue.code === "invalid_key";
  const full = [...place.base, ...path];
  const inside = placeInString(issue);
  if (inside) {
    const span = spanInString(place.yaml, place.yaml.text, full, inside.span);
    const message = `in ${labelOf(full)}: ${wordsOf(issue)}`;
    return [{ severity: "error", span, message, hint: inside.hint }];
  }
  const discreet = place.discreet || full[0] === "destinations";
  const span = isKey ? keySpan(place.yaml, full) : valueSpan(place.yaml, full);
  const words = isKey ? keyWords(issue) : wordsOf(issue);
  const label = isKey ? keyLabel(String(path.at(-1)), discreet) : labelOf(full);
  const message = words.startsWith("must ") ? `${label} ${words}` : `${label}: ${words}`;
  const shown =
    isKey || words === SECRET_REF_WANTED || !words.startsWith("must be ") ? "" : shownValue(value, discreet);
  const tail = becauseOf(issue) + nearestValue(issue, value);
  return [{ severity: "error", span, message: message + shown + tail, hint: hintFor(issue, full, value) }];
}

/** Where within a string a kind's schema has found something, by `params: { span, hint }` of a custom issue. */
function placeInString(issue: Issue): { readonly span: Span; readonly hint: string | undefined } | undefined {
  if (issue.code !== "custom") return undefined;
  const { span, hint } = issue.params ?? {};
  return isSpan(span) ? { span, hint: typeof hint === "string" ? hint : undefined } : undefined;
}

function isSpan(value: unknown): value is Span {
  return typeof value === "object" && value !== null && "start" in value && "end" in value;
}

/** The branch that the value was meant for: one that does not already fail at the whole value's type. */
function nearestBranch(
  branches: readonly (readonly Issue[])[],
  value: unknown,
): readonly Issue[] | undefined {
  const codes = typeof value === "object" ? ["invalid_type"] : ["invalid_type", "invalid_union"];
  const fits = (issues: readonly Issue[]): boolean =>
    !issues.some((issue) => issue.path.length === 0 && codes.includes(issue.code));
  return branches.find((issues) => issues.length > 0 && fits(issues));
}

function unknownKey(key: string, path: YamlPath, place: CheckedPlace): Finding[] {
  if (key === "__proto__") return [];
  const span = keySpan(place.yaml, [...place.base, ...path, key]);
  const candidates = allowedKeys(place.schema, path);
  if (place.discreet && !isPlainKey(key)) return [{ severity: "error", span, message: "unknown key" }];
  const elsewhere = misplaced(key, path);
  const match = elsewhere === undefined ? didYouMean(key, candidates) : "";
  const list = candidates.length > 0 ? `known here: ${candidates.join(", ")}` : undefined;
  const hint = match === "" ? (elsewhere ?? list) : undefined;
  return [{ severity: "error", span, message: `unknown key "${key.slice(0, 100)}"${match}`, hint }];
}

/** False for what may be a secret: pasted in the wrong place it can become a key. */
export function isPlainKey(key: string): boolean {
  return /^[\w.-]{1,24}$/.test(key);
}

function keyLabel(key: string, discreet: boolean): string {
  return discreet && !isPlainKey(key) ? "a key here" : `key "${key.slice(0, 100)}"`;
}

/** Keys that people put one level too high. */
function misplaced(key: string, path: YamlPath): string | undefined {
  if (path.at(-2) !== "rules") return undefined;
  const parent = Object.hasOwn(PARENTS, key) ? PARENTS[key] : undefined;
  return parent && `"${key}" belongs below "${parent}"`;
}

const PARENTS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.keys(CONDITION_KINDS).map((kind) => [kind, "when"])),
  namespace: "ring",
  service: "ring",
  namespaceLabels: "ring",
  except: "ring",
  minMembers: "guard",
  maxLost: "guard",
  otherwise: "guard",
  rollout: "during",
};

function missingKey(path: YamlPath, place: CheckedPlace): Finding {
  const full = [...place.base, ...path];
  const span = valueSpan(place.yaml, full.slice(0, -1));
  const key = String(path.at(-1));
  return { severity: "error", span, message: `missing key "${key}"`, hint: MISSING_HINTS[key] };
}

const MISSING_HINTS: Readonly<Record<string, string>> = {
  version: "a rules file starts with version: 1",
  namespace: 'name the namespace, or write namespace: "*" to watch all of them',
};

/** A schema's own words where it has some; else ours by zod's code. */
function wordsOf(issue: Issue): string {
  if (issue.message !== "") return issue.message;
  switch (issue.code) {
    case "invalid_type":
      return `must be ${TYPES[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `must be ${issue.values.length > 1 ? "one of " : ""}${issue.values.map(String).join(", ")}`;
    case "too_small":
      return `must ${SIZE[issue.origin] ?? "be"} at least ${issue.minimum}`;
    case "too_big":
      return `must ${SIZE[issue.origin] ?? "be"} at most ${issue.maximum}`;
    case "not_multiple_of":
      return `must be a multiple of ${issue.divisor}`;
    case "invalid_format":
      return `must be a valid ${issue.format === "regex" ? "value" : issue.format}`;
    case "invalid_union":
      return "must be one of the forms that the reference shows";
    case "invalid_key":
    case "invalid_element":
    case "unrecognized_keys":
    case "custom":
      break;
  }
  return "must be a valid value";
}

const TYPES: Readonly<Record<string, string>> = {
  string: "a string",
  int: "a whole number",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  object: "a map",
  record: "a map",
};

const SIZE: Readonly<Record<string, string>> = {
  string: "have a length of",
  array: "have a length of",
  set: "have a length of",
};

function keyWords(issue: z.core.$ZodIssueInvalidKey): string {
  const [inner] = issue.issues;
  return inner ? wordsOf(inner) : "must be a valid name";
}

/** `, not "5 min"`. */
function shownValue(value: unknown, discreet: boolean): string {
  if (value === null) return ", and is empty";
  if (Array.isArray(value)) return ", not a list";
  if (typeof value === "object") return ", not a map";
  if (discreet) return typeof value === "string" ? "" : `, not a ${typeof value}`;
  const text = JSON.stringify(value);
  return `, not ${text.length > 80 ? `${text.slice(0, 79)}…` : text}`;
}

function nearestValue(issue: Issue, value: unknown): string {
  if (issue.code !== "invalid_value" || typeof value !== "string") return "";
  return didYouMean(
    value,
    issue.values.filter((allowed) => typeof allowed === "string"),
  );
}

function becauseOf(issue: Issue): string {
  const because: unknown = issue.code === "custom" ? issue.params?.["because"] : undefined;
  return typeof because === "string" ? `: ${because}` : "";
}

function hintFor(issue: Issue, path: YamlPath, value: unknown): string | undefined {
  const key = String(path.at(-1));
  if (issue.code === "custom" && typeof issue.params?.["hint"] === "string") return issue.params["hint"];
  if (issue.message === DURATION_WANTED && typeof value === "number") return `write ${value}s for seconds`;
  if (issue.message === SECRET_REF_WANTED) {
    if (typeof value === "object") return "one of the two keys, and nothing beside it";
    const name = key.replaceAll(/([a-z])([A-Z])/g, "$1_$2").toUpperCase();
    return `write ${key}: { env: ${name} } and put the value into that environment variable`;
  }
  if (key === "reasons" && issue.code === "invalid_type") {
    return "write reasons: true to know why members leave; reason (without s) selects some of them";
  }
  const wantsString = issue.code === "invalid_type" && issue.expected === "string" && issue.message === "";
  return wantsString && (typeof value === "number" || typeof value === "boolean")
    ? "put it in quotes"
    : undefined;
}

/** The last key, with indices behind it: `"notify[1]"`. */
function labelOf(path: YamlPath): string {
  const index = path.findLastIndex((part) => typeof part === "string");
  const indices = path.slice(index + 1).map((part) => `[${String(part)}]`);
  return index < 0 ? "the file" : `"${String(path[index])}${indices.join("")}"`;
}

/** The value at a path; undefined when a key on the way is missing. */
export function valueAt(root: unknown, path: YamlPath): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Readonly<Record<PropertyKey, unknown>>)[part];
  }
  return value;
}
