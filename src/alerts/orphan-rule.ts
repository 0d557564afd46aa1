import type { ChangeRule } from "./change-subject.ts";
import type { JudgedRule } from "../rules/conditions/evaluate.ts";

const NOTHING = {
  source: "endpointslices",
  ring: { namespaces: [], services: [], labels: {}, namespaceLabels: {}, except: [] },
  membership: "present",
  severity: "info",
  notify: [],
  title: undefined,
  message: undefined,
  runbook: undefined,
  labels: {},
  reasons: false,
  mute: [],
  suppressedBy: [],
} as const;

/** Stands in for the rule of a stored alert that is no longer in the rules file: it can only end what was told. */
export function orphanConditionRule(name: string): JudgedRule {
  const trigger = {
    kind: "condition",
    conditions: [],
    expression: undefined,
    each: undefined,
    forMs: 0,
    keepFiringForMs: 0,
    repeatMs: undefined,
    cooldownMs: 0,
    damping: undefined,
  } as const;
  return { ...NOTHING, name, trigger };
}

/** The same for a stored baseline. */
export function orphanChangeRule(name: string): ChangeRule {
  const trigger = {
    kind: "change",
    on: [],
    settleMs: 0,
    settleByReason: {},
    maxWaitMs: 0,
    cooldownMs: 0,
    reasons: undefined,
    rolloutHoldMs: undefined,
    guard: undefined,
  } as const;
  return { ...NOTHING, name, trigger };
}
