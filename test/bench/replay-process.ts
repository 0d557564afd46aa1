/** The process that is measured for replay: with the memory limits of a real one. */
import "../../src/runtime/young-generation.ts";
import { performance } from "node:perf_hooks";
import { gzipSync } from "node:zlib";
import { decodeObject } from "../../src/cluster/list-slices.ts";
import type { Slice } from "../../src/cluster/slice.ts";
import { planWatches } from "../../src/cluster/watch-plan.ts";
import { destinationKinds } from "../../src/destinations/registry.ts";
import { Recorder } from "../../src/rehearsal/recorder.ts";
import { readHistory } from "../../src/rehearsal/recorded-history.ts";
import { replay } from "../../src/rehearsal/replay.ts";
import { formatProblems } from "../../src/rules/format-problems.ts";
import { loadRules, type RulesFile } from "../../src/rules/load-rules.ts";
import { serveParent } from "./child.ts";
import { ingestRules } from "./ingest-rules.ts";
import { round } from "./measurement.ts";
import { benchSlice } from "./slices.ts";

const SERVICES = 1_000;
const ENDPOINTS = 3;
const EVENTS = 100_000;
const HOUR_MS = 3_600_000;
const STARTED_MS = Date.UTC(2026, 10, 21);

serveParent(({ rounds }: { readonly rounds: number }) => {
  const bytes = gzipSync(recordedHour());
  const file = rulesFile();
  const seconds: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const startMs = performance.now();
    const history = readHistory("hour.jsonl.gz", () => bytes);
    const { sent } = replay(file, history);
    if (sent.length === 0) throw new Error("Cannot measure replay: nothing was sent");
    seconds.push((performance.now() - startMs) / 1000);
  }
  return Promise.resolve({ hour: round(Math.min(...seconds), 2) });
});

function recordedHour(): Buffer {
  const lines: string[] = [];
  const recorder = new Recorder({
    version: "bench",
    startedAtMs: STARTED_MS,
    scopes: planWatches([{ source: "endpointslices", namespace: undefined, service: undefined }]),
    write: (line) => void lines.push(line),
  });
  const slices = Array.from({ length: SERVICES }, (_, index) => sliceOf(index, 0, undefined));
  recorder.event(0, { kind: "listed", slices }, STARTED_MS);
  for (let i = 0; i < EVENTS; i++) {
    const pass = Math.floor(i / SERVICES);
    const slice = sliceOf(i % SERVICES, pass + 1, pass % 2 === 0 ? pass % ENDPOINTS : undefined);
    recorder.event(0, { kind: "changed", slice }, STARTED_MS + Math.ceil(((i + 1) * HOUR_MS) / EVENTS));
  }
  recorder.end(STARTED_MS + HOUR_MS);
  return Buffer.from(lines.join(""));
}

function sliceOf(index: number, pass: number, unready: number | undefined): Slice {
  const object = benchSlice({
    index,
    endpoints: ENDPOINTS,
    version: index + pass * SERVICES + 1,
    ...(unready !== undefined && { unready }),
  });
  const decoded = decodeObject("endpointslices", object, () => undefined);
  if (decoded.kind !== "slice") throw new Error(decoded.issue);
  return decoded.slice;
}

function rulesFile(): RulesFile {
  const loaded = loadRules(ingestRules(ENDPOINTS, "http://127.0.0.1:9/"), "bench.yaml", destinationKinds);
  if (!loaded.ok) throw new Error(formatProblems(loaded.problems, false));
  return loaded.file;
}
