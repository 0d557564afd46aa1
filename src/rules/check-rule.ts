import { isFields } from "./build-destinations.ts";
import { DEFAULT_SETTLE_MS } from "./build-rule.ts";
import type { RuleTexts } from "./build-rule.ts";
import { formatDuration, parseDuration } from "./duration.ts";
import { didYouMean } from "./nearest.ts";
import type { Finding } from "./problem.ts";
import { compileTemplate } from "./template.ts";
import type { Template } from "./template.ts";
import { keySpan, spanInString, valueSpan } from "./yaml-document.ts";
import type { YamlDocument, YamlPath } from "./yaml-document.ts";

type Fields = Readonly<Record<string, unknown>>;

/** What rules are checked against beside their own keys. */
export interface RuleSurroundings {
  readonly yaml: YamlDocument;
  /** The file's text, for places within strings. */
  readonly text: string;
  readonly defaults: Fields;
  readonly destinations: readonly string[];
}

/**
 * Checks what no single key shows: `when` or `on`, timing that fits, known destinations, templates. Works on the
 * file's own values, right or not, so that these problems are told together with those of single keys.
 */
export function checkRule(
  rule: Fields,
  path: YamlPath,
  around: RuleSurroundings,
  findings: Finding[],
): RuleTexts {
  checkTrigger(rule, path, around, findings);
  checkTiming(rule, path, around, findings);
  if (rule["notify"] !== undefined) checkNotify(rule["notify"], [...path, "notify"], around, findings);
  else if (around.defaults["notify"] === undefined) {
    const hint = "add notify: [a destination], here or below defaults";
    findings.push(error(around, path, `rule ${nameOf(rule)}has nobody to tell: missing key "notify"`, hint));
  }
  return {
    title: checkTemplate("title", rule, path, around, findings),
    message: checkTemplate("message", rule, path, around, findings),
  };
}

/** Reports each name of a `notify` list that no destination has, and each that stands twice. */
export function checkNotify(
  value: unknown,
  path: YamlPath,
  around: RuleSurroundings,
  findings: Finding[],
): void {
  if (!Array.isArray(value)) return;
  value.forEach((name: unknown, index) => {
    if (typeof name !== "string") return;
    if (!around.destinations.includes(name)) {
      const match = didYouMean(name, around.destinations);
      const known = around.destinations.length > 0 ? around.destinations.join(", ") : "none";
      const hint = match === "" ? `destinations in this file: ${known}` : undefined;
      findings.push(error(around, [...path, index], `unknown destination "${name}"${match}`, hint));
    } else if (value.indexOf(name) < index) {
      findings.push(error(around, [...path, index], `destination "${name}" stands twice in this list`));
    }
  });
}

function checkTrigger(rule: Fields, path: YamlPath, around: RuleSurroundings, findings: Finding[]): void {
  const { when, on } = rule;
  if (when === undefined && on === undefined) {
    const hint = "add when: { readyBelow: 3 } to watch a condition, or on: [left] to hear of changes";
    findings.push(error(around, path, `rule ${nameOf(rule)}needs "when" or "on"`, hint));
  }
  if (when !== undefined && on !== undefined) {
    const span = keySpan(around.yaml, [...path, "on"]);
    const message = `rule ${nameOf(rule)}has both "when" and "on"`;
    findings.push({ severity: "error", span, message, hint: "make two rules of it" });
  }
  if (isFields(when) && Object.keys(when).length === 0) {
    findings.push(error(around, [...path, "when"], '"when" must hold at least one condition'));
  }
  if (Array.isArray(on)) {
    on.forEach((word, index) => {
      if (on.indexOf(word) < index) {
        findings.push(error(around, [...path, "on", index], `"${String(word)}" stands twice in this list`));
      }
    });
  }
}

function checkTiming(rule: Fields, path: YamlPath, around: RuleSurroundings, findings: Finding[]): void {
  const { when, on } = rule;
  if (when === undefined && on !== undefined && rule["for"] !== undefined) {
    const hint = 'use "settle" for how long a change must have stood';
    findings.push(misfit(around, path, "for", 'rules with "on"', hint));
  }
  if (on === undefined && when !== undefined) {
    const hint = 'use "for" for how long the condition must have held';
    for (const key of ["settle", "maxWait"]) {
      if (rule[key] !== undefined) findings.push(misfit(around, path, key, 'rules with "when"', hint));
    }
  }
  if (on === undefined || when !== undefined) return;
  const settleMs = milliseconds(rule["settle"] ?? around.defaults["settle"], DEFAULT_SETTLE_MS);
  const maxWaitMs = milliseconds(rule["maxWait"], undefined);
  if (settleMs !== undefined && maxWaitMs !== undefined && maxWaitMs < settleMs) {
    const message = `"maxWait" must be at least "settle" (${formatDuration(settleMs)}), not ${formatDuration(maxWaitMs)}`;
    findings.push(error(around, [...path, "maxWait"], message));
  }
  if (settleMs === 0) findings.push(settleWarning(rule, path, around));
}

/** Nobody can know at once that a Pod will be back. */
function settleWarning(rule: Fields, path: YamlPath, around: RuleSurroundings): Finding {
  const own = rule["settle"] !== undefined;
  const span = own ? valueSpan(around.yaml, [...path, "settle"]) : keySpan(around.yaml, [...path, "on"]);
  const message =
    "with settle 0s each leaving and each return is told, in a rolling restart for every member";
  return { severity: "warning", span, message };
}

function misfit(around: RuleSurroundings, path: YamlPath, key: string, rules: string, hint: string): Finding {
  const span = keySpan(around.yaml, [...path, key]);
  return { severity: "error", span, message: `"${key}" does not go with ${rules}`, hint };
}

function milliseconds(value: unknown, fallback: number | undefined): number | undefined {
  if (value === undefined) return fallback;
  const parsed = typeof value === "string" ? parseDuration(value) : undefined;
  return parsed?.ok === true ? parsed.ms : undefined;
}

function checkTemplate(
  key: "title" | "message",
  rule: Fields,
  path: YamlPath,
  around: RuleSurroundings,
  findings: Finding[],
): Template | undefined {
  const source = rule[key];
  if (typeof source !== "string") return undefined;
  const result = compileTemplate(source, rule["on"] === undefined ? "condition" : "change");
  if (result.ok) return result.template;
  for (const { span, message, hint } of result.issues) {
    const place = spanInString(around.yaml, around.text, [...path, key], span);
    findings.push({ severity: "error", span: place, message: `in "${key}": ${message}`, hint });
  }
  return undefined;
}

function nameOf(rule: Fields): string {
  return typeof rule["name"] === "string" ? `"${rule["name"].slice(0, 100)}" ` : "";
}

function error(around: RuleSurroundings, path: YamlPath, message: string, hint?: string): Finding {
  return { severity: "error", span: valueSpan(around.yaml, path), message, hint };
}
