import { Deadlines } from "../runtime/deadlines.ts";
import type { Random } from "../runtime/random.ts";
import { backoffMs, OUTBOX_BACKOFF } from "./backoff.ts";
import type { Delivery, DeliveryEnd, Outcome } from "./delivery.ts";

/** What became of a delivery after an attempt: it left the outbox, or waits for its next time. */
export type Settlement =
  | { readonly kind: "ended"; readonly delivery: Delivery; readonly end: DeliveryEnd }
  | { readonly kind: "rescheduled"; readonly delivery: Delivery };

interface Lane {
  /** Subjects whose first delivery waits, by its time. */
  readonly waiting: Deadlines;
  /** Owed deliveries of each subject, in order. The first may be in flight. */
  readonly subjects: Map<string, Delivery[]>;
  inFlight: number;
}

/**
 * What is owed, in memory: for each destination the deliveries in order of subject. Only the first of a subject may be
 * in flight; the next waits until it has ended, so nobody hears of the resolve before the fire.
 * Knows nothing of storage: whoever adds a delivery has committed it before.
 */
export class Outbox {
  readonly #lanes = new Map<string, Lane>();
  #owed = 0;

  add(delivery: Delivery): void {
    const lane = this.#lane(delivery.destination);
    const queue = lane.subjects.get(delivery.subject);
    this.#owed++;
    if (queue) {
      queue.push(delivery);
      return;
    }
    lane.subjects.set(delivery.subject, [delivery]);
    lane.waiting.set(delivery.subject, delivery.nextAtMs);
  }

  /** The next delivery to `destination` that is due; from now on it is in flight, until `settle` or `putBack`. */
  take(destination: string, nowMs: number): Delivery | undefined {
    const lane = this.#lanes.get(destination);
    const due = lane?.waiting.takeDue(nowMs);
    const delivery = due && lane?.subjects.get(due.key)?.[0];
    if (lane && delivery) lane.inFlight++;
    return delivery;
  }

  /**
   * Books the outcome of a delivery in flight that has now had `attempts` attempts in all.
   * A retry past its horizon is a dead letter: `expired`.
   */
  settle(delivery: Delivery, outcome: Outcome, attempts: number, nowMs: number, random: Random): Settlement {
    const tried: Delivery = { ...delivery, attempts };
    if (outcome.kind === "delivered") {
      return this.#end(tried, { kind: "delivered", atMs: nowMs });
    }
    if (outcome.kind === "refused") {
      const { reason, detail } = outcome;
      return this.#end({ ...tried, lastReason: reason }, { kind: "dead", atMs: nowMs, reason, detail });
    }
    // The last try is at the horizon, however the dice fall; only a longer Retry-After ends it before.
    const backoffAtMs = nowMs + backoffMs(OUTBOX_BACKOFF, delivery.rounds + 1, random);
    const nextAtMs = Math.max(
      nowMs + (outcome.afterMs ?? 0),
      Math.min(backoffAtMs, delivery.expiresAtMs - 1),
    );
    const next: Delivery = { ...tried, rounds: delivery.rounds + 1, nextAtMs, lastReason: outcome.reason };
    if (nextAtMs >= delivery.expiresAtMs || nowMs >= delivery.expiresAtMs - 1) {
      const detail = `last answer: ${outcome.detail ?? outcome.reason}`;
      return this.#end(next, { kind: "dead", atMs: nowMs, reason: "expired", detail });
    }
    this.#putHead(next);
    return { kind: "rescheduled", delivery: next };
  }

  /** Ends a delivery in flight whose horizon has passed: what comes too late is worse than nothing. */
  expire(delivery: Delivery, nowMs: number): Settlement {
    const detail = delivery.lastReason === undefined ? "never tried" : `last answer: ${delivery.lastReason}`;
    return this.#end(delivery, { kind: "dead", atMs: nowMs, reason: "expired", detail });
  }

  /** Gives back a delivery in flight untried: the process is stopping. */
  putBack(delivery: Delivery): void {
    this.#putHead(delivery);
  }

  /** Destinations that something was ever owed to. */
  destinations(): readonly string[] {
    return [...this.#lanes.keys()];
  }

  /** Takes out what is owed to a destination and not in flight. */
  drop(destination: string): readonly Delivery[] {
    const lane = this.#lanes.get(destination);
    const dropped: Delivery[] = [];
    for (const [subject, queue] of lane?.subjects ?? []) {
      const isWaiting = lane?.waiting.has(subject) ?? false;
      dropped.push(...queue.splice(isWaiting ? 0 : 1));
      lane?.waiting.set(subject, undefined);
      if (queue.length === 0) lane?.subjects.delete(subject);
    }
    this.#owed -= dropped.length;
    return dropped;
  }

  /** The last delivery of a subject to a destination, when it has never been tried and others may take its place. */
  lastUntried(destination: string, subject: string): Delivery | undefined {
    const lane = this.#lanes.get(destination);
    const queue = lane?.subjects.get(subject);
    const last = queue?.at(-1);
    const isWaiting = queue !== undefined && (queue.length > 1 || (lane?.waiting.has(subject) ?? false));
    return last && isWaiting && last.attempts === 0 ? last : undefined;
  }

  /** Takes out a delivery that `lastUntried` gave. */
  withdraw({ destination, subject }: Delivery): void {
    const lane = this.#lanes.get(destination);
    const queue = lane?.subjects.get(subject);
    if (!lane || !queue) return;
    queue.pop();
    this.#owed--;
    if (queue.length > 0) return;
    lane.waiting.set(subject, undefined);
    lane.subjects.delete(subject);
  }

  /** Gives a delivery that waits an earlier time. Returns it as it is now. */
  hasten(delivery: Delivery, nextAtMs: number): Delivery {
    const next: Delivery = { ...delivery, nextAtMs };
    const lane = this.#lane(delivery.destination);
    const queue = lane.subjects.get(delivery.subject) ?? [];
    const place = queue.indexOf(delivery);
    if (place !== -1) queue[place] = next;
    if (place === 0 && lane.waiting.has(delivery.subject)) lane.waiting.set(delivery.subject, nextAtMs);
    return next;
  }

  /** When the next delivery to `destination` is due, in epoch milliseconds. */
  nextDueMs(destination: string): number | undefined {
    return this.#lanes.get(destination)?.waiting.nextMs();
  }

  inFlight(destination: string): number {
    return this.#lanes.get(destination)?.inFlight ?? 0;
  }

  /** How many deliveries are owed, those in flight included. */
  get owed(): number {
    return this.#owed;
  }

  /** Owed deliveries in no particular order. */
  *deliveries(): IterableIterator<Delivery> {
    for (const lane of this.#lanes.values()) for (const queue of lane.subjects.values()) yield* queue;
  }

  #end(delivery: Delivery, end: DeliveryEnd): Settlement {
    const lane = this.#lane(delivery.destination);
    const queue = lane.subjects.get(delivery.subject) ?? [];
    queue.shift();
    lane.inFlight--;
    this.#owed--;
    const next = queue[0];
    if (next) lane.waiting.set(delivery.subject, next.nextAtMs);
    else lane.subjects.delete(delivery.subject);
    return { kind: "ended", delivery, end };
  }

  #putHead(delivery: Delivery): void {
    const lane = this.#lane(delivery.destination);
    const queue = lane.subjects.get(delivery.subject);
    if (queue) queue[0] = delivery;
    lane.inFlight--;
    lane.waiting.set(delivery.subject, delivery.nextAtMs);
  }

  #lane(destination: string): Lane {
    let lane = this.#lanes.get(destination);
    if (!lane) {
      lane = { waiting: new Deadlines(), subjects: new Map(), inFlight: 0 };
      this.#lanes.set(destination, lane);
    }
    return lane;
  }
}
