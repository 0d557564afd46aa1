import { conditionKind } from "./conditions/condition-kinds.ts";
import { formatDuration } from "./duration.ts";
import { isGlob } from "./glob.ts";
import type { Rule } from "./rule.ts";

/** Which rings a rule is about, for people: `data/cassandra`, or `{a,b}/x with tier=storage (endpoints)`. */
export function describeRings({ ring, source }: Pick<Rule, "ring" | "source">): string {
  const names = `${alternatives(ring.namespaces)}/${alternatives(ring.services)}`;
  const labels = Object.entries(ring.labels).map(([key, value]) => `${key}=${value}`);
  const narrowed = labels.length > 0 ? ` with ${labels.join(", ")}` : "";
  return `${names}${narrowed}${source === "endpoints" ? " (endpoints)" : ""}`;
}

/** When a rule speaks, for people: `fewer than 3 ready, for 30s` or `left or replaced, settled 10s, at most 1m40s`. */
export function describeTrigger(rule: Pick<Rule, "ring" | "trigger">): string {
  const { trigger } = rule;
  if (trigger.kind === "change") {
    const words = trigger.on.join(" or ");
    if (trigger.settleMs === 0) return `${words}, at once`;
    return `${words}, settled ${formatDuration(trigger.settleMs)}, at most ${formatDuration(trigger.maxWaitMs)}`;
  }
  const conditions = trigger.conditions.map((condition) => {
    const note = condition.kind === "missing" && !namesServices(rule) ? " (once seen)" : "";
    return conditionKind(condition).describe(condition) + note;
  });
  const timing = trigger.forMs === 0 ? "at once" : `for ${formatDuration(trigger.forMs)}`;
  return `${conditions.join(" and ")}, ${timing}`;
}

/** Only a Service that is named exactly is known to be missing before it has ever been there. */
function namesServices({ ring }: Pick<Rule, "ring">): boolean {
  const lists = [ring.namespaces, ring.services];
  const exact = lists.every((list) => list.length > 0 && list.every((pattern) => !isGlob(pattern)));
  return exact && Object.keys(ring.labels).length === 0;
}

function alternatives(patterns: readonly string[]): string {
  const [only] = patterns;
  if (only === undefined) return "*";
  return patterns.length === 1 ? only : `{${patterns.join(",")}}`;
}
