import { conditionKind } from "./conditions/condition-kinds.ts";
import { thresholdWords } from "./conditions/threshold.ts";
import { formatDuration } from "./duration.ts";
import { isGlob } from "./glob.ts";
import type { ChangeTrigger, ConditionTrigger, Guard, Rule } from "./rule.ts";

/** Which rings a rule is about, for people: `data/cassandra`, or `{a,b}/x with tier=storage (endpoints)`. */
export function describeRings({ ring, source }: Pick<Rule, "ring" | "source">): string {
  const names = `${alternatives(ring.namespaces)}/${alternatives(ring.services)}`;
  const labels = [
    ...Object.entries(ring.labels).map(([key, value]) => `${key}=${value}`),
    ...Object.entries(ring.namespaceLabels).map(([key, value]) => `namespace ${key}=${value}`),
  ];
  const narrowed = labels.length > 0 ? ` with ${labels.join(", ")}` : "";
  const excepted = ring.except.map(({ namespaces, services, labels: own }) => {
    const pairs = Object.entries(own).map(([key, value]) => `${key}=${value}`);
    const place = `${alternatives(namespaces)}/${alternatives(services)}`;
    return place === "*/*" && pairs.length > 0 ? pairs.join(" and ") : [place, ...pairs].join(" with ");
  });
  const without = excepted.length > 0 ? ` except ${excepted.join(", ")}` : "";
  return `${names}${narrowed}${without}${source === "endpoints" ? " (endpoints)" : ""}`;
}

type Described = Pick<Rule, "ring" | "trigger" | "reasons" | "mute" | "suppressedBy">;

/** When a rule speaks, for people: `fewer than 3 ready, for 30s` or `left or replaced, settled 10s, at most 1m40s`. */
export function describeTrigger(rule: Described): string {
  const { trigger, mute, suppressedBy } = rule;
  const words = [trigger.kind === "change" ? describeChange(trigger) : describeCondition(rule, trigger)];
  if (trigger.cooldownMs > 0) words.push(`at least ${formatDuration(trigger.cooldownMs)} apart`);
  if (mute.length > 0) words.push(`not in ${mute.join(" or ")}`);
  for (const { rule: name, same } of suppressedBy) {
    words.push(`not while ${name} fires${same === "ring" ? "" : ` for its ${same}s`}`);
  }
  return words.join(", ");
}

function describeChange(trigger: ChangeTrigger): string {
  const words = [trigger.on.join(" or ")];
  if (trigger.reasons) words.push(`because of ${trigger.reasons.join(" or ")}`);
  const said = words.join(" ");
  const byReason = Object.entries(trigger.settleByReason).map(
    ([reason, ms]) => `${formatDuration(ms)} for ${reason}`,
  );
  const settled = [formatDuration(trigger.settleMs), ...byReason].join(", ");
  const isAtOnce = trigger.settleMs === 0 && byReason.length === 0;
  const waits = isAtOnce
    ? ["at once"]
    : [`settled ${settled}`, `at most ${formatDuration(trigger.maxWaitMs)}`];
  if (trigger.rolloutHoldMs !== undefined)
    waits.push(`in a rollout held for at most ${formatDuration(trigger.rolloutHoldMs)}`);
  if (trigger.guard) waits.push(describeGuard(trigger.guard));
  return [said, ...waits].join(", ");
}

/** `to on-call if fewer than 3 are left or more than 50% are lost`. */
function describeGuard({ minMembers, maxLost, otherwise }: Guard): string {
  const limits = [
    ...(minMembers === undefined ? [] : [`fewer than ${minMembers} are left`]),
    ...(maxLost === undefined ? [] : [`more than ${thresholdWords(maxLost)} are lost`]),
  ];
  return `to ${otherwise.length > 0 ? otherwise.join(", ") : "nobody"} if ${limits.join(" or ")}`;
}

function describeCondition(
  rule: Pick<Rule, "ring" | "reasons">,
  { conditions, expression, each, forMs, keepFiringForMs, repeatMs, damping }: ConditionTrigger,
): string {
  const said = conditions.map((condition) => {
    const note = condition.kind === "missing" && !namesServices(rule) ? " (once seen)" : "";
    const size =
      "threshold" in condition && condition.threshold.kind === "percent" ? ` ${sizeWords(rule)}` : "";
    return conditionKind(condition).describe(condition) + size + note;
  });
  if (expression) said.push(expression.source.trim().replaceAll(/\s+/g, " "));
  const words = [said.join(" and ") + (each ? ` for a ${each}` : "")];
  words.push(forMs === 0 ? "at once" : `for ${formatDuration(forMs)}`);
  if (keepFiringForMs > 0) words.push(`until over for ${formatDuration(keepFiringForMs)}`);
  if (repeatMs !== undefined) words.push(`again every ${formatDuration(repeatMs)}`);
  if (damping) words.push(`damped at ${damping.changes} turns within ${formatDuration(damping.withinMs)}`);
  return words.join(", ");
}

/** What percent are of. */
function sizeWords({ reasons }: Pick<Rule, "reasons">): string {
  return reasons ? "of the desired replicas" : "of the largest size of the last day";
}

/** Only a Service that is named exactly is known to be missing before it has ever been there. */
function namesServices({ ring }: Pick<Rule, "ring">): boolean {
  const lists = [ring.namespaces, ring.services];
  const exact = lists.every((list) => list.length > 0 && list.every((pattern) => !isGlob(pattern)));
  return exact && Object.keys(ring.labels).length + Object.keys(ring.namespaceLabels).length === 0;
}

function alternatives(patterns: readonly string[]): string {
  const [only] = patterns;
  if (only === undefined) return "*";
  return patterns.length === 1 ? only : `{${patterns.join(",")}}`;
}
