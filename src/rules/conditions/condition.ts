import type { Ring } from "../../ring/ring.ts";

/** One shorthand of `when:` with its threshold. The file of the same name under `conditions/` gives it its meaning. */
export type Condition =
  | { readonly kind: "readyBelow"; readonly count: number }
  | { readonly kind: "membersBelow"; readonly count: number }
  | { readonly kind: "noneReady" }
  | { readonly kind: "missing" };

/** Whether a condition holds for a ring now, with the fact that decides it in a few words. */
export interface Verdict {
  readonly holds: boolean;
  /** For people: `2 of 5 ready, wanted at least 3`. */
  readonly fact: string;
}

/** What conditions look at: the ring, with only those members that the rule's `membership` counts. */
export interface RingView {
  readonly ring: Ring;
  readonly total: number;
  readonly ready: number;
}
