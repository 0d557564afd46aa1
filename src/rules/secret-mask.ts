import type { Scalar } from "yaml";
import type { Span } from "./problem.ts";
import { isPlainKey } from "./schema-findings.ts";
import { seemingSecret } from "./seeming-secrets.ts";
import { eachScalar, nodeSpan } from "./yaml-document.ts";
import type { YamlDocument } from "./yaml-document.ts";

/** Settings of destinations that name a place or a manner, never a secret. */
const HARMLESS_KEYS: ReadonlySet<string> = new Set([
  "env",
  "file",
  "retryFor",
  "mute",
  "by",
  "wait",
  "interval",
  "method",
  "timeout",
  "mention",
]);

/** Shapes of tokens, wherever they stand: Slack's, Standard Webhooks', PagerDuty's, and what follows `Bearer`. */
const TOKENS = [
  /https:\/\/hooks\.[^\s"']+/gi,
  /\b(?:whsec_|xox[a-z]-|xapp-|gh[pousr]_|github_pat_)[\w+/=-]+/gi,
  /\b[0-9a-f]{32}\b/gi,
  /\bBearer\s+[^\s"']+/gi,
];

/** A secret-looking key with a value that is no map. */
const SECRET_LINE =
  /((?:webhookUrl|routingKey|signingSecret|secret|token|password|authorization)\w*["']?[ \t]*:[ \t]*)("[^"\n]*"?|'[^'\n]*'?|[^\s{}"'[\]][^,}\n]*)/gi;

/**
 * What frames must not show: below `destinations` every value that is not known to be harmless, and tokens by their
 * shape anywhere. Without a document (a syntax error) only names and shapes are left to go by.
 */
export function secretSpans(text: string, yaml: YamlDocument | undefined): Span[] {
  const spans = TOKENS.flatMap((shape) => matches(text, shape));
  for (const match of text.matchAll(SECRET_LINE)) {
    const start = match.index + (match[1] ?? "").length;
    spans.push({ start, end: match.index + match[0].length });
  }
  if (!yaml) return [...spans, ...brokenBlock(text)];
  eachScalar(yaml, ["destinations"], (scalar, key, isKey) => {
    if (isKey ? !isShownKey(scalar) : !isShownValue(scalar, key)) spans.push(...aroundHoles(text, scalar));
  });
  return spans;
}

/** A value but for its `{{ }}` holes, which only a body has: who looks for an error in one must see it. */
function aroundHoles(text: string, scalar: Scalar): Span[] {
  const { start, end } = nodeSpan(scalar);
  const spans: Span[] = [];
  let at = start;
  for (const hole of matches(text.slice(start, end), /\{\{[^}]*\}\}/g)) {
    spans.push({ start: at, end: start + hole.start });
    at = start + hole.end;
  }
  return [...spans, { start: at, end }];
}

function isShownKey(scalar: Scalar): boolean {
  const key = String(scalar.value);
  return isPlainKey(key) || /^[a-z-]{1,63}$/.test(key);
}

function isShownValue({ value }: Scalar, key: string | undefined): boolean {
  if (value === null || typeof value === "boolean") return true;
  if (key === "env") return typeof value === "string" && /^[A-Za-z_]\w{0,63}$/.test(value);
  if (key === "url") return typeof value === "string" && isShownUrl(value);
  return key !== undefined && HARMLESS_KEYS.has(key);
}

function isShownUrl(text: string): boolean {
  return !/[@?#]/.test(text) && seemingSecret(text) === undefined;
}

/** In a broken `destinations` block: every word but keys, and what stands behind a harmless key. */
function brokenBlock(text: string): Span[] {
  const start = /(?:^|[{,])[ \t]*["']?destinations["']?[ \t]*:/m.exec(text);
  if (!start) return [];
  const from = start.index + start[0].length;
  const length = text.slice(from).search(/(?:^|[{,])[ \t]*["']?(?:defaults|rules|version)["']?[ \t]*:/m);
  let key: string | undefined;
  return matches(text.slice(from, length < 0 ? undefined : from + length), /[^\s{}[\],"']+/g).flatMap(
    (word) => {
      const span = { start: from + word.start, end: from + word.end };
      const shown = text.slice(span.start, span.end);
      const wasKey = key;
      key = shown.endsWith(":") && isPlainKey(shown.slice(0, -1)) ? shown.slice(0, -1) : undefined;
      return key !== undefined || (wasKey !== undefined && HARMLESS_KEYS.has(wasKey)) ? [] : [span];
    },
  );
}

function matches(text: string, shape: RegExp): Span[] {
  return [...text.matchAll(shape)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
  }));
}
