import type { Clock } from "../runtime/clock.ts";

/** What a watch of a scope's signs of life needs. */
export interface LivenessOptions {
  readonly clock: Clock;
  /** How long life may be missing before what is known counts as stale, in milliseconds. */
  readonly blindAfterMs: number;
  /** Called once each time that life has been missing for so long; `sinceMs` is when it was last seen. */
  readonly onBlind: (sinceMs: number) => void;
}

/**
 * Knows whether a scope can be seen. It can from its first complete list on; it is blind when there was no life for
 * `blindAfterMs`, be it before that list; and once blind, only a complete list ends it, as nobody knows what was missed.
 * Has one timer while it runs.
 */
export class Liveness {
  readonly #options: LivenessOptions;
  #lifeMs: number;
  #sees = false;
  #isBlind = false;
  #cancelTimer: () => void = () => undefined;

  constructor(options: LivenessOptions) {
    this.#options = options;
    this.#lifeMs = options.clock.now();
    this.#arm();
  }

  /** Whether a complete list was taken in and life has not been missing since. */
  get sees(): boolean {
    return this.#sees;
  }

  /** When life was last seen; undefined while it is not missed. */
  get blindSinceMs(): number | undefined {
    return this.#isBlind ? this.#lifeMs : undefined;
  }

  /** When it becomes blind if no life is seen; undefined when it is. */
  get deadlineMs(): number | undefined {
    return this.#isBlind ? undefined : this.#lifeMs + this.#options.blindAfterMs;
  }

  /** A sign of life. Counts for nothing while blind. */
  alive(nowMs: number): void {
    if (!this.#isBlind) this.#lifeMs = nowMs;
  }

  /** A complete list was taken in. */
  listed(nowMs: number): void {
    const wasBlind = this.#isBlind;
    this.#sees = true;
    this.#isBlind = false;
    this.#lifeMs = nowMs;
    if (wasBlind) this.#arm();
  }

  stop(): void {
    this.#cancelTimer();
    this.#cancelTimer = () => undefined;
  }

  #arm(): void {
    const { clock, blindAfterMs, onBlind } = this.#options;
    this.#cancelTimer = clock.at(this.#lifeMs + blindAfterMs, () => {
      if (clock.now() - this.#lifeMs < blindAfterMs) return this.#arm();
      this.#isBlind = true;
      this.#sees = false;
      onBlind(this.#lifeMs);
    });
  }
}
