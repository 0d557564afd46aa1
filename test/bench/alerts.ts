import { Child } from "./child.ts";
import type { Results } from "./measurement.ts";

/**
 * What alerts cost: the heap of 100,000 that are pending (10,000 rings, 10 rules each), and the time to judge the change of one ring
 * that one rule selects, beside more and more rings and beside more and more rules that select others.
 */
export async function measureAlerts(): Promise<Results["alerts"]> {
  using child = new Child("alerts-process.ts", [], ["--expose-gc"]);
  return await child.ask<Results["alerts"]>({});
}
