import { destinationKinds } from "../destinations/registry.ts";
import type { Delivery, Outcome } from "../outbox/delivery.ts";
import type { Outbox, Settlement } from "../outbox/outbox.ts";
import type { RulesFile } from "../rules/load-rules.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Random } from "../runtime/random.ts";
import { type Said, type SaidRequest, saidRequest, standInSecret } from "./said.ts";

/** What the stand-in for the courier works with. */
export interface StandInCourierOptions {
  readonly file: () => RulesFile;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly random: Random;
  /** What a destination answers. */
  readonly answer: (delivery: Delivery) => Outcome;
  readonly onSaid: (said: Said) => void;
  readonly onSettled: (settlement: Settlement) => void;
}

/**
 * Takes what is owed to its destinations, without a network: every delivery is sent in the moment that it is due. Unlike the
 * courier it keeps no pace and tries once per round.
 */
export class StandInCourier {
  readonly #options: StandInCourierOptions;
  readonly #timers = new Map<string, () => void>();

  constructor(options: StandInCourierOptions) {
    this.#options = options;
  }

  /** Sends what is due and sets a timer for what is not. */
  wake(): void {
    for (const name of this.#options.outbox.destinations()) this.#pump(name);
  }

  stop(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  #pump(name: string): void {
    const { outbox, clock } = this.#options;
    this.#timers.get(name)?.();
    this.#timers.delete(name);
    for (let next = outbox.take(name, clock.now()); next; next = outbox.take(name, clock.now())) {
      this.#deliver(next);
    }
    const dueMs = outbox.nextDueMs(name);
    if (dueMs !== undefined)
      this.#timers.set(
        name,
        clock.at(dueMs, () => this.#pump(name)),
      );
  }

  #deliver(delivery: Delivery): void {
    const { outbox, clock, random, answer, onSaid, onSettled } = this.#options;
    const nowMs = clock.now();
    if (nowMs >= delivery.expiresAtMs) return onSettled(outbox.expire(delivery, nowMs));
    const outcome = answer(delivery);
    if (outcome.kind === "delivered") onSaid(this.#said(delivery, nowMs));
    onSettled(outbox.settle(delivery, outcome, delivery.attempts + 1, nowMs, random));
  }

  #said(delivery: Delivery, atMs: number): Said {
    const { id: deliveryId, destination, notice } = delivery;
    // The rules file may have been edited by the time that somebody looks.
    const file = this.#options.file();
    let written: SaidRequest | undefined;
    return {
      atMs,
      destination,
      notice,
      deliveryId,
      attempts: delivery.attempts + 1,
      get request() {
        return (written ??= writeRequest(file, delivery, atMs));
      },
    };
  }
}

/** Throws `DestinationConfigError` where the kind does not take the stand-in of a secret. */
function writeRequest(file: RulesFile, { id, destination, notice }: Delivery, nowMs: number): SaidRequest {
  const place = file.destinations.get(destination);
  const kind = place && destinationKinds.get(place.kind);
  if (!kind) throw new TypeError(`Cannot write the request to "${destination}": no such destination`);
  const context = { deliveryId: id, nowMs, readSecret: standInSecret };
  return saidRequest(kind.toRequest(notice, place.config, context));
}
