import { groupRule } from "../alerts/group-notice.ts";
import { SELF_RULES } from "../alerts/self-alerts.ts";
import type { RulesFile } from "../rules/load-rules.ts";

/** By this the names begin that stand for a rule in notices of groups. */
const GROUP_RULE = groupRule("");

/** True for a name by which a notice may be expected: of a rule of these files, of Ringbell's own, or of a group of alerts. */
export function isRuleName(name: string, files: readonly RulesFile[]): boolean {
  return name.startsWith(GROUP_RULE) || ruleNames(files).includes(name);
}

/** Names by which notices may be expected: the rules of these files, and Ringbell's own. */
export function ruleNames(files: readonly RulesFile[]): string[] {
  const names = files.flatMap(({ rules }) => rules.map(({ name }) => name));
  return [...new Set([...names, ...Object.values(SELF_RULES)])];
}

/**
 * Who is told where an expectation does not say it: all that its rule notifies, or the only destination that there is.
 * Undefined when that cannot be known. Of several files, over which a test goes, the first that has the rule counts.
 */
export function toldDestinations(
  rule: string | undefined,
  files: readonly RulesFile[] | undefined,
): readonly string[] | undefined {
  const file = files?.find(({ rules }) => rules.some(({ name }) => name === rule)) ?? files?.[0];
  if (!file) return undefined;
  if (Object.values<string | undefined>(SELF_RULES).includes(rule)) return file.selfNotify;
  const notify = file.rules.find(({ name }) => name === rule)?.notify;
  const all = [...file.destinations.keys()];
  return notify ?? (all.length === 1 ? all : undefined);
}
