import type { Severity } from "../rules/rule.ts";

/**
 * The life of one condition rule on one ring. A row that has fired stays as `inactive`,
 * so that episodes never repeat.
 */
export interface Alert {
  readonly rule: string;
  /** `namespace/service`. */
  readonly ring: string;
  /** How often it has fired; the current episode while it is firing. */
  readonly episode: number;
  readonly phase: Phase;
}

/** Where an alert stands; times are epoch milliseconds. */
export type Phase =
  | { readonly kind: "inactive" }
  /** Holds since then, and fires at `sinceMs` + the rule's `for`. */
  | { readonly kind: "pending"; readonly sinceMs: number }
  | { readonly kind: "firing"; readonly sinceMs: number; readonly firedAtMs: number; readonly told: Told };

/** Who heard of a fire, and how: they hear of its end, whatever has become of the rule. */
export interface Told {
  readonly notify: readonly string[];
  readonly severity: Severity;
}
