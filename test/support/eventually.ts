import { setTimeout as sleep } from "node:timers/promises";

/** For one condition. Generous: the machine may be busy with ten times its work, and only a test that fails waits so long. */
export const PATIENCE_MS = 30_000;

/** For a whole test that starts real processes, for the same reason. */
export const PROCESS_TEST_TIMEOUT_MS = 90_000;

/**
 * Looks every 15 ms until `look` gives something other than false or undefined, and returns that; for what cannot call
 * back, such as an HTTP endpoint. Throws after `PATIENCE_MS`; errors of `look` end the wait at once.
 */
export async function eventually<T>(
  what: string,
  look: () => T | false | undefined | Promise<T | false | undefined>,
): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const seen = await look();
    if (seen !== false && seen !== undefined) return seen;
    if (performance.now() > deadline) throw new Error(`Waited ${PATIENCE_MS / 1000} s in vain: ${what}`);
    await sleep(15);
  }
}
