import type { Member, Ring } from "../../src/ring/ring.ts";
import type { Condition } from "../../src/rules/conditions/condition.ts";
import type { RingSelector, Rule } from "../../src/rules/rule.ts";

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

/** A condition rule on `data/cassandra`, or on what `ring` says. */
export function conditionRule(
  conditions: readonly Condition[],
  ring: Partial<RingSelector> = {},
  fields: Partial<Rule> = {},
): Rule {
  return {
    name: "test-rule",
    source: "endpointslices",
    ring: { namespaces: ["data"], services: ["cassandra"], labels: {}, ...ring },
    membership: "present",
    severity: "warning",
    notify: ["data-team"],
    title: undefined,
    message: undefined,
    runbook: undefined,
    labels: {},
    trigger: { kind: "condition", conditions, forMs: 0 },
    ...fields,
  };
}
