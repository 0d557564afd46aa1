import { type Clock, sleepOn } from "./clock.ts";

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** On a machine this many timers without time passing are a busy loop; here they would never end. */
const MOST_AT_ONCE = 1_000_000;

/**
 * A clock that stands still until it is told to move: an hour passes in a millisecond.
 * `ringbell test`, `ringbell replay` and the tests run on it.
 * @example
 * const clock = new VirtualClock(0);
 * clock.at(30_000, () => console.log("half a minute"));
 * clock.advanceTo(60_000); // prints
 */
export class VirtualClock implements Clock {
  #nowMs: number;
  #order = 0;
  readonly #timers = new Set<Timer>();

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  at(atMs: number, callback: () => void): () => void {
    // A machine's clock shows whole milliseconds, and a timer never fires before its time.
    const timer: Timer = { atMs: Math.ceil(atMs), order: this.#order++, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  /** When the next timer is due, or `undefined` when none is set. */
  nextTimerMs(): number | undefined {
    return this.#earliest()?.atMs;
  }

  /**
   * Moves to `toMs`, calling timers in order of their time, then of their making. Never moves back.
   * Throws `RangeError` when timers set timers without end.
   */
  advanceTo(toMs: number): void {
    let atOnce = 0;
    for (let timer = this.#earliest(); timer && timer.atMs <= toMs; timer = this.#earliest()) {
      this.#timers.delete(timer);
      atOnce = timer.atMs > this.#nowMs ? 0 : atOnce + 1;
      if (atOnce > MOST_AT_ONCE)
        throw new RangeError("Cannot move the clock: a timer sets itself again at once");
      this.#nowMs = Math.max(this.#nowMs, timer.atMs);
      timer.callback();
    }
    this.#nowMs = Math.max(this.#nowMs, toMs);
  }

  #earliest(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (!first || timer.atMs < first.atMs || (timer.atMs === first.atMs && timer.order < first.order)) {
        first = timer;
      }
    }
    return first;
  }
}
