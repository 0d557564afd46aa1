import type { Ring } from "../../ring/ring.ts";
import { type ConditionContext, conditionContext, conditionItems } from "../cel-context.ts";
import type { CelCondition } from "../cel-condition.ts";
import type { ConditionTrigger, Each, Rule } from "../rule.ts";
import { matchesName, matchesRing, namesExactly } from "../selector.ts";
import type { Condition, Judgement, ItemJudgement, RingView, Verdict } from "./condition.ts";
import { conditionKind } from "./condition-kinds.ts";
import { type Circumstances, itemViews, ringView } from "./ring-view.ts";

/** A rule with `when`. */
export type JudgedRule = Rule & { readonly trigger: ConditionTrigger };

/** Most people look at three; the rest is counted. */
const ITEMS_IN_FACT = 5;

/**
 * What a rule finds of a ring that it is known to select. Undefined means that the ring is out of scope: it is absent and the
 * rule does not name it exactly (then only `missing` can be judged). The fact tells what decides: all conditions when they
 * hold, else those that do not. Throws when an expression cannot be evaluated on this ring.
 */
export function judge(rule: JudgedRule, ring: Ring, around: Circumstances): Verdict | undefined {
  const { conditions, expression, each } = rule.trigger;
  if (!ring.present && !namesExactly(rule.ring, ring)) {
    const judgesAbsent = conditions.every((condition) => conditionKind(condition).judgesUnnamedAbsent);
    if (expression || !judgesAbsent) return undefined;
  }
  if (each !== undefined) return judgeEach(rule, ring, each, around);
  const view = ringView(ring, rule.membership, around);
  if (!expression) return judgeConditions(conditions, view);
  return judgeExpression(expression, view, conditionContext(rule, ring, around));
}

function judgeConditions(conditions: readonly Condition[], view: RingView): Judgement {
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
    get badness() {
      return conditions.flatMap((condition) => conditionKind(condition).badness?.(condition, view) ?? []);
    },
  };
}

function judgeExpression(expression: CelCondition, view: RingView, context: ConditionContext): Judgement {
  const holds = expression.holds(context);
  return {
    holds,
    get fact() {
      return `${view.ready} of ${view.total} ready: ${oneLine(expression.source)} is ${holds ? "true" : "false"}`;
    },
    badness: [],
  };
}

function judgeEach(rule: JudgedRule, ring: Ring, each: Each, around: Circumstances): Verdict {
  const { conditions, expression } = rule.trigger;
  const contexts = expression && conditionItems(conditionContext(rule, ring, around), each);
  const items = itemViews(ring, rule.membership, each, around).map(({ item, name, view }): ItemJudgement => {
    const context = contexts?.get(item);
    const judged =
      expression && context ? judgeExpression(expression, view, context) : judgeConditions(conditions, view);
    return {
      item,
      name,
      holds: judged.holds,
      get fact() {
        return judged.fact;
      },
      get badness() {
        return judged.badness;
      },
    };
  });
  const holding = items.filter((item) => item.holds);
  return {
    holds: holding.length > 0,
    items: holding,
    get fact() {
      if (holding.length > 0) return itemFacts(holding);
      return items.length === 0 ? `no ${each}s` : `none of ${items.length} ${each}s`;
    },
    badness: [holding.length],
  };
}

/** What holds for which members or zones: `zone-a: 0 of 2 ready; zone-b: …; and 3 more`. */
export function itemFacts(items: readonly ItemJudgement[]): string {
  const told = items.slice(0, ITEMS_IN_FACT).map(({ name, fact }) => `${name}: ${fact}`);
  const more = items.length - told.length;
  return [...told, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}

function oneLine(source: string): string {
  const line = source.trim().replaceAll(/\s+/g, " ");
  return line.length > 200 ? `${line.slice(0, 199)}…` : line;
}

const NOTHING_KNOWN: Circumstances = { expected: undefined, changes: () => 0, nowMs: 0 };

/** `judge` for any rule and ring, by the ring alone: undefined also where the rule does not select the ring, or has no `when`. */
export function evaluate(rule: Rule, ring: Ring): Verdict | undefined {
  const { trigger } = rule;
  return trigger.kind === "condition" && isInScope(rule, ring)
    ? judge({ ...rule, trigger }, ring, NOTHING_KNOWN)
    : undefined;
}

// The labels of a Service that is gone are not known after a restart, so its name has to do.
function isInScope(rule: Rule, ring: Ring): boolean {
  return ring.present
    ? matchesRing(rule.ring, ring, () => undefined)
    : matchesName(rule.ring, ring.namespace, ring.service);
}
