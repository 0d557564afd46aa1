import type { Ring } from "../../ring/ring.ts";
import type { Rule } from "../rule.ts";
import { matchesName, matchesRing, namesExactly } from "../selector.ts";
import type { Verdict } from "./condition.ts";
import { conditionKind } from "./condition-kinds.ts";
import { ringView } from "./ring-view.ts";

/**
 * Whether all conditions of a rule hold for a ring now. Undefined means that the ring is out of scope: the rule does
 * not select it, or it is absent and the rule does not name it exactly (then only `missing` can be judged), or the
 * rule is a change rule. The fact tells what decides: all conditions when they hold, else those that do not.
 */
export function evaluate(rule: Rule, ring: Ring): Verdict | undefined {
  if (rule.trigger.kind !== "condition" || !isInScope(rule, ring)) return undefined;
  const { conditions } = rule.trigger;
  const judgesAll = ring.present || namesExactly(rule.ring, ring);
  if (!judgesAll && !conditions.every((condition) => conditionKind(condition).judgesUnnamedAbsent)) {
    return undefined;
  }
  const view = ringView(ring, rule.membership);
  const verdicts = conditions.map((condition) => conditionKind(condition).verdict(condition, view));
  const failing = verdicts.filter((verdict) => !verdict.holds);
  const telling = failing.length > 0 ? failing : verdicts;
  return { holds: failing.length === 0, fact: telling.map((verdict) => verdict.fact).join("; ") };
}

// The labels of a Service that is gone are not known after a restart, so its name has to do.
function isInScope(rule: Rule, ring: Ring): boolean {
  return ring.present ? matchesRing(rule.ring, ring) : matchesName(rule.ring, ring.namespace, ring.service);
}
