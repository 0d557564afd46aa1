import { isFields } from "./build-destinations.ts";
import { DEFAULT_SETTLE_MS } from "./build-rule.ts";
import type { CompiledRule } from "./build-rule.ts";
import { compileCondition } from "./cel-condition.ts";
import type { CelCondition } from "./cel-condition.ts";
import type { CelIssue } from "./cel-error.ts";
import { CONDITION_KINDS } from "./conditions/condition-kinds.ts";
import { formatDuration, parseDuration } from "./duration.ts";
import { didYouMean } from "./nearest.ts";
import type { Finding } from "./problem.ts";
import { EACH } from "./rule.ts";
import type { Each, LabelValue } from "./rule.ts";
import { compileTemplate } from "./template.ts";
import { compileLabel } from "./template-labels.ts";
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
): CompiledRule {
  checkTrigger(rule, path, around, findings);
  checkEach(rule, path, around, findings);
  checkTiming(rule, path, around, findings);
  if (rule["notify"] !== undefined) checkNotify(rule["notify"], [...path, "notify"], around, findings);
  else if (around.defaults["notify"] === undefined) {
    const hint = "add notify: [a destination], here or below defaults";
    findings.push(error(around, path, `rule ${nameOf(rule)}has nobody to tell: missing key "notify"`, hint));
  }
  const { guard } = rule;
  if (isFields(guard)) checkNotify(guard["otherwise"], [...path, "guard", "otherwise"], around, findings);
  return {
    title: checkTemplate("title", rule, path, around, findings),
    message: checkTemplate("message", rule, path, around, findings),
    labels: checkLabels(rule, path, around, findings),
    when: checkExpression(rule, path, around, findings),
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

const FOR_CONDITIONS = ["for", "keepFiringFor", "repeat", "damping"];
const FOR_CHANGES = ["settle", "maxWait", "reason", "during", "guard"];

function checkTiming(rule: Fields, path: YamlPath, around: RuleSurroundings, findings: Finding[]): void {
  const { when, on } = rule;
  if (when === undefined && on !== undefined) {
    for (const key of FOR_CONDITIONS) {
      const hint = key === "for" ? 'use "settle" for how long a change must have stood' : undefined;
      if (rule[key] !== undefined) findings.push(misfit(around, path, key, 'rules with "on"', hint));
    }
  }
  if (on === undefined && when !== undefined) {
    for (const key of FOR_CHANGES) {
      const isTime = key === "settle" || key === "maxWait";
      const hint = isTime ? 'use "for" for how long the condition must have held' : undefined;
      if (rule[key] !== undefined) findings.push(misfit(around, path, key, 'rules with "when"', hint));
    }
  }
  if (on === undefined || when !== undefined) return;
  const { settle } = rule;
  const settleMs = milliseconds(
    (isFields(settle) ? settle["default"] : settle) ?? around.defaults["settle"],
    DEFAULT_SETTLE_MS,
  );
  const maxWaitMs = milliseconds(rule["maxWait"], undefined);
  if (settleMs !== undefined && maxWaitMs !== undefined && maxWaitMs < settleMs) {
    const message = `"maxWait" must be at least "settle" (${formatDuration(settleMs)}), not ${formatDuration(maxWaitMs)}`;
    findings.push(error(around, [...path, "maxWait"], message));
  }
  if (settleMs === 0) findings.push(settleWarning(rule, path, around));
  checkReasons(rule, path, around, findings);
}

/** What is said of reasons needs them. */
function checkReasons(rule: Fields, path: YamlPath, around: RuleSurroundings, findings: Finding[]): void {
  if ((rule["reasons"] ?? around.defaults["reasons"]) === true) return;
  const { settle } = rule;
  const byReason = isFields(settle) && Object.keys(settle).some((key) => key !== "default");
  const keys = ["reason", "during", ...(byReason ? ["settle"] : [])].filter((key) => rule[key] !== undefined);
  for (const key of keys) {
    const span = keySpan(around.yaml, [...path, key]);
    const message = `"${key}" needs to know why members leave`;
    const hint = "add reasons: true to the rule; ringbell rbac shows the permissions it needs";
    findings.push({ severity: "error", span, message, hint });
  }
}

/** Nobody can know at once that a Pod will be back. */
function settleWarning(rule: Fields, path: YamlPath, around: RuleSurroundings): Finding {
  const own = rule["settle"] !== undefined;
  const span = own ? valueSpan(around.yaml, [...path, "settle"]) : keySpan(around.yaml, [...path, "on"]);
  const message =
    "with settle 0s each leaving and each return is told, in a rolling restart for every member";
  return { severity: "warning", span, message };
}

function misfit(
  around: RuleSurroundings,
  path: YamlPath,
  key: string,
  rules: string,
  hint: string | undefined,
): Finding {
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
  addIssues(result.issues, key, [...path, key], around, findings);
  return undefined;
}

function addIssues(
  issues: readonly CelIssue[],
  key: string,
  path: YamlPath,
  around: RuleSurroundings,
  findings: Finding[],
): void {
  for (const { span, message, hint } of issues) {
    const place = spanInString(around.yaml, around.text, path, span);
    findings.push({ severity: "error", span: place, message: `in "${key}": ${message}`, hint });
  }
}

/** The rule's own labels and those it takes from `defaults`, whose holes are checked for each kind of rule that takes them. */
function checkLabels(
  rule: Fields,
  path: YamlPath,
  around: RuleSurroundings,
  findings: Finding[],
): Readonly<Record<string, LabelValue>> {
  const own = isFields(rule["labels"]) ? rule["labels"] : {};
  const others = isFields(around.defaults["labels"]) ? around.defaults["labels"] : {};
  const labels: Record<string, LabelValue> = {};
  for (const [name, source] of Object.entries({ ...others, ...own })) {
    if (typeof source !== "string") continue;
    const result = compileLabel(source, rule["on"] === undefined ? "condition" : "change");
    if (result.ok) labels[name] = result.value;
    else {
      const base = Object.hasOwn(own, name) ? [...path, "labels", name] : ["defaults", "labels", name];
      const known = findings.length;
      addIssues(result.issues, `labels.${name}`, base, around, findings);
      dropRepeated(findings, known);
    }
  }
  return labels;
}

/** What is wrong with a default is told once, however many rules take it. */
function dropRepeated(findings: Finding[], from: number): void {
  const fresh = findings.splice(from);
  const isKnown = ({ span, message }: Finding): boolean =>
    findings.some((known) => known.span.start === span.start && known.message === message);
  findings.push(...fresh.filter((finding) => !isKnown(finding)));
}

function checkExpression(
  rule: Fields,
  path: YamlPath,
  around: RuleSurroundings,
  findings: Finding[],
): CelCondition | undefined {
  const { when } = rule;
  if (typeof when !== "string" || when === "") return undefined;
  const result = compileCondition(when, eachOf(rule));
  if (result.ok) return result.condition;
  addIssues(result.issues, "when", [...path, "when"], around, findings);
  return undefined;
}

function eachOf({ each }: Fields): Each | undefined {
  return EACH.find((word) => word === each);
}

/** Not every shorthand can be asked of a single member or zone. */
function checkEach(rule: Fields, path: YamlPath, around: RuleSurroundings, findings: Finding[]): void {
  const each = eachOf(rule);
  if (rule["each"] !== undefined && rule["on"] !== undefined) {
    const hint = "a change lists its members anyway";
    findings.push(misfit(around, path, "each", 'rules with "on"', hint));
  }
  if (!each || !isFields(rule["when"])) return;
  for (const [key, value] of Object.entries(rule["when"])) {
    const kind = Object.values(CONDITION_KINDS).find((known) => known.kind === key);
    if (!kind) continue;
    if (!kind.each.includes(each)) {
      const fit = Object.values(CONDITION_KINDS).filter((other) => other.each.includes(each));
      const hint = `with each: ${each} go ${fit.map((other) => other.kind).join(", ")}, or an expression`;
      findings.push(misfit(around, [...path, "when"], key, `each: ${each}`, hint));
    } else if (typeof value === "string" && key !== "nodeShareAbove") {
      const message = `"${key}" must be a number beside each: ${each}`;
      const hint = "percent are of the whole ring's expected size";
      findings.push(error(around, [...path, "when", key], message, hint));
    }
  }
}

function nameOf(rule: Fields): string {
  return typeof rule["name"] === "string" ? `"${rule["name"].slice(0, 100)}" ` : "";
}

function error(around: RuleSurroundings, path: YamlPath, message: string, hint?: string): Finding {
  return { severity: "error", span: valueSpan(around.yaml, path), message, hint };
}
