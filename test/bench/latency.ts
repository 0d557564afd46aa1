import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { performance } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";
import { systemClock } from "../../src/runtime/clock.ts";
import { startApiServer } from "../../src/simulator/api-server.ts";
import type { Bundle } from "./bundle.ts";
import { type Effort, percentile, type Results, round } from "./measurement.ts";
import { RingbellProcess } from "./ringbell-process.ts";
import { benchSlice } from "./slices.ts";

const SERVICES = 100;
/** Between one notice and the next event: time for the answer to be booked, as single events have it in life. */
const PAUSE_MS = 2;

/**
 * From the simulator's write of a watch event to the webhook's request, body and all, at its receiver: one event at a time, each
 * of which fires or resolves an alert without a hold. `ringbell run` of the bundle is a process of its own; simulator and receiver
 * are in this one.
 */
export async function measureLatency(bundle: Bundle, { quick }: Effort): Promise<Results["latency"]> {
  const api = await startApiServer({ clock: systemClock });
  let version = 2;
  const put = (index: number, isReady: boolean): void => {
    const unready = isReady ? {} : { unready: 1 };
    api.store.put(benchSlice({ index, endpoints: 3, version: version++, ...unready }));
  };
  for (let index = 0; index < SERVICES; index++) put(index, true);
  const receiver = await startLatencyReceiver();
  await using _ringbell = await RingbellProcess.start({
    bundle: bundle.path,
    server: api.url,
    rules: latencyRules(receiver.url),
  });
  await api.until(() => api.openWatches().length === 1);
  const warmUp = 500;
  const events = warmUp + (quick ? 1000 : 5000);
  const took: number[] = [];
  for (let i = 0; i < events; i++) {
    const arrival = receiver.next();
    const startMs = performance.now();
    put(i % SERVICES, Math.floor(i / SERVICES) % 2 === 1);
    took.push((await arrival) - startMs);
    await setTimeout(PAUSE_MS);
  }
  await api.close();
  receiver.close();
  const measured = took.slice(warmUp);
  return { p50Ms: round(percentile(measured, 0.5), 2), p99Ms: round(percentile(measured, 0.99), 2) };
}

function latencyRules(url: string): string {
  return `version: 1
destinations:
  hook: { webhook: { url: "${url}" } }
rules:
  - name: all-ready
    ring: { namespace: "*" }
    when: { readyBelow: 3 }
    notify: [hook]
`;
}

async function startLatencyReceiver() {
  let onArrival: (atMs: number) => void = () => undefined;
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => {
      onArrival(performance.now());
      response.end("ok");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    /** When the next request has come whole. */
    next: () => new Promise<number>((resolve) => (onArrival = resolve)),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
