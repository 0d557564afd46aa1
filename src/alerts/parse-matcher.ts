import { didYouMean } from "../rules/nearest.ts";
import { SEVERITIES } from "../rules/rule.ts";
import { type Matcher, MATCHER_NAMES, type MatcherName } from "./silence.ts";

/** Label keys and values of Kubernetes are shorter; those of rules may be this long. */
const VALUE_MAX = 1024;

/** A matcher, or what is wrong with it, as a sentence. */
export type MatcherResult =
  | { readonly ok: true; readonly matcher: Matcher }
  | { readonly ok: false; readonly issue: string };

/** Reads `rule=pod-left-ring`, `service!=cass*` or `label.team=data`. */
export function parseMatcher(text: string): MatcherResult {
  const [, name, negate, value = ""] = /^([^=!]+)(!?)=(.*)$/s.exec(text) ?? [];
  if (name === undefined) {
    return {
      ok: false,
      issue: `"${text}" is no matcher: wanted NAME=VALUE or NAME!=VALUE, as in service=cass*`,
    };
  }
  return checkMatcher(name.trim(), value.trim(), negate === "!");
}

/** Makes a matcher of its parts, each of which may be wrong. */
export function checkMatcher(name: string, value: string, negate: boolean): MatcherResult {
  if (!isMatcherName(name)) {
    const known = [...MATCHER_NAMES, "label.KEY"];
    const meant = didYouMean(name, MATCHER_NAMES) || `; known: ${known.join(", ")}`;
    return { ok: false, issue: `unknown matcher name "${name.slice(0, 100)}"${meant}` };
  }
  if (value.length > VALUE_MAX)
    return { ok: false, issue: `the value of ${name} is longer than ${VALUE_MAX}` };
  // A label that is not there is the empty text, so it may be asked for; the others are never empty.
  if (value === "" && !name.startsWith("label."))
    return { ok: false, issue: `the value of ${name} is empty` };
  if (name === "severity" && !/[*?]/.test(value) && !SEVERITIES.some((severity) => severity === value)) {
    const meant = didYouMean(value, SEVERITIES) || `; known: ${SEVERITIES.join(", ")}`;
    return { ok: false, issue: `unknown severity "${value.slice(0, 100)}"${meant}` };
  }
  return { ok: true, matcher: { name, value, ...(negate && { negate: true }) } };
}

/** The inverse of `parseMatcher`. */
export function formatMatcher({ name, value, negate }: Matcher): string {
  return `${name}${negate ? "!=" : "="}${value}`;
}

function isMatcherName(name: string): name is MatcherName {
  return MATCHER_NAMES.some((known) => known === name) || /^label\..+/s.test(name);
}
