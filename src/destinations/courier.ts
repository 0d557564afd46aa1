import pRetry, { AbortError } from "p-retry";
import { backoffMs, COURIER_BACKOFF } from "../outbox/backoff.ts";
import type { Delivery, Outcome } from "../outbox/delivery.ts";
import type { Outbox, Settlement } from "../outbox/outbox.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import type { Random } from "../runtime/random.ts";
import { SecretMissingError, type SecretSource } from "../runtime/secret.ts";
import { DestinationConfigError } from "./config-error.ts";
import type { DestinationKind } from "./destination.ts";
import { sendFailureOutcome } from "./http-outcome.ts";
import type { Sender } from "./send.ts";

/** One named destination of the rules file, ready to be told. */
export interface Destination {
  readonly name: string;
  readonly kind: DestinationKind<unknown>;
  readonly config: unknown;
}

/** One request and what came of it: for metrics and the ledger. */
export interface Attempt {
  readonly delivery: Delivery;
  readonly outcome: Outcome;
  readonly tookMs: number;
}

/** What the courier works with. */
export interface CourierOptions {
  readonly destinations: ReadonlyMap<string, Destination>;
  readonly outbox: Outbox;
  readonly sender: Sender;
  readonly clock: Clock;
  readonly random: Random;
  readonly readSecret: SecretSource;
  readonly logger: Logger;
  /** Must book the settlement durably; called once per delivery taken. */
  readonly onSettled: (settlement: Settlement) => void;
  readonly onAttempt?: (attempt: Attempt) => void;
}

/** Tries in one round while the delivery is in hand; after them it waits in the outbox. */
const TRIES_PER_ROUND = 4;
/** A longer Retry-After is not waited for in hand. */
const WAIT_IN_HAND_MS = 30_000;

/** A failed try that another may mend; p-retry sees errors only. */
class TryAgain extends Error {
  readonly outcome: Outcome & { kind: "retry" };

  constructor(outcome: Outcome & { kind: "retry" }) {
    super(outcome.reason);
    this.outcome = outcome;
  }
}

/**
 * Takes due deliveries, sends them, books what came of it. Each destination has its own pace and its own number of
 * requests under way, so a slow one holds up nobody else.
 */
export class Courier {
  readonly #options: CourierOptions;
  #destinations: ReadonlyMap<string, Destination>;
  readonly #stop = new AbortController();
  /** The time to drain is over: nothing is begun or booked any more. */
  readonly #giveUp = new AbortController();
  /** Not to be told before, by destination. */
  readonly #pacedUntilMs = new Map<string, number>();
  readonly #timers = new Map<string, { readonly atMs: number; readonly cancel: () => void }>();
  readonly #underWay = new Set<Promise<void>>();

  constructor(options: CourierOptions) {
    this.#options = options;
    this.#destinations = options.destinations;
  }

  /** Goes on with other destinations; what is on its way to one that is gone may still arrive. */
  setDestinations(destinations: ReadonlyMap<string, Destination>): void {
    for (const [name, timer] of this.#timers) {
      if (destinations.has(name)) continue;
      timer.cancel();
      this.#timers.delete(name);
    }
    this.#destinations = destinations;
    this.wake();
  }

  /** Sends what is due and sets a timer for what is not. Call it after the outbox has changed. */
  wake(): void {
    for (const destination of this.#destinations.values()) this.#pump(destination);
  }

  /** How many deliveries are being sent. */
  get inFlight(): number {
    return this.#underWay.size;
  }

  /**
   * Stops: waits are cut short (a delivery waiting for its next try stays owed), requests under way may end until
   * `withinMs` has passed; then they are broken off and stay owed. What is due and untried gets its try.
   */
  async drain(withinMs: number): Promise<void> {
    const { clock } = this.#options;
    const startMs = clock.now();
    const over = new AbortController();
    const cancel = clock.at(startMs + withinMs, () => over.abort());
    const whenOver = new Promise<void>((resolve) => over.signal.addEventListener("abort", () => resolve()));
    this.#stop.abort(new Error("stopping"));
    this.wake();
    while (!over.signal.aborted) {
      const pacedMs = this.#nextPacedMs(startMs);
      const waits: Promise<void>[] = [...this.#underWay];
      if (pacedMs !== undefined) waits.push(clock.sleep(Math.max(0, pacedMs - clock.now())));
      if (waits.length === 0) break;
      await Promise.race([...waits, whenOver]);
      this.wake();
    }
    cancel();
    this.#giveUp.abort(new Error("stopping"));
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  /** When the next delivery that was due at `dueMs` may go out, where only its destination's pace holds it up. */
  #nextPacedMs(dueMs: number): number | undefined {
    const paced = [...this.#pacedUntilMs].filter(
      ([name]) => (this.#options.outbox.nextDueMs(name) ?? Infinity) <= dueMs,
    );
    return paced.length > 0 ? Math.min(...paced.map(([, untilMs]) => untilMs)) : undefined;
  }

  #pump(destination: Destination): void {
    const { outbox, clock } = this.#options;
    const { name, kind } = destination;
    if (this.#giveUp.signal.aborted) return;
    const nowMs = clock.now();
    while (outbox.inFlight(name) < kind.concurrency) {
      // No longer than the pace itself, should the clock have been set back.
      const pacedUntilMs = Math.min(this.#pacedUntilMs.get(name) ?? 0, nowMs + kind.paceMs);
      const delivery = nowMs >= pacedUntilMs ? outbox.take(name, nowMs) : undefined;
      if (!delivery) {
        const dueMs = outbox.nextDueMs(name);
        return this.#setTimer(destination, dueMs === undefined ? undefined : Math.max(dueMs, pacedUntilMs));
      }
      if (kind.paceMs > 0) this.#pacedUntilMs.set(name, nowMs + kind.paceMs);
      const work = this.#deliver(destination, delivery).finally(() => {
        this.#underWay.delete(work);
        // It may have been replaced or removed meanwhile.
        const current = this.#destinations.get(name);
        if (current) this.#pump(current);
      });
      this.#underWay.add(work);
    }
  }

  #setTimer(destination: Destination, atMs: number | undefined): void {
    const { name } = destination;
    const timer = this.#timers.get(name);
    if (timer?.atMs === atMs) return;
    timer?.cancel();
    this.#timers.delete(name);
    if (atMs === undefined) return;
    const cancel = this.#options.clock.at(atMs, () => {
      this.#timers.delete(name);
      const current = this.#destinations.get(name);
      if (current) this.#pump(current);
    });
    this.#timers.set(name, { atMs, cancel });
  }

  async #deliver(destination: Destination, delivery: Delivery): Promise<void> {
    const { outbox, clock, random } = this.#options;
    if (clock.now() >= delivery.expiresAtMs)
      return this.#book(outbox.expire(delivery, clock.now()), undefined);
    let attempts = delivery.attempts;
    const outcome = await this.#round(destination, delivery, () => attempts++);
    // Too late to be stored: the next start tries again.
    if (this.#giveUp.signal.aborted) return outbox.putBack(delivery);
    this.#book(outbox.settle(delivery, outcome, attempts, clock.now(), random), outcome);
  }

  #book(settlement: Settlement, outcome: Outcome | undefined): void {
    logSettlement(this.#options.logger, settlement, outcome);
    this.#options.onSettled(settlement);
  }

  /** One round of tries. Never throws: a bug while sending is a retry, not a lost notice. */
  async #round(destination: Destination, delivery: Delivery, count: () => void): Promise<Outcome> {
    const { clock, random, logger } = this.#options;
    const signal = this.#stop.signal;
    const tryOnce = (): Promise<Outcome> => {
      count();
      return this.#attempt(destination, delivery);
    };
    try {
      // Nearly always the first try is the last, and needs nothing of what retries take.
      let first: Outcome | undefined = await tryOnce();
      if (first.kind !== "retry") return first;
      return await pRetry(
        async () => {
          const outcome = first ?? (await tryOnce());
          first = undefined;
          if (outcome.kind !== "retry") return outcome;
          // Nobody waits in hand while stopping, nor for long: the outbox does.
          if (signal.aborted || (outcome.afterMs ?? 0) > WAIT_IN_HAND_MS)
            throw new AbortError(new TryAgain(outcome));
          throw new TryAgain(outcome);
        },
        {
          retries: TRIES_PER_ROUND - 1,
          minTimeout: 0,
          onFailedAttempt: async ({ error, attemptNumber, retriesLeft }) => {
            if (!(error instanceof TryAgain) || retriesLeft === 0) return;
            const waitMs = Math.max(
              error.outcome.afterMs ?? 0,
              backoffMs(COURIER_BACKOFF, attemptNumber, random),
            );
            // p-retry knows neither full jitter nor Retry-After, so the wait is ours. Stopping ends it, and what
            // this throws ends the round.
            await clock.sleep(waitMs, signal).catch(() => Promise.reject(error));
          },
        },
      );
    } catch (error) {
      if (error instanceof TryAgain) return error.outcome;
      logger.error(
        { err: error, delivery: delivery.id, destination: destination.name },
        "delivery failed inside",
      );
      return { kind: "retry", reason: "internalError" };
    }
  }

  async #attempt(destination: Destination, delivery: Delivery): Promise<Outcome> {
    const { clock, sender, readSecret, onAttempt } = this.#options;
    const startMs = clock.now();
    const { signal } = this.#giveUp;
    const outcome = await sendOnce(destination, delivery, { sender, readSecret, nowMs: startMs, signal });
    onAttempt?.({ delivery, outcome, tookMs: clock.now() - startMs });
    return outcome;
  }
}

/** Makes one attempt. Throws only what is a fault of ours. */
export async function sendOnce(
  { kind, config }: Destination,
  delivery: Delivery,
  {
    sender,
    readSecret,
    nowMs,
    signal,
  }: { sender: Sender; readSecret: SecretSource; nowMs: number; signal: AbortSignal },
): Promise<Outcome> {
  let request;
  try {
    request = kind.toRequest(delivery.notice, config, { deliveryId: delivery.id, nowMs, readSecret });
  } catch (error) {
    // A secret that is missing or unfit may be mounted yet; these messages name the place, never a value.
    if (!(error instanceof SecretMissingError || error instanceof DestinationConfigError)) throw error;
    return { kind: "retry", reason: "notConfigured", detail: error.message };
  }
  const answer = await sender.send(request, { signal });
  return "failed" in answer ? sendFailureOutcome(answer) : kind.classify(answer, nowMs);
}

function logSettlement(logger: Logger, settlement: Settlement, outcome: Outcome | undefined): void {
  const { delivery } = settlement;
  const fields = {
    delivery: delivery.id,
    destination: delivery.destination,
    rule: delivery.notice.rule,
    ring: delivery.notice.ring.key,
    kind: delivery.notice.kind,
    attempts: delivery.attempts,
  };
  if (settlement.kind === "rescheduled") {
    const nextAt = new Date(delivery.nextAtMs).toISOString();
    const detail = outcome && outcome.kind !== "delivered" ? outcome.detail : undefined;
    logger.warn({ ...fields, reason: delivery.lastReason, detail, nextAt }, "delivery will be tried again");
  } else if (settlement.end.kind === "dead") {
    const { reason, detail } = settlement.end;
    logger.error({ ...fields, reason, detail }, "delivery is dead");
  } else logger.info(fields, "delivered");
}
