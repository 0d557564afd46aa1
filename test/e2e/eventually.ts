import { setTimeout as sleep } from "node:timers/promises";

/**
 * Looks every 50 ms until `look` gives something other than false or undefined, and returns that.
 * Throws `Waited 30 s in vain: WHAT` after `timeoutMs`; errors of `look` end the wait at once.
 * Only for real servers: everything else runs on a virtual clock.
 */
export async function eventually<T>(
  what: string,
  look: () => T | false | undefined | Promise<T | false | undefined>,
  timeoutMs = 30_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (seen !== false && seen !== undefined) return seen;
    if (performance.now() > deadline) throw new Error(`Waited ${timeoutMs / 1000} s in vain: ${what}`);
    await sleep(50);
  }
}
