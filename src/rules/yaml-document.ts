import {
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
} from "yaml";
import type { Document, Node, Pair, Scalar } from "yaml";
import type { Finding, Span } from "./problem.ts";
import { scalarOffset } from "./scalar-offsets.ts";
import { yamlFinding } from "./yaml-errors.ts";

/** Larger files are refused before they are parsed: parsing time grows faster than size. */
export const MAX_FILE_BYTES = 1024 * 1024;

/** Resolved aliases, as the yaml package counts them; a handful is plenty for people. */
const MAX_ALIAS_COUNT = 50;

/** Of a file that is no YAML at all, only so many are worth the search for what is open. */
const MAX_SYNTAX_ERRORS = 20;

/** A key or an index at each level, from the root. */
export type YamlPath = readonly PropertyKey[];

/** One YAML document with the places of its parts. */
export interface YamlDocument {
  readonly document: Document;
  /** What it was parsed from: offsets count in it. */
  readonly text: string;
  /** Plain objects, arrays and scalars. */
  readonly value: unknown;
}

/** A document that could be parsed, or why it could not. */
export type YamlResult =
  | { readonly ok: true; readonly yaml: YamlDocument; readonly findings: readonly Finding[] }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/** Line and column of an offset, both from 1. */
export type PositionOf = (offset: number) => { readonly line: number; readonly column: number };

/**
 * Parses one YAML 1.2 document. Findings beside a document (a key twice) leave it usable;
 * others stop here, since what follows them would be guesses.
 */
export function parseYaml(text: string): YamlResult {
  const document = parseDocument(text, {
    uniqueKeys: true,
    prettyErrors: false,
    stringKeys: true,
    version: "1.2",
    // "silent" would also hide that there are several documents.
    logLevel: "error",
  });
  const errors = [...document.errors, ...document.warnings];
  const findings = errors
    .slice(0, MAX_SYNTAX_ERRORS)
    .map((error) => yamlFinding(error, text, openSpan(document, error.pos[0])));
  if (errors.some((error) => error.code !== "DUPLICATE_KEY")) return { ok: false, findings };
  const unresolved = aliasesToNothing(document);
  if (unresolved.length > 0) return { ok: false, findings: [...findings, ...unresolved] };
  findings.push(...specialKeys(document));
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIAS_COUNT });
    return { ok: true, yaml: { document, text, value }, findings };
  } catch {
    findings.push(aliasFinding(document));
    return { ok: false, findings };
  }
}

/** Turns offsets of this text into lines and columns. */
export function positions(text: string): PositionOf {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines.addNewLine(at + 1);
  return (offset) => {
    const { line, col } = lines.linePos(Math.max(0, Math.min(offset, text.length)));
    return { line, column: col };
  };
}

/** The quote or bracket that is open at an offset: where to look when its end is missing. */
function openSpan(document: Document, offset: number): Span | undefined {
  let found: Span | undefined;
  visit(document, {
    Node: (_key, node) => {
      const [start, end] = node.range ?? [0, 0];
      const opens = isScalar(node) ? node.type?.startsWith("QUOTE") : isCollection(node) && node.flow;
      if (opens && start < offset && offset <= end + 1) found = { start, end: start + 1 };
    },
  });
  return found;
}

function aliasesToNothing(document: Document): Finding[] {
  const findings: Finding[] = [];
  visit(document, {
    Alias: (_key, alias) => {
      if (alias.resolve(document)) return;
      const message = "an alias (*name) without an anchor (&name) before it";
      findings.push({ severity: "error", span: nodeSpan(alias), message, hint: "put * patterns in quotes" });
    },
  });
  return findings;
}

/** The one key that JavaScript objects treat as special: zod would drop it silently from maps of free keys. */
function specialKeys(document: Document): Finding[] {
  const findings: Finding[] = [];
  visit(document, {
    Pair: (_key, pair) => {
      if (!isScalar(pair.key) || pair.key.value !== "__proto__") return;
      findings.push({
        severity: "error",
        span: nodeSpan(pair.key),
        message: 'key "__proto__" is not allowed',
      });
    },
  });
  return findings;
}

function aliasFinding(document: Document): Finding {
  let span: Span = { start: 0, end: 1 };
  visit(document, {
    Alias: (_key, alias) => {
      span = nodeSpan(alias);
      return visit.BREAK;
    },
  });
  const hint = "write the values out";
  return {
    severity: "error",
    span,
    message: `aliases here stand for too much (limit ${MAX_ALIAS_COUNT})`,
    hint,
  };
}

interface Place {
  readonly key: Node | undefined;
  readonly value: Node | undefined;
}

/** The node at a path, or the deepest one on the way to it. The last of several equal keys counts, as in `value`. */
function placeAt(document: Document, path: YamlPath): Place & { readonly complete: boolean } {
  let place: Place = { key: undefined, value: asNode(document.contents) };
  for (const part of path) {
    const next = childAt(resolved(document, place.value), part);
    if (!next) return { ...place, complete: false };
    place = next;
  }
  return { ...place, complete: true };
}

function childAt(parent: Node | undefined, part: PropertyKey): Place | undefined {
  if (isMap(parent)) {
    const pair = parent.items.findLast((pair: Pair) => isScalar(pair.key) && pair.key.value === part);
    return pair && { key: asNode(pair.key), value: asNode(pair.value) };
  }
  if (isSeq(parent) && typeof part === "number" && part < parent.items.length) {
    return { key: undefined, value: asNode(parent.items[part]) };
  }
  return undefined;
}

function resolved(document: Document, node: Node | undefined): Node | undefined {
  return isAlias(node) ? node.resolve(document) : node;
}

function asNode(value: unknown): Node | undefined {
  return isScalar(value) || isCollection(value) || isAlias(value) ? value : undefined;
}

/** Where a node stands, without blank lines behind it. */
export function nodeSpan(node: Node): Span {
  const [start, end] = node.range ?? [0, 0];
  return { start, end };
}

/** The key at a path; the value when there is no such key, as in a list. */
export function keySpan({ document }: YamlDocument, path: YamlPath): Span {
  const { key, value, complete } = placeAt(document, path);
  const node = complete ? (key ?? value) : (value ?? key);
  return node ? nodeSpan(node) : { start: 0, end: 0 };
}

/** The value at a path; for a map or list over several lines, its key, which is what people look for. */
export function valueSpan({ document }: YamlDocument, path: YamlPath): Span {
  const { key, value } = placeAt(document, path);
  if (!value || (isScalar(value) && nodeSpan(value).start === nodeSpan(value).end)) {
    return key ? nodeSpan(key) : { start: 0, end: 0 };
  }
  return isCollection(value) && !value.flow && key ? nodeSpan(key) : nodeSpan(value);
}

/** The part of a string value from `span.start` to `span.end`, counted in its characters; else the whole value. */
export function spanInString(yaml: YamlDocument, text: string, path: YamlPath, span: Span): Span {
  const node = resolved(yaml.document, placeAt(yaml.document, path).value);
  if (!isScalar(node) || typeof node.value !== "string") return valueSpan(yaml, path);
  const scalar = { value: node.value, style: styleOf(node), ...nodeSpan(node) };
  const start = scalarOffset(text, scalar, span.start);
  const last = scalarOffset(text, scalar, span.end - 1);
  return start === undefined ? valueSpan(yaml, path) : { start, end: (last ?? start) + 1 };
}

function styleOf(scalar: Scalar): "plain" | "single" | "double" | "block" {
  if (scalar.type === "QUOTE_SINGLE") return "single";
  if (scalar.type === "QUOTE_DOUBLE") return "double";
  return scalar.type === "PLAIN" ? "plain" : "block";
}

/** Calls back for each scalar below (or at) a path, with the key nearest above it. */
export function eachScalar(
  { document }: YamlDocument,
  path: YamlPath,
  callback: (scalar: Scalar, key: string | undefined, isKey: boolean) => void,
): void {
  const { value, complete } = placeAt(document, path);
  const seen = new Set<Node>();
  const walk = (from: Node | undefined, key: string | undefined): void => {
    const node = resolved(document, from);
    if (!node || seen.has(node)) return;
    seen.add(node);
    if (isScalar(node)) callback(node, key, false);
    if (!isCollection(node)) return;
    for (const item of node.items) {
      if (!isPair(item)) walk(asNode(item), key);
      else if (isScalar(item.key)) {
        callback(item.key, key, true);
        walk(asNode(item.value), String(item.key.value));
      }
    }
  };
  if (complete) walk(value, undefined);
}
