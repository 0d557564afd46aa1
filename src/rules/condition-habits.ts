import { asksExpected } from "./conditions/asks-expected.ts";
import type { Condition } from "./conditions/condition.ts";
import { formatDuration } from "./duration.ts";
import { isGlob } from "./glob.ts";
import type { Habit } from "./habit.ts";
import type { ConditionTrigger, RingSelector, Rule } from "./rule.ts";

/** Longer than this nobody waits on purpose. */
const LONG_FOR_MS = 86_400_000;

const TWO_RULES = "all conditions of a rule must hold; to hear of one or the other, make two rules";

/** What of a rule with `when` can never hold or changes nothing. `own`: its keys as they stand in the file. */
export function conditionHabits(
  rule: Rule,
  trigger: ConditionTrigger,
  own: Readonly<Record<string, unknown>>,
): Habit[] {
  return [
    ...besideMissing(rule.ring, trigger.conditions),
    ...impliedConditions(trigger.conditions),
    ...impossibleConditions(rule, trigger),
    ...aboutNothing(trigger),
    ...timing(trigger, own),
    ...(own["reasons"] === true && !asksExpected(rule) ? [NEEDLESS_REASONS] : []),
  ];
}

const NEEDLESS_REASONS: Habit = {
  keys: ["reasons"],
  message: '"reasons" changes nothing here: this rule asks neither why members leave nor what is expected',
  hint: "without it Ringbell needs no permission to read Pods",
};

/** What cannot hold where there is no member. */
const NEEDS_MEMBERS: ReadonlySet<Condition["kind"]> = new Set([
  "notReadyAbove",
  "zoneWithoutReady",
  "nodeShareAbove",
]);

/** A Service that is missing has no members; only rules that name it exactly judge it by anything else. */
function besideMissing(ring: RingSelector, conditions: readonly Condition[]): Habit[] {
  if (!conditions.some(({ kind }) => kind === "missing")) return [];
  return conditions.flatMap((condition): Habit[] => {
    const { kind } = condition;
    if (kind === "missing") return [];
    const keys = ["when", kind];
    if (NEEDS_MEMBERS.has(kind)) {
      return [
        {
          keys,
          message: `this never holds: a missing Service has no members for "${kind}"`,
          hint: TWO_RULES,
        },
      ];
    }
    if (!namesAnyExactly(ring)) {
      const message = `this never holds: beside "missing" a rule must name its Service exactly for "${kind}"`;
      return [{ keys, message, hint: TWO_RULES }];
    }
    const isCertain = kind !== "flapping" && !isPercent(condition);
    const message = `"${kind}" changes nothing: it always holds for a missing Service`;
    return isCertain ? [{ keys, message, hint: TWO_RULES }] : [];
  });
}

function namesAnyExactly({ namespaces, services, labels, namespaceLabels }: RingSelector): boolean {
  const hasName = (patterns: readonly string[]): boolean => patterns.some((pattern) => !isGlob(pattern));
  const isBare = Object.keys(labels).length + Object.keys(namespaceLabels).length === 0;
  return isBare && hasName(namespaces) && hasName(services);
}

/** A condition that holds whenever another of the rule does. */
function impliedConditions(conditions: readonly Condition[]): Habit[] {
  if (conditions.some(({ kind }) => kind === "missing")) return [];
  const find = (kind: Condition["kind"]): Condition | undefined =>
    conditions.find((condition) => condition.kind === kind);
  const implied = (kind: Condition["kind"], by: string): Habit => ({
    keys: ["when", kind],
    message: `"${kind}" changes nothing: it always holds where ${by} does`,
    hint: TWO_RULES,
  });
  const ready = countOf(find("readyBelow"));
  const members = countOf(find("membersBelow"));
  const habits: Habit[] = [];
  if (find("noneReady")) {
    if (ready !== undefined) habits.push(implied("readyBelow", '"noneReady"'));
    if (find("zonesBelow")) habits.push(implied("zonesBelow", '"noneReady"'));
  } else if (ready !== undefined && members !== undefined && members <= ready) {
    habits.push(implied("readyBelow", `"membersBelow: ${members}"`));
  }
  return habits;
}

function isPercent(condition: Condition): boolean {
  return "threshold" in condition && condition.threshold.kind === "percent";
}

function countOf(condition: Condition | undefined): number | undefined {
  if (!condition || !("threshold" in condition) || condition.threshold.kind !== "count") return undefined;
  return condition.threshold.count;
}

/** Who serves and is not terminating is ready: with `membership: serving` nobody else counts. */
function impossibleConditions({ membership }: Rule, { conditions, each }: ConditionTrigger): Habit[] {
  return conditions.flatMap((condition): Habit[] => {
    const { kind } = condition;
    const keys = ["when", kind];
    if (kind === "nodeShareAbove" && condition.percent === 100) {
      return [{ keys, message: "this never holds: no node carries more than 100% of the members" }];
    }
    const asksUnready = kind === "notReadyAbove" || kind === "zoneWithoutReady";
    if (membership !== "serving" || !(asksUnready || (kind === "noneReady" && each !== undefined))) return [];
    const message = "this never holds: with membership: serving only ready members count";
    return [{ keys, message, hint: "leave membership out to count all who are listed" }];
  });
}

/** An expression about nothing that changes is always true or never, one that does not look at each holds for all or none. */
function aboutNothing({ expression, each }: ConditionTrigger): Habit[] {
  if (!expression) return [];
  const code = expression.source.replaceAll(/"[^"]*"|'[^']*'/g, "");
  if (!/\b(?:ring|now|member|zone)\b/.test(code)) {
    const message = `this always gives the same: it looks neither at the ring nor at the time`;
    return [{ keys: ["when"], message }];
  }
  if (each === undefined || new RegExp(`\\b${each}\\b`).test(code)) return [];
  const message = `"each" changes nothing: the expression does not look at "${each}"`;
  return [
    { keys: ["each"], message, hint: `say something of ${each}, such as ${each}.name, or leave each out` },
  ];
}

function timing(trigger: ConditionTrigger, own: Readonly<Record<string, unknown>>): Habit[] {
  const { forMs, cooldownMs, each } = trigger;
  const habits: Habit[] = [];
  if (forMs > LONG_FOR_MS) {
    const message = `nobody hears of this before it has held for ${formatDuration(forMs)} without a break`;
    habits.push({ keys: ["for"], message });
  }
  // With `each` another member may have held for long already.
  if (own["cooldown"] !== undefined && each === undefined && cooldownMs > 0 && cooldownMs <= forMs) {
    habits.push({
      keys: ["cooldown"],
      message: `"cooldown" changes nothing: an alert that has resolved takes ${formatDuration(forMs)} ("for") to fire again`,
    });
  }
  if (own["damping"] !== undefined && each === undefined) habits.push(...slowDamping(trigger));
  return habits;
}

/** Fires and resolves take turns, and each takes its time. */
function slowDamping({ damping, forMs, cooldownMs, keepFiringForMs }: ConditionTrigger): Habit[] {
  if (!damping) return [];
  const gaps = damping.changes - 1;
  // The last turn is a fire: what flaps is found out when it would be told again.
  const leastMs = Math.ceil(gaps / 2) * Math.max(forMs, cooldownMs) + Math.floor(gaps / 2) * keepFiringForMs;
  if (leastMs < damping.withinMs) return [];
  const message = `"damping" changes nothing: ${damping.changes} turns take at least ${formatDuration(leastMs)}, by "for", "keepFiringFor" and "cooldown"`;
  return [{ keys: ["damping"], message, hint: `"within" must be longer` }];
}
