/** Where one rule stands on one ring, for people; times are epoch milliseconds. */
export interface Standing {
  readonly rule: string;
  /** `namespace/service`. */
  readonly ring: string;
  readonly kind: "condition" | "change";
  readonly phase:
    | "inactive"
    | "pending"
    | "firing"
    /** Does not hold any more, and still fires for `keepFiringFor`. */
    | "keeping"
    | "flapping"
    /** Nothing deviates from what was last told. */
    | "settled"
    | "settling"
    /** What is known of the ring may be stale, so nothing is decided. */
    | "blind";
  readonly sinceMs?: number;
  /** What decides: `2 of 5 ready, wanted at least 3`, or `cassandra-2 is away`. */
  readonly fact: string;
  /** What time alone will bring, if nothing else changes. */
  readonly next?: {
    readonly atMs: number;
    readonly what: "fire" | "update" | "resolve" | "report";
  };
  readonly notify: readonly string[];
  /** Why nobody is told now. */
  readonly hushed?: string;
  /** Who else of `notify` is not told now, where others are. */
  readonly quiet?: readonly { readonly destination: string; readonly why: string }[];
}
