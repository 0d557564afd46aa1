import { buildDestination, isFields } from "./build-destinations.ts";
import type { DestinationConfig, DestinationKinds } from "./build-destinations.ts";
import { buildRule } from "./build-rule.ts";
import type { CompiledRule } from "./build-rule.ts";
import { checkHabits } from "./check-habits.ts";
import { checkMuteWindows } from "./check-mute-windows.ts";
import { checkNotify, checkRule } from "./check-rule.ts";
import type { RuleSurroundings } from "./check-rule.ts";
import { checkSuppressors } from "./check-suppressors.ts";
import type { MuteWindow } from "./muted-until.ts";
import type { Finding, Problem } from "./problem.ts";
import type { Rule } from "./rule.ts";
import { NO_WORDS, schemaFindings } from "./schema-findings.ts";
import { BLIND_AFTER_MS, rulesFileSchema } from "./schema.ts";
import { secretSpans } from "./secret-mask.ts";
import { maskSpans, toProblems } from "./source-frame.ts";
import { keySpan, MAX_FILE_BYTES, parseYaml, positions, valueSpan } from "./yaml-document.ts";
import type { YamlDocument } from "./yaml-document.ts";

/** A rules file that is right. */
export interface RulesFile {
  readonly destinations: ReadonlyMap<string, DestinationConfig>;
  /** Names of destinations that hear of Ringbell's own troubles; may be empty. */
  readonly selfNotify: readonly string[];
  /** After so long without a sign of life from the API server nothing is decided, in milliseconds. */
  readonly blindAfterMs: number;
  readonly muteWindows: ReadonlyMap<string, MuteWindow>;
  /** In the order of the file; names are unique. */
  readonly rules: readonly Rule[];
}

/** A rules file that is right, or everything that is wrong with it. */
export type LoadResult =
  | { readonly ok: true; readonly file: RulesFile; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** More than anybody reads; the count of the rest is told. */
const MAX_PROBLEMS = 100;

/**
 * Reads a rules file: all problems at once, in the order of the file, or the checked rules with defaults applied.
 * `path` is only for telling. Pure: secrets stay references, nothing is opened.
 */
export function loadRules(text: string, path: string, kinds: DestinationKinds): LoadResult {
  const source = text.startsWith("\uFEFF") ? text.slice(1) : text;
  const findings: Finding[] = [];
  if (Buffer.byteLength(source) > MAX_FILE_BYTES) {
    const message = "the file is larger than 1 MiB: a rules file is some kilobytes";
    return { ok: false, problems: [{ severity: "error", path, line: 1, column: 1, message }] };
  }
  const parsed = parseYaml(source);
  findings.push(...parsed.findings);
  const yaml = parsed.ok ? parsed.yaml : undefined;
  const file = yaml && (isEmpty(yaml) ? emptyFile(findings) : readFile(yaml, source, kinds, findings));
  const masked = maskSpans(source, secretSpans(source, yaml));
  const problems = toProblems(capped(findings), path, masked);
  return file && problems.every((problem) => problem.severity === "warning")
    ? { ok: true, file, warnings: problems }
    : { ok: false, problems };
}

function isEmpty({ value }: YamlDocument): boolean {
  return value === null || value === undefined;
}

function emptyFile(findings: Finding[]): undefined {
  const hint = "it needs version: 1, destinations and rules; rules.example.yaml is a file to start from";
  findings.push({ severity: "error", span: { start: 0, end: 1 }, message: "the rules file is empty", hint });
}

function readFile(
  yaml: YamlDocument,
  text: string,
  kinds: DestinationKinds,
  findings: Finding[],
): RulesFile | undefined {
  const root = isFields(yaml.value) ? yaml.value : {};
  const parsed = rulesFileSchema.safeParse(yaml.value, NO_WORDS);
  if (!parsed.success) {
    const place = { yaml, base: [], schema: rulesFileSchema, value: yaml.value, discreet: false };
    findings.push(...schemaFindings(parsed.error.issues, place));
  }
  const destinations = readDestinations(root["destinations"], yaml, kinds, findings);
  const around: RuleSurroundings = {
    yaml,
    text,
    defaults: isFields(root["defaults"]) ? root["defaults"] : {},
    destinations: isFields(root["destinations"]) ? Object.keys(root["destinations"]) : [],
  };
  checkNotify(around.defaults["notify"], ["defaults", "notify"], around, findings);
  checkNotify(root["selfNotify"], ["selfNotify"], around, findings);
  checkMuteWindows(yaml, findings);
  checkSuppressors(yaml, findings);
  const compiled = checkRules(root["rules"], around, findings);
  if (!parsed.success) return undefined;
  const {
    rules: rawRules,
    defaults = {},
    selfNotify = [],
    blindAfter = BLIND_AFTER_MS,
    muteWindows = {},
  } = parsed.data;
  const rules = rawRules.map((raw, index) => buildRule(raw, defaults, compiled[index] ?? NOTHING));
  // With errors a destination may only seem unused.
  if (findings.every((finding) => finding.severity === "warning")) {
    const used = new Set([...rules.flatMap(toldBy), ...selfNotify]);
    warnUnused(used, yaml, around, findings);
    findings.push(...checkHabits(rules, destinations, yaml));
  }
  return {
    destinations,
    rules,
    selfNotify,
    blindAfterMs: blindAfter,
    muteWindows: new Map(Object.entries(muteWindows)),
  };
}

function toldBy({ notify, trigger }: Rule): readonly string[] {
  return trigger.kind === "change" ? [...notify, ...(trigger.guard?.otherwise ?? [])] : notify;
}

const NOTHING: CompiledRule = { title: undefined, message: undefined, labels: {}, when: undefined };

function readDestinations(
  value: unknown,
  yaml: YamlDocument,
  kinds: DestinationKinds,
  findings: Finding[],
): Map<string, DestinationConfig> {
  const destinations = new Map<string, DestinationConfig>();
  for (const [name, fields] of Object.entries(isFields(value) ? value : {})) {
    const destination = buildDestination(name, fields, yaml, kinds, findings);
    if (destination) destinations.set(name, destination);
  }
  return destinations;
}

function checkRules(value: unknown, around: RuleSurroundings, findings: Finding[]): CompiledRule[] {
  if (!Array.isArray(value)) return [];
  const firstUse = new Map<string, number>();
  const positionOf = positions(around.text);
  return value.map((rule: unknown, index) => {
    if (!isFields(rule)) return NOTHING;
    const { name } = rule;
    const first = typeof name === "string" ? firstUse.get(name) : undefined;
    if (typeof name === "string" && first !== undefined) {
      const span = valueSpan(around.yaml, ["rules", index, "name"]);
      const { line } = positionOf(valueSpan(around.yaml, ["rules", first, "name"]).start);
      findings.push({
        severity: "error",
        span,
        message: `rule name "${name}" is taken already, in line ${line}`,
      });
    } else if (typeof name === "string") {
      firstUse.set(name, index);
    }
    return checkRule(rule, ["rules", index], around, findings);
  });
}

function warnUnused(
  used: ReadonlySet<string>,
  yaml: YamlDocument,
  around: RuleSurroundings,
  findings: Finding[],
): void {
  for (const name of around.destinations) {
    if (used.has(name)) continue;
    const span = keySpan(yaml, ["destinations", name]);
    findings.push({ severity: "warning", span, message: `no rule tells destination "${name}"` });
  }
}

/** In the order of the file, and no more than can be read. */
function capped(findings: readonly Finding[]): Finding[] {
  const sorted = findings.toSorted((a, b) => a.span.start - b.span.start);
  const errors = sorted.filter((finding) => finding.severity === "error");
  const shown = (errors.length > MAX_PROBLEMS ? errors : sorted).slice(0, MAX_PROBLEMS);
  const last = shown.at(-1);
  const rest = sorted.length - shown.length;
  if (last && rest > 0)
    shown.push({ ...last, message: `and ${rest} more problems`, hint: "correct these first" });
  return shown;
}
