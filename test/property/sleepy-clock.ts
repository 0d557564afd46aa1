import type { Clock } from "../../src/runtime/clock.ts";

/** A clock that knows how many sleep on it: whoever is woken is not counted from that very moment on. */
export class SleepyClock implements Clock {
  readonly #clock: Clock;
  sleepers = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  at(atMs: number, callback: () => void): () => void {
    return this.#clock.at(atMs, callback);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.sleepers += 1;
    const wake = (how: () => void): void => {
      this.sleepers -= 1;
      signal?.removeEventListener("abort", onAbort);
      cancel();
      how();
    };
    const onAbort = (): void => wake(() => reject(signal?.reason as Error));
    const cancel = this.#clock.at(this.now() + ms, () => wake(resolve));
    if (signal?.aborted) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
    return promise;
  }
}
