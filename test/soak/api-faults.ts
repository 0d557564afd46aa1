import type { Random } from "../../src/runtime/random.ts";
import type { ApiServer } from "../../src/simulator/api-server.ts";
import type { RequestFault } from "../../src/simulator/faults.ts";

/** What a fault needs; `later` does something after so many milliseconds, at the latest when the soak calms down. */
export interface FaultStage {
  readonly api: ApiServer;
  readonly random: Random;
  readonly later: (ms: number, work: () => void) => void;
}

type Fault = (stage: FaultStage) => void | Promise<void>;

const REQUEST_FAULTS: readonly RequestFault[] = [
  { status: 500 },
  { status: 503 },
  { status: 504 },
  { status: 410 },
  { status: 401 },
  { status: 403 },
  { status: 429, headers: { "retry-after": "1" } },
  { delayMs: 2_000 },
  "reset",
  "close",
  "noHeaders",
  "hang",
  "truncate",
  "endAtOnce",
  "notJson",
  "closeAfter",
  "closeReused",
  { shape: { gzip: true } },
];
/** How long an outage lasts at most. */
const OUTAGE_MS = 8_000;

const some =
  ({ random }: FaultStage) =>
  (): boolean =>
    random() < 0.4;
const oneOf = <T>(random: Random, all: readonly T[]): T | undefined => all[Math.floor(random() * all.length)];

/** Every fault of the simulator that tells no lies, by name. */
export const API_FAULTS: Readonly<Record<string, Fault>> = {
  "lists fail": (stage) => failLists(stage),
  "watches fail": (stage) => failWatches(stage),
  "watches break and lists fail": (stage) => {
    failLists(stage);
    failWatches(stage);
    stage.api.faults.resetWatches(some(stage));
  },
  "watches reset": (stage) => stage.api.faults.resetWatches(some(stage)),
  "all watches reset": ({ api }) => api.faults.resetWatches(),
  "watches end": (stage) => stage.api.faults.endWatches(some(stage)),
  "watches abort": (stage) => stage.api.faults.abortWatches(some(stage)),
  "watches end within a line": (stage) => stage.api.faults.endMidLine(undefined, some(stage)),
  "watches freeze and go on": (stage) => {
    stage.api.faults.freezeWatches(some(stage));
    stage.later(stage.random() * 20_000, () => stage.api.faults.thawWatches());
  },
  "watches freeze and are reset": (stage) => {
    stage.api.faults.freezeWatches(some(stage));
    stage.later(stage.random() * 20_000, () => stage.api.faults.resetWatches(({ frozen }) => frozen));
  },
  "a watch freezes for good": (stage) => {
    const watches = stage.api.openWatches();
    const chosen = oneOf(stage.random, watches);
    stage.api.faults.freezeWatches((watch) => watch === chosen);
  },
  "ERROR 410": (stage) => stage.api.faults.sendError(410, { which: some(stage) }),
  "ERROR 500": (stage) => stage.api.faults.sendError(500, { which: some(stage) }),
  "ERROR 429 without an end": (stage) => stage.api.faults.sendError(429, { end: false, which: some(stage) }),
  "a line of rubbish": (stage) => stage.api.faults.sendLine('{"type":"MODIFIED","object":', some(stage)),
  "an unknown type": (stage) => stage.api.faults.sendLine('{"type":"RENAMED","object":{}}', some(stage)),
  "a raw U+2028": (stage) => {
    const metadata = { name: "\u2028", resourceVersion: stage.api.currentResourceVersion() };
    stage.api.faults.sendLine(JSON.stringify({ type: "BOOKMARK", object: { metadata } }), some(stage));
  },
  bookmarks: ({ api }) => api.faults.sendBookmark(),
  "events again": (stage) => stage.api.faults.repeatEvents(stage.api.store.version - 20, some(stage)),
  "answers from the past": (stage) => {
    const asOf = Math.max(stage.api.store.compactedVersion, stage.api.store.version - 20);
    stage.api.faults.nextLists(2, { asOf });
    stage.api.faults.sendError(410, { which: some(stage) });
    stage.later(5_000, () => stage.api.faults.clear());
  },
  "streamed lists break off": (stage) => {
    const then = oneOf(stage.random, ["end", "reset", "silence"] as const) ?? "end";
    stage.api.faults.nextWatchLists(2, { initialEvents: 3, then });
    stage.api.faults.sendError(410, { which: some(stage) });
    stage.later(5_000, () => stage.api.faults.clear());
  },
  "a wrong clock": (stage) => {
    stage.api.faults.skewClock((stage.random() - 0.5) * 7_200_000);
    stage.later(10_000, () => stage.api.faults.skewClock(0));
  },
  "history compacted": ({ api }) => api.store.compact(),
  "history compacted and watches reset": ({ api }) => {
    api.store.compact();
    api.faults.resetWatches();
  },
  "bytes in small pieces": (stage) => shape(stage, [1, 7, 3]),
  "bytes in slow pieces": (stage) => shape(stage, [8_192], 2),
  "no new connections": async (stage) => {
    await stage.api.faults.stopListening();
    stage.later(1_000 + stage.random() * OUTAGE_MS, () => void stage.api.faults.startListening());
  },
  "server killed": async (stage) => {
    await stage.api.faults.kill();
    stage.later(1_000 + stage.random() * OUTAGE_MS, () => void stage.api.faults.startListening());
  },
};

/** Faults that stop the server: one at a time. */
export const OUTAGES: ReadonlySet<string> = new Set(["no new connections", "server killed"]);

function failLists({ api, random, later }: FaultStage): void {
  const fault = oneOf(random, REQUEST_FAULTS);
  if (fault !== undefined) api.faults.nextLists(1 + Math.floor(random() * 4), fault);
  later(5_000, () => api.faults.clear());
}

function failWatches({ api, random, later }: FaultStage): void {
  const fault = oneOf(random, REQUEST_FAULTS);
  if (fault !== undefined) api.faults.nextWatches(1 + Math.floor(random() * 4), fault);
  later(5_000, () => api.faults.clear());
}

function shape(stage: FaultStage, chunkBytes: readonly number[], everyMs?: number): void {
  stage.api.faults.shapeOutput({ chunkBytes, ...(everyMs !== undefined && { everyMs }) });
  stage.api.faults.endWatches(some(stage));
  stage.later(5_000, () => stage.api.faults.shapeOutput(undefined));
}
