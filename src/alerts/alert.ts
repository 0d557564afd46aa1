import type { Severity } from "../rules/rule.ts";
import type { ExpectedSize } from "./expected-size.ts";
import type { FlapHistory } from "./flap-history.ts";

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
  /** When it last resolved, for `cooldown`. */
  readonly resolvedAtMs?: number | undefined;
  /** When it last fired and resolved, latest last, as far as `damping` asks. */
  readonly turnsMs?: readonly number[] | undefined;
  /** For thresholds in percent. */
  readonly expected?: ExpectedSize | undefined;
  /** For `flapping`. */
  readonly flaps?: FlapHistory | undefined;
}

/** Since when it holds for each member (by its key) or zone of a rule with `each`. */
export type ItemHolds = Readonly<Record<string, number>>;

/** Where an alert stands; times are epoch milliseconds. */
export type Phase =
  | { readonly kind: "inactive" }
  /** Holds since then, and fires at `sinceMs` + the rule's `for`. */
  | { readonly kind: "pending"; readonly sinceMs: number; readonly items?: ItemHolds | undefined }
  | FiringPhase;

/** It has fired and not resolved. */
export interface FiringPhase {
  readonly kind: "firing";
  readonly sinceMs: number;
  readonly firedAtMs: number;
  readonly told: Told;
  readonly items?: ItemHolds | undefined;
  /** Who is to hear of it when their quiet time ends. */
  readonly unheard?: readonly string[] | undefined;
  /** When it was last told; absent means when it fired. */
  readonly toldAtMs?: number | undefined;
  /** How bad it was when it was last told. */
  readonly badness?: readonly number[] | undefined;
  /** Worse than was told since then. */
  readonly worseSinceMs?: number | undefined;
  /** Does not hold since then, and resolves at that + the rule's `keepFiringFor`. */
  readonly keepingSinceMs?: number | undefined;
  /** It flaps: neither its ends nor its beginnings are told. */
  readonly flapping?: Flaps | undefined;
}

/** How an alert that flaps stands. */
export interface Flaps {
  readonly holds: boolean;
  /** It is otherwise since then, and counts as turned when that has stood as long as a fire or a resolve takes. */
  readonly turningSinceMs?: number | undefined;
}

/** Who heard of a fire, and how: they hear of its end, whatever has become of the rule. */
export interface Told {
  readonly notify: readonly string[];
  readonly severity: Severity;
}
