import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { systemClock } from "../../src/runtime/clock.ts";
import { startApiServer } from "../../src/simulator/api-server.ts";
import type { Bundle } from "./bundle.ts";
import { ingestRules } from "./ingest-rules.ts";
import { type Results, round } from "./measurement.ts";
import { RingbellProcess } from "./ringbell-process.ts";
import { benchSlice } from "./slices.ts";

/** What memory-probe.mjs answers, in bytes. */
interface MemoryUse {
  /** As found. */
  readonly rssBefore: number;
  /** After garbage collection. */
  readonly rss: number;
  readonly heapUsed: number;
}

const SERVICES = 10_000;
const PROBE = pathToFileURL(join(import.meta.dirname, "memory-probe.mjs")).href;

/**
 * What `ringbell run` (the bundle, a fresh process, a hundred rules) holds once it has listed 10,000 slices of three endpoints, all
 * of them selected by some rule, after garbage collection. `asFound` is the RSS before that collection, right after the list.
 */
export async function measureMemory(
  bundle: Bundle,
): Promise<{ readonly memory: Results["memory"]; readonly asFoundMiB: number }> {
  const api = await startApiServer({ clock: systemClock });
  for (let index = 0; index < SERVICES; index++) {
    api.store.put(benchSlice({ index, endpoints: 3, version: index + 2 }));
  }
  await using ringbell = await RingbellProcess.start({
    bundle: bundle.path,
    server: api.url,
    rules: ingestRules(3, "http://127.0.0.1:9/never-asked"),
    execArgv: ["--expose-gc", "--import", PROBE],
  });
  const { rssBefore, rss, heapUsed } = await ringbell.ask<MemoryUse>({});
  await api.close();
  return { memory: { rssMiB: mib(rss), heapMiB: mib(heapUsed) }, asFoundMiB: mib(rssBefore) };
}

function mib(bytes: number): number {
  return round(bytes / 2 ** 20, 1);
}
