import { Child } from "./child.ts";
import type { Effort } from "./measurement.ts";

/**
 * `ringbell replay` of an hour with 100,000 events (28 a second) of a thousand Services, three endpoints each, by a hundred rules:
 * from the compressed file's bytes to the timeline. Each event takes one endpoint out or back in; the order of Services is fixed.
 * In seconds, the best round.
 */
export async function measureReplay({ quick }: Effort): Promise<{ readonly hour: number }> {
  using child = new Child("replay-process.ts");
  return await child.ask<{ readonly hour: number }>({ rounds: quick ? 1 : 3 });
}
