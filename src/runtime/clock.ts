import { setTimeout as setTimeoutPromise } from "node:timers/promises";

/** Where time comes from. Cores take `nowMs` as an argument; only shells hold a clock. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /**
   * Calls back once, at `atMs` (epoch milliseconds) or as soon after as the process can.
   * Earlier where the clock is set back meanwhile: after as long as it was to take.
   * A time in the past calls back in a later turn, never at once.
   * Returns the function that cancels it; cancelling twice is harmless.
   */
  at(atMs: number, callback: () => void): () => void;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Less than this is no clock that was set back, but timers and clocks that do not agree to the millisecond. */
const SET_BACK_MS = 1_000;

// Node clamps longer timers to 1 ms: https://nodejs.org/api/timers.html#settimeoutcallback-delay-args
const TIMER_MAX_MS = 2 ** 31 - 1;

// Node rejects with an AbortError of its own; callers know the signal's reason.
function rethrowReason(signal: AbortSignal | undefined) {
  return (error: unknown): never => {
    throw signal?.aborted ? signal.reason : error;
  };
}

/** The machine's clock. Timers keep the process alive until they are cancelled. */
export const systemClock: Clock = {
  now: () => Date.now(),
  at(atMs, callback) {
    let timer: NodeJS.Timeout;
    // A wall clock that is set back must not make anybody wait longer: who still has to wait asks again.
    const latestMs = performance.now() + Math.max(0, atMs - Date.now()) + SET_BACK_MS;
    const arm = (): void => {
      const waitMs = Math.min(atMs - Date.now(), latestMs - performance.now(), TIMER_MAX_MS);
      const isOver = (): boolean => Date.now() >= atMs || performance.now() >= latestMs;
      timer = setTimeout(() => (isOver() ? callback() : arm()), Math.max(0, waitMs));
    };
    arm();
    return () => clearTimeout(timer);
  },
  // By the monotonic clock: a wall clock that is set back must not make anybody sleep longer.
  sleep: (ms, signal) =>
    setTimeoutPromise(ms, undefined, signal ? { signal } : {}).catch(rethrowReason(signal)),
};

/** The `sleep` that any clock gets from its own `now` and `at`. */
export function sleepOn(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const onAbort = (): void => {
      cancel();
      reject(signal?.reason as Error);
    };
    const cancel = clock.at(clock.now() + ms, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
