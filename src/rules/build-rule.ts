import type { CelCondition } from "./cel-condition.ts";
import type { Condition } from "./conditions/condition.ts";
import { CONDITION_KINDS } from "./conditions/condition-kinds.ts";
import type {
  ChangeTrigger,
  ConditionTrigger,
  Guard,
  LabelValue,
  RingException,
  RingSelector,
  Rule,
  Suppressor,
} from "./rule.ts";
import type { RawDefaults, RawRule } from "./schema.ts";
import type { Template } from "./template.ts";

/** How long a member's deviation must stand when nothing else is said, in milliseconds. */
export const DEFAULT_SETTLE_MS = 10_000;

/** How many settle times a change waits at most for members that are still settling. */
const DEFAULT_MAX_WAIT_SETTLES = 10;

/** A rollout that takes longer than this is a problem of its own, so its changes are told after all. */
const DEFAULT_ROLLOUT_HOLD_MS = 60 * 60_000;

/** What of a rule has been compiled. */
export interface CompiledRule {
  readonly title: Template | undefined;
  readonly message: Template | undefined;
  readonly labels: Readonly<Record<string, LabelValue>>;
  readonly when: CelCondition | undefined;
}

/** A checked rule with defaults applied. What it needs is there: `check-rule.ts` has said so. */
export function buildRule(raw: RawRule, defaults: RawDefaults, compiled: CompiledRule): Rule {
  return {
    name: raw.name,
    source: raw.source ?? defaults.source ?? "endpointslices",
    ring: ringSelector(raw.ring),
    membership: raw.membership ?? defaults.membership ?? "present",
    severity: raw.severity ?? defaults.severity ?? "warning",
    notify: raw.notify ?? defaults.notify ?? [],
    title: compiled.title,
    message: compiled.message,
    runbook: raw.runbook,
    labels: compiled.labels,
    reasons: raw.reasons ?? defaults.reasons ?? false,
    mute: raw.mute ?? defaults.mute ?? [],
    suppressedBy: (raw.suppressedBy ?? []).map(suppressor),
    trigger: raw.on ? changeTrigger(raw, raw.on, defaults) : conditionTrigger(raw, defaults, compiled.when),
  };
}

/** The settle time that a change rule has where no reason has its own. */
export function settleOf(raw: Pick<RawRule, "settle">, defaults: RawDefaults): number {
  const { settle } = raw;
  const own = typeof settle === "object" ? settle.default : settle;
  return own ?? defaults.settle ?? DEFAULT_SETTLE_MS;
}

function changeTrigger(raw: RawRule, on: ChangeTrigger["on"], defaults: RawDefaults): ChangeTrigger {
  const settleMs = settleOf(raw, defaults);
  const { default: _default, ...settleByReason } = typeof raw.settle === "object" ? raw.settle : {};
  const longestMs = Math.max(settleMs, ...Object.values(settleByReason));
  // Without settling nothing is ever waited for.
  const maxWaitMs = longestMs === 0 ? 0 : (raw.maxWait ?? longestMs * DEFAULT_MAX_WAIT_SETTLES);
  return {
    kind: "change",
    on,
    settleMs,
    settleByReason,
    maxWaitMs,
    cooldownMs: raw.cooldown ?? defaults.cooldown ?? 0,
    reasons: raw.reason === undefined ? undefined : [raw.reason].flat(),
    rolloutHoldMs: rolloutHold(raw),
    guard: raw.guard && guard(raw.guard),
  };
}

function rolloutHold({ during }: RawRule): number | undefined {
  const rollout = during?.rollout;
  return typeof rollout === "object" ? rollout.hold : rollout && DEFAULT_ROLLOUT_HOLD_MS;
}

function guard({ minMembers, maxLost, otherwise = [] }: NonNullable<RawRule["guard"]>): Guard {
  return { minMembers, maxLost, otherwise };
}

function suppressor(raw: NonNullable<RawRule["suppressedBy"]>[number]): Suppressor {
  return typeof raw === "string" ? { rule: raw, same: "ring" } : { rule: raw.rule, same: raw.same ?? "ring" };
}

function conditionTrigger(
  raw: RawRule,
  defaults: RawDefaults,
  expression: CelCondition | undefined,
): ConditionTrigger {
  return {
    kind: "condition",
    conditions: typeof raw.when === "object" ? conditionsOf(raw.when) : [],
    expression,
    each: raw.each,
    forMs: raw.for ?? defaults.for ?? 0,
    keepFiringForMs: raw.keepFiringFor ?? defaults.keepFiringFor ?? 0,
    repeatMs: raw.repeat ?? defaults.repeat,
    cooldownMs: raw.cooldown ?? defaults.cooldown ?? 0,
    damping: raw.damping ?? defaults.damping,
  };
}

function conditionsOf(when: Exclude<RawRule["when"], string | undefined>): Condition[] {
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
    namespaceLabels: ring.namespaceLabels ?? {},
    except: ring.except === undefined ? [] : [ring.except].flat().map(exception),
  };
}

type RawException = Exclude<NonNullable<RawRule["ring"]["except"]>, readonly unknown[]>;

function exception({ namespace, service, labels }: RawException): RingException {
  return { namespaces: patterns(namespace), services: patterns(service), labels: labels ?? {} };
}

/** A pattern that is nothing but stars means all, which is the empty list. */
function patterns(value: string | readonly string[] | undefined): readonly string[] {
  const list = value === undefined ? [] : [value].flat();
  return list.some((pattern) => /^\*+$/.test(pattern)) ? [] : list;
}
