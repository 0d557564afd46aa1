import type { Member, Ring } from "../../src/ring/ring.ts";
import type { Condition, Threshold } from "../../src/rules/conditions/condition.ts";
import type { ChangeTrigger, ConditionTrigger, RingSelector, Rule } from "../../src/rules/rule.ts";

/** A member for tests of rules; ready unless said otherwise. */
export function ruleMember(name: string, fields: Partial<Member> = {}): Member {
  return {
    key: `data/${name}`,
    name,
    uid: `uid-${name}`,
    addresses: ["10.0.0.1"],
    zone: undefined,
    node: undefined,
    ready: true,
    serving: true,
    terminating: false,
    ...fields,
  };
}

/** `data/cassandra` with these members. */
export function ruleRing(members: readonly Member[], fields: Partial<Ring> = {}): Ring {
  return {
    key: "data/cassandra",
    source: "endpointslices",
    namespace: "data",
    service: "cassandra",
    present: true,
    labels: {},
    members,
    truncated: false,
    ...fields,
  };
}

/** So many members. */
export function count(members: number): Threshold {
  return { kind: "count", count: members };
}

/** So much of the expected size. */
export function percent(share: number): Threshold {
  return { kind: "percent", percent: share };
}

/** What a condition rule asks when it asks for nothing but its conditions. */
export function conditionTrigger(fields: Partial<ConditionTrigger> = {}): ConditionTrigger {
  return {
    kind: "condition",
    conditions: [],
    expression: undefined,
    each: undefined,
    forMs: 0,
    keepFiringForMs: 0,
    repeatMs: undefined,
    cooldownMs: 0,
    damping: undefined,
    ...fields,
  };
}

/** What a change rule on `left` asks, settled after 10 s. */
export function changeTrigger(fields: Partial<ChangeTrigger> = {}): ChangeTrigger {
  return {
    kind: "change",
    on: ["left"],
    settleMs: 10_000,
    settleByReason: {},
    maxWaitMs: 100_000,
    cooldownMs: 0,
    reasons: undefined,
    rolloutHoldMs: undefined,
    guard: undefined,
    ...fields,
  };
}

/** A condition rule on `data/cassandra`, or on what `ring` says. */
export function conditionRule(
  conditions: readonly Condition[],
  ring: Partial<RingSelector> = {},
  fields: Partial<Rule> = {},
): Rule {
  return {
    name: "test-rule",
    source: "endpointslices",
    ring: {
      namespaces: ["data"],
      services: ["cassandra"],
      labels: {},
      namespaceLabels: {},
      except: [],
      ...ring,
    },
    membership: "present",
    severity: "warning",
    notify: ["data-team"],
    title: undefined,
    message: undefined,
    runbook: undefined,
    labels: {},
    reasons: false,
    mute: [],
    suppressedBy: [],
    trigger: conditionTrigger({ conditions }),
    ...fields,
  };
}
