import type { Alert } from "../alerts/alert.ts";
import type { Baseline } from "../alerts/baseline.ts";
import type { GroupChange, GroupId, StoredGroup } from "../alerts/group.ts";
import type { Silence } from "../alerts/silence.ts";
import type { Delivery, DeliveryEnd } from "../outbox/delivery.ts";

/** Everything that survives a restart, as it was when it was last committed. */
export interface Stored {
  /** Made once with the store. Part of every delivery id, so that a new store never repeats an old one's ids. */
  readonly storeId: string;
  readonly alerts: readonly Alert[];
  readonly baselines: readonly Baseline[];
  readonly silences: readonly Silence[];
  readonly groups: readonly StoredGroup[];
  /** Still owed, in order of `sequence`. */
  readonly deliveries: readonly Delivery[];
  /** The highest `sequence` ever accepted; 0 when there is none. */
  readonly lastSequence: number;
}

/** What one transaction writes: all of it or nothing. */
export interface Commit {
  readonly alerts?: readonly Alert[];
  readonly baselines?: readonly Baseline[];
  readonly silences?: readonly Silence[];
  /** In order: each holds what has changed since the one before. */
  readonly groups?: readonly GroupChange[];
  /** What is to be dropped, before the others are written. */
  readonly forgotten?: Forgotten;
  /** New ones. One whose id is already known, owed or ended, is left as it is. */
  readonly accepted?: readonly Delivery[];
  /** Still owed after an attempt. */
  readonly rescheduled?: readonly Delivery[];
  readonly ended?: readonly EndedDelivery[];
}

/** Names of what is to be dropped. */
export interface Forgotten {
  /** Their ids. */
  readonly silences?: readonly string[];
  readonly groups?: readonly GroupId[];
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
