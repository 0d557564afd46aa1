import { isFields } from "./build-destinations.ts";
import type { DestinationConfig } from "./build-destinations.ts";
import { changeHabits } from "./change-habits.ts";
import { conditionHabits } from "./condition-habits.ts";
import type { Habit } from "./habit.ts";
import type { Finding } from "./problem.ts";
import { ringHabits } from "./ring-habits.ts";
import type { Rule } from "./rule.ts";
import { valueAt } from "./schema-findings.ts";
import { seemingSecrets } from "./seeming-secrets.ts";
import { keySpan, valueSpan } from "./yaml-document.ts";
import type { YamlDocument } from "./yaml-document.ts";

/**
 * Warns of what is legal and surely not meant: rules that can never speak, limits that change nothing, secrets in plain sight.
 * Only of files without an error, whose rules are known. What may be meant is not warned of: a check that cries wolf is not read.
 */
export function checkHabits(
  rules: readonly Rule[],
  destinations: ReadonlyMap<string, DestinationConfig>,
  yaml: YamlDocument,
): Finding[] {
  const byName = new Map(rules.map((rule) => [rule.name, rule]));
  const ofRules = rules.flatMap((rule, index) => {
    const path = ["rules", index];
    const raw = valueAt(yaml.value, path);
    const own = isFields(raw) ? raw : {};
    const habits = [
      ...ringHabits(rule, byName),
      ...(rule.trigger.kind === "condition"
        ? conditionHabits(rule, rule.trigger, own)
        : changeHabits(rule, rule.trigger, own, destinations)),
    ];
    return habits.map((habit) => finding(habit, path, yaml));
  });
  const root = isFields(yaml.value) ? yaml.value : {};
  const secrets = seemingSecrets(root["destinations"]);
  return [...ofRules, ...secrets.map((habit) => finding(habit, ["destinations"], yaml))];
}

/** Where the file says nothing of its own, as of what comes from `defaults`, the rule's name is underlined. */
function finding(
  { keys, message, hint }: Habit,
  path: readonly (string | number)[],
  yaml: YamlDocument,
): Finding {
  const full = [...path, ...keys];
  const isThere = valueAt(yaml.value, full) !== undefined;
  const span = isThere ? keySpan(yaml, full) : valueSpan(yaml, [...path, "name"]);
  return { severity: "warning", span, message, hint };
}
