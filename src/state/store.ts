import type { Alert } from "../alerts/alert.ts";
import type { Baseline } from "../alerts/baseline.ts";
import type { Delivery, DeliveryEnd } from "../outbox/delivery.ts";

/** Everything that survives a restart, as it was when it was last committed. */
export interface Stored {
  /** Made once with the store. Part of every delivery id, so that a new store never repeats an old one's ids. */
  readonly storeId: string;
  readonly alerts: readonly Alert[];
  readonly baselines: readonly Baseline[];
  /** Still owed, in order of `sequence`. */
  readonly deliveries: readonly Delivery[];
  /** The highest `sequence` ever accepted; 0 when there is none. */
  readonly lastSequence: number;
}

/** What one transaction writes: all of it or nothing. */
export interface Commit {
  readonly alerts?: readonly Alert[];
  readonly baselines?: readonly Baseline[];
  /** New ones. One whose id is already known, owed or ended, is left as it is. */
  readonly accepted?: readonly Delivery[];
  /** Still owed after an attempt. */
  readonly rescheduled?: readonly Delivery[];
  readonly ended?: readonly EndedDelivery[];
}

/** A delivery that left the outbox, and how. */
export interface EndedDelivery {
  readonly delivery: Delivery;
  readonly end: DeliveryEnd;
}

/** Where state is kept. Calls are synchronous: when `commit` returns, `kill -9` loses none of it. */
export interface Store {
  load(): Stored;
  /** Returns those of `accepted` that were new. Throws when nothing was written. */
  commit(commit: Commit): readonly Delivery[];
  close(): void;
}
