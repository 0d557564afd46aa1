import type { Decided } from "../alerts/decisions.ts";
import type { GroupBook } from "../alerts/group-book.ts";
import type { Notice } from "../alerts/notice.ts";
import type { QuietTimes } from "../alerts/quiet-times.ts";
import { subjectKey } from "../alerts/subject.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import { deliveryId } from "./delivery-id.ts";
import type { Delivery, DeliveryEnd } from "./delivery.ts";
import type { Outbox, Settlement } from "./outbox.ts";

/** What owing works with. */
export interface OwingOptions {
  readonly storeId: string;
  /** The highest `sequence` ever accepted. */
  readonly lastSequence: number;
  readonly outbox: Outbox;
  readonly groups: GroupBook;
  readonly quiet: QuietTimes;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long deliveries to a destination are tried, in milliseconds; undefined for one that is not in the rules file. */
  readonly retryForMs: (destination: string) => number | undefined;
  /** Both are stored before anything is sent. */
  readonly accept: (delivery: Delivery) => void;
  readonly end: (delivery: Delivery, end: DeliveryEnd) => void;
  readonly reschedule: (delivery: Delivery) => void;
  /** There is something to send sooner than there was. */
  readonly onAccepted: () => void;
  readonly onNotice: (notice: Notice, notify: readonly string[]) => void;
}

/** Makes of what was decided what is owed: to whom, together with what else, and not before when. */
export class Owing {
  readonly #options: OwingOptions;
  /** Owed since before the start: a try that was cut off by the end of the process may have arrived. */
  readonly #fromBefore = new Set<string>();
  #sequence: number;

  constructor(options: OwingOptions) {
    this.#options = options;
    this.#sequence = options.lastSequence;
  }

  /** Owes a notice to each of those who are to hear it, or gives it to their groups. */
  owe(decided: Decided, nowMs: number): void {
    const { groups, accept, onNotice } = this.#options;
    const { notice, notify } = decided;
    for (const destination of new Set(notify)) {
      if (this.#isGone(destination, notice)) continue;
      if (groups.offer(notice, destination, nowMs)) continue;
      const said = this.#coalesced(decided, destination, nowMs) ?? notice;
      accept(this.#delivery(said, destination, nowMs));
    }
    try {
      onNotice(notice, notify);
    } catch {
      // Whoever watches (a log on a full disk) must not keep a notice from being owed.
    }
  }

  /** Owes what groups have to say now. */
  tellGroups(nowMs: number): void {
    const { groups, accept, onNotice } = this.#options;
    for (const { destination, notice } of groups.onTime(nowMs)) {
      if (this.#isGone(destination, notice)) continue;
      accept(this.#delivery(notice, destination, nowMs));
      try {
        onNotice(notice, [destination]);
      } catch {
        // As above.
      }
    }
  }

  /** Owed from before. What is for a destination that is no longer in the rules file can only be a dead letter. */
  takeUp(delivery: Delivery, nowMs: number): void {
    if (this.#options.retryForMs(delivery.destination) === undefined) this.#endOrphan(delivery, nowMs);
    else {
      this.#fromBefore.add(delivery.id);
      this.#options.outbox.add(delivery);
    }
  }

  /** Ends what is owed to destinations that are no longer in the rules file; what is on its way may still arrive. */
  dropDestinations(nowMs: number): void {
    const { outbox, retryForMs } = this.#options;
    for (const name of outbox.destinations()) {
      if (retryForMs(name) !== undefined) continue;
      for (const delivery of outbox.drop(name)) this.#endOrphan(delivery, nowMs);
    }
  }

  /** What could not be sent is not tried again when its destination was taken out of the rules file meanwhile. */
  onSettled({ kind, delivery }: Settlement, nowMs: number): void {
    const isGone = this.#options.retryForMs(delivery.destination) === undefined;
    if (kind === "rescheduled" && isGone) this.dropDestinations(nowMs);
  }

  /** Quiet times have changed: a change that waits for the end of one waits no longer than for those of now. */
  onQuietChanged(nowMs: number): void {
    const { outbox, reschedule, onAccepted } = this.#options;
    let isSooner = false;
    for (const delivery of outbox.deliveries()) {
      const { notice, destination, attempts, nextAtMs } = delivery;
      if (notice.kind !== "change" || attempts > 0 || nextAtMs <= nowMs) continue;
      const atMs = this.#notBeforeMs(notice, destination, nowMs);
      if (atMs >= nextAtMs) continue;
      reschedule(outbox.hasten(delivery, atMs));
      isSooner = true;
    }
    if (isSooner) onAccepted();
  }

  /** Who heard of an alert hears of its end, but for destinations that are not in the rules file any more. */
  #isGone(destination: string, { rule, ring, kind }: Notice): boolean {
    const { retryForMs, logger } = this.#options;
    if (retryForMs(destination) !== undefined) return false;
    logger.warn({ destination, rule, ring: ring.key, kind }, "not told: the destination is gone");
    return true;
  }

  #endOrphan(delivery: Delivery, nowMs: number): void {
    const { id, destination } = delivery;
    this.#options.logger.error({ delivery: id, destination }, "delivery is dead: its destination is gone");
    const detail = `no destination "${destination}" in the rules file`;
    this.#options.end(delivery, { kind: "dead", atMs: nowMs, reason: "destinationRemoved", detail });
  }

  /** Of two changes of a ring that a destination has not heard of, it hears the net. */
  #coalesced({ notice, mergedWith }: Decided, destination: string, nowMs: number): Notice | undefined {
    const { outbox, logger, end } = this.#options;
    const subject = subjectKey(notice.rule, notice.ring.key);
    const earlier = mergedWith && outbox.lastUntried(destination, subject);
    if (!earlier || this.#fromBefore.has(earlier.id)) return undefined;
    const merged = mergedWith(earlier.notice);
    if (!merged) return undefined;
    outbox.withdraw(earlier);
    const detail = `told with generation ${merged.generation}`;
    logger.info({ delivery: earlier.id, destination, subject }, `not sent: ${detail}`);
    end(earlier, { kind: "dead", atMs: nowMs, reason: "coalesced", detail });
    return merged;
  }

  #delivery(notice: Notice, destination: string, nowMs: number): Delivery {
    const { storeId, retryForMs } = this.#options;
    const nextAtMs = this.#notBeforeMs(notice, destination, nowMs);
    return {
      id: deliveryId(storeId, notice, destination),
      destination,
      subject: subjectKey(notice.rule, notice.ring.key),
      sequence: ++this.#sequence,
      notice,
      acceptedAtMs: nowMs,
      expiresAtMs: nextAtMs + (retryForMs(destination) ?? 0),
      attempts: 0,
      rounds: 0,
      nextAtMs,
      lastReason: undefined,
    };
  }

  /** A change waits for the end of its destination's quiet time; alerts have waited for it already. */
  #notBeforeMs(notice: Notice, destination: string, nowMs: number): number {
    if (notice.kind !== "change") return nowMs;
    return Math.max(nowMs, this.#options.quiet.noticeHush(destination, notice, nowMs)?.untilMs ?? nowMs);
  }
}
