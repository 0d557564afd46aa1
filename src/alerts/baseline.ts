import type { Member } from "../ring/ring.ts";
import type { Departure } from "./surroundings.ts";

/**
 * What a change rule last took as the state of one ring, and what deviates from it since when.
 * Times are epoch milliseconds.
 */
export interface Baseline {
  readonly rule: string;
  /** `namespace/service`. */
  readonly ring: string;
  /** Rises by one with each reported change; 0 before the first. */
  readonly generation: number;
  /** What counts as a member and as a difference: a baseline of other terms cannot be compared with. */
  readonly terms: string;
  /** `unseen` until the ring's first settled state; `absent` after a reported removal. */
  readonly presence: "unseen" | "present" | "absent";
  /** By member key. Empty unless present. */
  readonly members: ReadonlyMap<string, Member>;
  /** The ring's presence itself deviates: it is gone, or (while unseen or absent) there. */
  readonly presenceDeviation: Deviation | undefined;
  /** Members that are new, absent, replaced or moved, and not yet reported, by member key. */
  readonly deviations: ReadonlyMap<string, Deviation>;
  /** Members whose readiness differs, by member key. Kept only for rules on `ready` or `unready`. */
  readonly readiness: ReadonlyMap<string, Deviation>;
  /** When it last reported a change. */
  readonly reportedAtMs?: number | undefined;
}

/** One difference from the baseline, unchanged since then. */
export interface Deviation {
  /** Names the state deviated to; another signature is another deviation and stands anew. */
  readonly signature: string;
  readonly sinceMs: number;
  /** First seen in the first list after a start. */
  readonly whileAway: boolean;
  /** Of an absent member: why it left. */
  readonly departure?: Departure | undefined;
}

/** Shared by all baselines that nothing deviates from: nearly all, and an empty map of its own takes 200 bytes. */
export const NO_DEVIATIONS: ReadonlyMap<string, never> = new Map<string, never>();

/** The baseline of a ring that this rule has never seen. */
export function unseenBaseline(rule: string, ring: string): Baseline {
  return {
    rule,
    ring,
    generation: 0,
    terms: "",
    presence: "unseen",
    members: NO_DEVIATIONS,
    presenceDeviation: undefined,
    deviations: NO_DEVIATIONS,
    readiness: NO_DEVIATIONS,
  };
}
