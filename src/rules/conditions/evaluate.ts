import type { Ring } from "../../ring/ring.ts";
import type { ConditionTrigger, Rule } from "../rule.ts";
import { matchesName, matchesRing, namesExactly } from "../selector.ts";
import type { Verdict } from "./condition.ts";
import { conditionKind } from "./condition-kinds.ts";
import { ringView } from "./ring-view.ts";

/** `evaluate` for a ring that the rule is known to select: the judgement alone. */
export function judge(rule: Rule & { readonly trigger: ConditionTrigger }, ring: Ring): Verdict | undefined {
  const { conditions } = rule.trigger;
  const judgesAll = ring.present || namesExactly(rule.ring, ring);
  if (!judgesAll && !conditions.every((condition) => conditionKind(condition).judgesUnnamedAbsent)) {
    return undefined;
  }
  const view = ringView(ring, rule.membership);
  const holds = conditions.every((condition) => conditionKind(condition).holds(condition, view));
  return {
    holds,
    // Most judgements change nothing, and nobody reads why.
    get fact() {
      const telling = conditions.filter(
        (condition) => conditionKind(condition).holds(condition, view) === holds,
      );
      return telling.map((condition) => conditionKind(condition).fact(condition, view)).join("; ");
    },
  };
}

/**
 * Whether all conditions of a rule hold for a ring now. Undefined means that the ring is out of scope: the rule does
 * not select it, or it is absent and the rule does not name it exactly (then only `missing` can be judged), or the
 * rule is a change rule. The fact tells what decides: all conditions when they hold, else those that do not.
 */
export function evaluate(rule: Rule, ring: Ring): Verdict | undefined {
  const { trigger } = rule;
  return trigger.kind === "condition" && isInScope(rule, ring)
    ? judge({ ...rule, trigger }, ring)
    : undefined;
}

// The labels of a Service that is gone are not known after a restart, so its name has to do.
function isInScope(rule: Rule, ring: Ring): boolean {
  return ring.present ? matchesRing(rule.ring, ring) : matchesName(rule.ring, ring.namespace, ring.service);
}
