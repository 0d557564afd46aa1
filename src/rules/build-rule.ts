import type { Condition } from "./conditions/condition.ts";
import { CONDITION_KINDS } from "./conditions/condition-kinds.ts";
import type { ConditionTrigger, ChangeTrigger, RingSelector, Rule } from "./rule.ts";
import type { RawDefaults, RawRule } from "./schema.ts";
import type { Template } from "./template.ts";

/** How long a member's deviation must stand when nothing else is said, in milliseconds. */
export const DEFAULT_SETTLE_MS = 10_000;

/** How many settle times a change waits at most for members that are still settling. */
const DEFAULT_MAX_WAIT_SETTLES = 10;

/** The title and message of a rule, compiled. */
export interface RuleTexts {
  readonly title: Template | undefined;
  readonly message: Template | undefined;
}

/** A checked rule with defaults applied. What it needs is there: `check-rule.ts` has said so. */
export function buildRule(raw: RawRule, defaults: RawDefaults, texts: RuleTexts): Rule {
  return {
    name: raw.name,
    source: raw.source ?? defaults.source ?? "endpointslices",
    ring: ringSelector(raw.ring),
    membership: raw.membership ?? defaults.membership ?? "present",
    severity: raw.severity ?? defaults.severity ?? "warning",
    notify: raw.notify ?? defaults.notify ?? [],
    title: texts.title,
    message: texts.message,
    runbook: raw.runbook,
    labels: { ...defaults.labels, ...raw.labels },
    trigger: raw.on ? changeTrigger(raw, raw.on, defaults) : conditionTrigger(raw, defaults),
  };
}

/** The settle time that a change rule has. */
export function settleOf(raw: Pick<RawRule, "settle">, defaults: RawDefaults): number {
  return raw.settle ?? defaults.settle ?? DEFAULT_SETTLE_MS;
}

function changeTrigger(raw: RawRule, on: ChangeTrigger["on"], defaults: RawDefaults): ChangeTrigger {
  const settleMs = settleOf(raw, defaults);
  // Without settling nothing is ever waited for.
  const maxWaitMs = settleMs === 0 ? 0 : (raw.maxWait ?? settleMs * DEFAULT_MAX_WAIT_SETTLES);
  return { kind: "change", on, settleMs, maxWaitMs };
}

function conditionTrigger(raw: RawRule, defaults: RawDefaults): ConditionTrigger {
  return { kind: "condition", conditions: conditionsOf(raw.when ?? {}), forMs: raw.for ?? defaults.for ?? 0 };
}

function conditionsOf(when: NonNullable<RawRule["when"]>): Condition[] {
  return Object.values(CONDITION_KINDS).flatMap((kind) => {
    const value: unknown = when[kind.kind];
    return value === undefined ? [] : [kind.build(value)];
  });
}

function ringSelector(ring: RawRule["ring"]): RingSelector {
  return {
    namespaces: patterns(ring.namespace),
    services: patterns(ring.service),
    labels: ring.labels ?? {},
  };
}

/** A pattern that is nothing but stars means all, which is the empty list. */
function patterns(value: string | readonly string[] | undefined): readonly string[] {
  const list = value === undefined ? [] : [value].flat();
  return list.some((pattern) => /^\*+$/.test(pattern)) ? [] : list;
}
