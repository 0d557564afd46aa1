import type { Source } from "../cluster/slice.ts";
import type { Condition } from "./conditions/condition.ts";
import type { Template } from "./template.ts";

/** PagerDuty's four, which every other destination can show: https://developer.pagerduty.com/docs/send-alert-event */
export const SEVERITIES = ["critical", "error", "warning", "info"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Who counts as being in a ring: listed and not terminating, or also serving. */
export const MEMBERSHIPS = ["present", "serving"] as const;
export type Membership = (typeof MEMBERSHIPS)[number];

/** What a change rule listens to. `changed` is joined, left, replaced or moved. */
export const CHANGE_WORDS = [
  "joined",
  "left",
  "replaced",
  "moved",
  "removed",
  "ready",
  "unready",
  "changed",
] as const;
/** One word of a change rule's `on`. */
export type ChangeWord = (typeof CHANGE_WORDS)[number];

/** Which rings a rule is about. Patterns are exact names or globs (`*`, `?`); empty `namespaces` means all. */
export interface RingSelector {
  readonly namespaces: readonly string[];
  readonly services: readonly string[];
  /** Every pair must be among the Service's labels. */
  readonly labels: Readonly<Record<string, string>>;
}

/** What the operator asked for, checked and with defaults applied. */
export interface Rule {
  readonly name: string;
  readonly source: Source;
  readonly ring: RingSelector;
  readonly membership: Membership;
  readonly severity: Severity;
  /** Names of destinations, each known, at least one. */
  readonly notify: readonly string[];
  readonly title: Template | undefined;
  readonly message: Template | undefined;
  readonly runbook: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly trigger: ConditionTrigger | ChangeTrigger;
}

/** Speaks while something is true. */
export interface ConditionTrigger {
  readonly kind: "condition";
  /** At least one; all must hold. */
  readonly conditions: readonly Condition[];
  readonly forMs: number;
}

/** Speaks once of each settled change. */
export interface ChangeTrigger {
  readonly kind: "change";
  readonly on: readonly ChangeWord[];
  readonly settleMs: number;
  readonly maxWaitMs: number;
}
