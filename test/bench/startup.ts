import { systemClock } from "../../src/runtime/clock.ts";
import { startApiServer } from "../../src/simulator/api-server.ts";
import type { Bundle } from "./bundle.ts";
import { ingestRules } from "./ingest-rules.ts";
import { type Effort, percentile, type Results } from "./measurement.ts";
import { RingbellProcess } from "./ringbell-process.ts";
import { benchSlice } from "./slices.ts";

const SERVICES = 100;

/**
 * From the start of `ringbell run` (the bundle, an empty data directory, a hundred rules) to the first 200 of `/readyz`, which
 * comes when a hundred slices have been listed from the simulator. Asked every 2 ms. The median, after one start that warms the
 * machine's file cache.
 */
export async function measureStartup(bundle: Bundle, { quick }: Effort): Promise<Results["startup"]> {
  const api = await startApiServer({ clock: systemClock });
  for (let index = 0; index < SERVICES; index++) {
    api.store.put(benchSlice({ index, endpoints: 3, version: index + 2 }));
  }
  const times: number[] = [];
  for (let i = 0; i <= (quick ? 3 : 5); i++) {
    await using ringbell = await RingbellProcess.start({
      bundle: bundle.path,
      server: api.url,
      rules: ingestRules(3, "http://127.0.0.1:9/never-asked"),
    });
    times.push(ringbell.readyMs);
  }
  await api.close();
  return { readyMs: Math.round(percentile(times.slice(1), 0.5)) };
}
