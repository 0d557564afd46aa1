import type { Alert } from "../alerts/alert.ts";
import type { Baseline } from "../alerts/baseline.ts";
import type { GroupChange, GroupId } from "../alerts/group.ts";
import type { Silence } from "../alerts/silence.ts";
import { subjectKey } from "../alerts/subject.ts";
import type { Delivery, DeliveryEnd } from "../outbox/delivery.ts";
import type { Settlement } from "../outbox/outbox.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import type { EndedDelivery, Store } from "./store.ts";

/** After a failed transaction the next try comes this much later. */
const COMMIT_RETRY_MS = 1_000;

/** What a buffer writes to, and whom it tells. */
export interface CommitBufferOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  /** These deliveries are stored now, and may be sent. */
  readonly onAccepted: (deliveries: readonly Delivery[]) => void;
  readonly onFailed: () => void;
}

/**
 * What is to be stored, until one transaction writes it: the latest of each alert and baseline, all that is owed and all that
 * ended. Nothing is sent before it is stored; what cannot be stored waits and is tried again.
 */
export class CommitBuffer {
  readonly #options: CommitBufferOptions;
  #unsaved = nothing();
  #retryAtMs: number | undefined;

  constructor(options: CommitBufferOptions) {
    this.#options = options;
  }

  putAlert(alert: Alert): void {
    this.#unsaved.alerts.set(subjectKey(alert.rule, alert.ring), alert);
    this.#unsaved.size++;
  }

  putBaseline(baseline: Baseline): void {
    this.#unsaved.baselines.set(subjectKey(baseline.rule, baseline.ring), baseline);
    this.#unsaved.size++;
  }

  putGroups(groups: readonly GroupChange[], forgotten: readonly GroupId[]): void {
    // What is dropped is written first: what was to be stored of it before must not bring it back.
    const isDropped = ({ group }: GroupChange): boolean =>
      forgotten.some(({ destination, key }) => destination === group.destination && key === group.key);
    if (forgotten.length > 0)
      this.#unsaved.groups = this.#unsaved.groups.filter((change) => !isDropped(change));
    this.#unsaved.groups.push(...groups);
    this.#unsaved.forgottenGroups.push(...forgotten);
    this.#unsaved.size += groups.length + forgotten.length;
  }

  putSilences(silences: readonly Silence[], forgotten: readonly string[]): void {
    for (const silence of silences) this.#unsaved.silences.set(silence.id, silence);
    this.#unsaved.forgottenSilences.push(...forgotten);
    this.#unsaved.size += silences.length + forgotten.length;
  }

  owe(delivery: Delivery): void {
    this.#unsaved.accepted.push(delivery);
    this.#unsaved.size++;
  }

  settle(settlement: Settlement): void {
    if (settlement.kind === "ended") this.end(settlement.delivery, settlement.end);
    else {
      this.#unsaved.rescheduled.push(settlement.delivery);
      this.#unsaved.size++;
    }
  }

  end(delivery: Delivery, end: DeliveryEnd): void {
    this.#unsaved.ended.push({ delivery, end });
    this.#unsaved.size++;
  }

  get isEmpty(): boolean {
    return this.#unsaved.size === 0;
  }

  /** When to call `commit` again after it failed, in epoch milliseconds. */
  get retryAtMs(): number | undefined {
    return this.#retryAtMs;
  }

  /** Writes what is at hand. `isLast`: do not wait for the time of the next try. Returns false when it could not be written. */
  commit(isLast = false): boolean {
    const { store, logger, clock, onAccepted, onFailed } = this.#options;
    if (this.isEmpty) return true;
    const waitMs = (this.#retryAtMs ?? -Infinity) - clock.now();
    // A longer wait is none of ours: the clock was set back.
    if (!isLast && waitMs > 0 && waitMs <= COMMIT_RETRY_MS) return false;
    const { alerts, baselines, groups, silences, accepted, rescheduled, ended } = this.#unsaved;
    const { forgottenGroups, forgottenSilences } = this.#unsaved;
    let fresh: readonly Delivery[];
    try {
      fresh = store.commit({
        alerts: [...alerts.values()],
        baselines: [...baselines.values()],
        groups,
        silences: [...silences.values()],
        forgotten: { groups: forgottenGroups, silences: forgottenSilences },
        accepted,
        rescheduled,
        ended,
      });
    } catch (error) {
      // Nothing of it is sent until it is stored: the disk may have room again in a moment.
      onFailed();
      logger.error({ err: error }, "cannot store state, will try again");
      this.#retryAtMs = clock.now() + COMMIT_RETRY_MS;
      return false;
    }
    if (fresh.length < accepted.length) logger.error({ accepted, fresh }, "a notice had an id that is taken");
    this.#unsaved = nothing();
    this.#retryAtMs = undefined;
    if (fresh.length > 0) onAccepted(fresh);
    return true;
  }
}

function nothing() {
  return {
    size: 0,
    alerts: new Map<string, Alert>(),
    baselines: new Map<string, Baseline>(),
    groups: [] as GroupChange[],
    silences: new Map<string, Silence>(),
    forgottenGroups: [] as GroupId[],
    forgottenSilences: [] as string[],
    accepted: [] as Delivery[],
    rescheduled: [] as Delivery[],
    ended: [] as EndedDelivery[],
  };
}
