import type { Source } from "../cluster/slice.ts";
import type { LeaveReason } from "../ring/leave-reason.ts";
import type { CelCondition } from "./cel-condition.ts";
import type { Condition, Threshold } from "./conditions/condition.ts";
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
  /** Every pair must be among the labels of the ring's namespace. */
  readonly namespaceLabels: Readonly<Record<string, string>>;
  /** A ring that matches one of them is left out. */
  readonly except: readonly RingException[];
}

/** Rings that a selector leaves out; what is empty excepts nothing by itself, and all three together must match. */
export interface RingException {
  readonly namespaces: readonly string[];
  readonly services: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** A label of a rule: plain, or with holes. */
export type LabelValue = string | Template;

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
  readonly labels: Readonly<Record<string, LabelValue>>;
  /** Pods and workloads behind the rings are watched too: reasons and desired replicas are known. */
  readonly reasons: boolean;
  /** Names of mute windows during which it does not speak. */
  readonly mute: readonly string[];
  /** Rules that speak for it. */
  readonly suppressedBy: readonly Suppressor[];
  readonly trigger: ConditionTrigger | ChangeTrigger;
}

/** While `rule` fires for the same ring, zone or node, the rule that names it does not speak. */
export interface Suppressor {
  readonly rule: string;
  readonly same: "ring" | "zone" | "node";
}

/** What a condition rule may be judged for one by one. */
export const EACH = ["member", "zone"] as const;
/** One of them. */
export type Each = (typeof EACH)[number];

/** So many changes within so long are too many. */
export interface Flapping {
  readonly changes: number;
  readonly withinMs: number;
}

/** Speaks while something is true. */
export interface ConditionTrigger {
  readonly kind: "condition";
  /** Shorthands, all of which must hold; empty where there is an expression. */
  readonly conditions: readonly Condition[];
  readonly expression: CelCondition | undefined;
  readonly each: Each | undefined;
  readonly forMs: number;
  /** It must not have held for so long before the alert resolves. */
  readonly keepFiringForMs: number;
  /** A firing alert is told again after so long; undefined for never. */
  readonly repeatMs: number | undefined;
  /** At least so long between a resolve and the next fire. */
  readonly cooldownMs: number;
  /** An alert that fires and resolves so often is told once, as flapping. */
  readonly damping: Flapping | undefined;
}

/** Speaks once of each settled change. */
export interface ChangeTrigger {
  readonly kind: "change";
  readonly on: readonly ChangeWord[];
  readonly settleMs: number;
  /** For members that left for a reason, where it differs from `settleMs`. */
  readonly settleByReason: Readonly<Partial<Record<LeaveReason, number>>>;
  readonly maxWaitMs: number;
  /** At least so long between two reports. */
  readonly cooldownMs: number;
  /** Only a leaving for one of these reasons is told; undefined for any. */
  readonly reasons: readonly LeaveReason[] | undefined;
  /** During a rollout nothing is told for at most so long; undefined for as usual. */
  readonly rolloutHoldMs: number | undefined;
  readonly guard: Guard | undefined;
}

/** A change beyond these limits goes to others than usual: it must not start what the usual ones start. */
export interface Guard {
  /** The ring must have at least so many members after the change. */
  readonly minMembers: number | undefined;
  /** No more than this may have left; percent are of the members before. */
  readonly maxLost: Threshold | undefined;
  /** Whom to tell instead; may be empty. */
  readonly otherwise: readonly string[];
}
