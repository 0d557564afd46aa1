import type { ChangeRule } from "./change-subject.ts";
import type { ConditionRule } from "./condition-subject.ts";

const NOTHING = {
  source: "endpointslices",
  ring: { namespaces: [], services: [], labels: {} },
  membership: "present",
  severity: "info",
  notify: [],
  title: undefined,
  message: undefined,
  runbook: undefined,
  labels: {},
} as const;

/** Stands in for the rule of a stored alert that is no longer in the rules file: it can only end what was told. */
export function orphanConditionRule(name: string): ConditionRule {
  return { ...NOTHING, name, trigger: { kind: "condition", conditions: [], forMs: 0 } };
}

/** The same for a stored baseline. */
export function orphanChangeRule(name: string): ChangeRule {
  return { ...NOTHING, name, trigger: { kind: "change", on: [], settleMs: 0, maxWaitMs: 0 } };
}
