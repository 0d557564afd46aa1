import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, onTestFinished, test } from "vitest";
import type { ApiConnection } from "../../src/cluster/api-connection.ts";
import { startReflector } from "../../src/cluster/reflector.ts";
import type { Slice } from "../../src/cluster/slice.ts";
import { planWatches, type Scope } from "../../src/cluster/watch-plan.ts";
import { silentLogger } from "../../src/runtime/logger.ts";
import { VirtualClock } from "../../src/runtime/virtual-clock.ts";
import { endOfList, line, sliceJson, until } from "../support/scripted-api.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const [SCOPE] = planWatches([{ source: "endpointslices", namespace: undefined, service: undefined }]) as [
  Scope,
];
const SLICES = 1000;
const MIB = 2 ** 20;

/** A slice of three endpoints in 16 kB of JSON. */
function bigSlice(index: number): object {
  const addresses = [1, 2, 3].map((last) => `10.${index}.0.${last}`);
  return { padding: "x".repeat(16 * 1024), ...sliceJson(`slice-${index}`, String(index), ...addresses) };
}

/** Gives 1,000 of them in whatever way it is asked, and keeps nothing itself. */
const connection: ApiConnection = {
  get: async () => ({
    status: 200,
    retryAfter: undefined,
    body: Buffer.from(
      JSON.stringify({
        metadata: { resourceVersion: "5000" },
        items: Array.from({ length: SLICES }, (_, index) => bigSlice(index)),
      }),
    ),
  }),
  stream: async (_path, query, signal) => ({
    status: 200,
    retryAfter: undefined,
    body: events(query, signal),
  }),
  close: async () => undefined,
};

async function* events(query: object, signal: AbortSignal): AsyncGenerator<readonly Buffer[]> {
  const type = "sendInitialEvents" in query ? "ADDED" : "MODIFIED";
  let rest = "";
  for (let index = 0; index < SLICES; index++) {
    // The end of one line comes together with the start of the next.
    const text = rest + line(type, bigSlice(index));
    yield [Buffer.from(text.slice(0, -200))];
    rest = text.slice(-200);
  }
  yield [Buffer.from(rest + endOfList("6000"))];
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
}

function usedMiB(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / MIB;
}

test.each([[false], [true]])(
  "only slices are kept, and nothing of the text they came in (streamed list: %s)",
  async (streamLists) => {
    const before = usedMiB();
    const slices = new Map<string, Slice>();
    const reflector = startReflector({
      scope: SCOPE,
      connection,
      clock: new VirtualClock(0),
      random: () => 0,
      logger: silentLogger,
      streamLists,
      onEvent(event) {
        if (event.kind === "changed") slices.set(event.slice.key, event.slice);
        if (event.kind === "listed") for (const slice of event.slices) slices.set(slice.key, slice);
      },
    });
    onTestFinished(() => reflector.stop());
    await until(() => reflector.status().resourceVersion === "6000" && reflector.status().watching);
    expect(slices.size).toBe(SLICES);
    // Their own part is about 1.5 MiB; the text was 16 MiB once or twice. Buffers are freed some time after the collection.
    await until(() => usedMiB() - before < 5, "no more than the slices is kept");
  },
);
