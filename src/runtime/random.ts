/** A number from 0 (included) to 1 (excluded), like `Math.random`. Passed in, so that tests know every draw. */
export type Random = () => number;

/** The machine's randomness: for jitter, never for secrets. */
export const systemRandom: Random = () => Math.random();

/**
 * A repeatable sequence for tests and the simulator.
 * Mulberry32, public domain: https://gist.github.com/tommyettinger/46a874533244883189143505d203312c
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
