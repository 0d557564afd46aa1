import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { ObjectRecord } from "../../src/cluster/decode-record.ts";
import { planObjects } from "../../src/cluster/object-plan.ts";
import { planWatches, type WatchScope } from "../../src/cluster/watch-plan.ts";
import { readHistory } from "../../src/rehearsal/recorded-history.ts";
import { RecordingError } from "../../src/rehearsal/recording-lines.ts";
import { Recorder } from "../../src/rehearsal/recorder.ts";
import type { RecordedEvent } from "../../src/rehearsal/recording-format.ts";
import { endpoint, slice } from "../support/slices.ts";

const START_MS = Date.UTC(2026, 0, 1);
const SCOPES = planWatches([
  { source: "endpointslices", namespace: "data", service: "cassandra" },
  { source: "endpoints", namespace: "shop", service: undefined },
]);
const A = slice("a", [endpoint("c-0"), endpoint("c-1", { serving: false, zone: "z", node: "n" })], {
  triggerTimeMs: 7,
  serviceLabels: { app: "c" },
});
const B = slice("b", []);

/** A recording of these events: [milliseconds, scope, event]. */
function recording(
  events: readonly (readonly [number, number, RecordedEvent])[],
  endMs = 60_000,
  scopes: readonly WatchScope[] = SCOPES,
): string {
  const lines: string[] = [];
  const recorder = new Recorder({
    version: "test",
    startedAtMs: START_MS,
    scopes,
    write: (line) => void lines.push(line),
  });
  for (const [atMs, scope, event] of events) recorder.event(scope, event, START_MS + atMs);
  recorder.end(START_MS + endMs);
  return lines.join("");
}

const listed = (...slices: (typeof A)[]): RecordedEvent => ({ kind: "listed", slices });
const read = (content: string | Buffer) => readHistory("r.jsonl", () => Buffer.from(content));
const play = (content: string | Buffer) => [...read(content).moments()];
const COMPLETE = recording([
  [10, 0, listed(A)],
  [20, 1, listed()],
  [500, 0, { kind: "changed", slice: B }],
  [700, 0, { kind: "deleted", key: A.key }],
]);

describe("a recording that was just written", () => {
  test("reads back as it happened", () => {
    const history = read(COMPLETE);
    expect(history).toMatchObject({
      startMs: START_MS + 20,
      endMs: START_MS + 60_000,
      events: 4,
      warnings: [],
    });
    expect(history.scopes?.map(({ id }) => id)).toEqual(SCOPES.map(({ id }) => id));
    expect([...history.moments()]).toEqual([
      {
        kind: "writes",
        atMs: START_MS + 10,
        source: "endpointslices",
        writes: [{ kind: "changed", slice: A }],
      },
      {
        kind: "writes",
        atMs: START_MS + 500,
        source: "endpointslices",
        writes: [{ kind: "changed", slice: B }],
      },
      {
        kind: "writes",
        atMs: START_MS + 700,
        source: "endpointslices",
        writes: [{ kind: "deleted", key: A.key }],
      },
    ]);
  });

  test("reads the same when it is compressed, and twice", () => {
    const history = read(gzipSync(COMPLETE));
    expect([...history.moments()]).toEqual(play(COMPLETE));
    expect([...history.moments()]).toEqual([...history.moments()]);
  });

  test("says of a later list what is gone since", () => {
    const moments = play(
      recording([
        [0, 0, listed(A, B)],
        [900, 0, listed(B)],
      ]),
    );
    expect(moments[1]).toEqual({
      kind: "writes",
      atMs: START_MS + 900,
      source: "endpointslices",
      writes: [
        { kind: "deleted", key: A.key },
        { kind: "changed", slice: B },
      ],
    });
  });

  test("shows what differs from before, and only that as new", () => {
    const [joined, labelled] = [
      { ...A, endpoints: [...A.endpoints, endpoint("c-2")] },
      { ...A, serviceLabels: { app: "d" } },
    ];
    const moments = play(
      recording([
        [0, 0, listed(A)],
        [1, 0, { kind: "changed", slice: joined }],
        [2, 0, { kind: "changed", slice: labelled }],
        [3, 0, { kind: "changed", slice: labelled }],
      ]),
    );
    const slices = moments.flatMap((moment) => (moment.kind === "writes" ? moment.writes : []));
    const [first, second, third, last] = slices.map((write) => (write.kind === "changed" ? write.slice : A));
    expect([second, third, last]).toEqual([joined, labelled, labelled]);
    expect(second?.endpoints[0]).toBe(first?.endpoints[0]);
    expect(second?.serviceLabels).toBe(first?.serviceLabels);
    expect(last).toBe(third);
  });

  test("never goes back in time, though the clock may", () => {
    const moments = play(
      recording([
        [50, 0, listed(A)],
        [20, 0, { kind: "changed", slice: B }],
      ]),
    );
    expect(moments.map(({ atMs }) => atMs)).toEqual([START_MS + 50]);
  });

  test("begins when all is listed, and does not wait for it for ever", () => {
    const late = recording([
      [5, 0, listed(A)],
      [45_000, 1, listed()],
    ]);
    expect(read(late).startMs).toBe(START_MS + 30_005);
    const never = recording([[5, 0, listed(A)]]);
    expect(read(never)).toMatchObject({
      startMs: START_MS + 5,
      warnings: [`${SCOPES[1]?.id} was never listed: nothing is known of it`],
    });
    expect(read(recording([])).startMs).toBe(START_MS);
  });

  test("is silent from the last sign of life on while all watches are blind, until one is heard", () => {
    const moments = play(
      recording([
        [0, 0, listed()],
        [0, 1, listed()],
        [60_000, 0, { kind: "blind", sinceMs: 1_000 }],
        [61_000, 1, { kind: "blind", sinceMs: 2_000, why: "no answer" }],
        [70_000, 1, listed()],
        [71_000, 0, listed(A)],
      ]),
    );
    expect(moments).toMatchObject([
      { kind: "silent", atMs: START_MS + 2_000 },
      { kind: "heard", atMs: START_MS + 70_000 },
      { kind: "writes", atMs: START_MS + 71_000 },
    ]);
  });

  test("is not silent while one watch of two is blind", () => {
    const moments = play(recording([[60_000, 0, { kind: "blind", sinceMs: 1_000 }]]));
    expect(moments).toEqual([]);
  });

  test("plays other objects, too, and says of a later list which are gone", () => {
    const pods = planObjects([{ need: "workloads", namespace: "data" }]).filter(({ kind }) => kind === "Pod");
    const pod = (name: string): ObjectRecord =>
      ({ kind: "Pod", key: `data/${name}`, namespace: "data", name, phase: "Running" }) as ObjectRecord;
    const text = recording(
      [
        [0, 0, { kind: "listed", objects: [pod("a"), pod("b")] }],
        [100, 0, { kind: "changed", object: pod("c") }],
        [200, 0, { kind: "deleted", key: "data/a", last: pod("a") }],
        [300, 0, { kind: "listed", objects: [pod("c")] }],
      ],
      60_000,
      pods,
    );
    expect(play(text).map((moment) => (moment.kind === "objects" ? moment.writes : []))).toEqual([
      [
        { kind: "changed", object: pod("a") },
        { kind: "changed", object: pod("b") },
      ],
      [{ kind: "changed", object: pod("c") }],
      [{ kind: "deleted", key: "data/a", last: pod("a") }],
      [
        { kind: "deleted", key: "data/b", last: pod("b") },
        { kind: "changed", object: pod("c") },
      ],
    ]);
  });
});

describe("a recording that is damaged", () => {
  test("is read as far as it goes when it was cut off", () => {
    const whole = COMPLETE.trimEnd().split("\n");
    const cut = `${whole.slice(0, 4).join("\n")}\n${whole[4]?.slice(0, 30)}`;
    expect(read(cut)).toMatchObject({
      endMs: START_MS + 500,
      warnings: ["the recording was cut off: its last line is missing"],
    });
    expect(play(cut)).toHaveLength(2);
  });

  test.each([
    ["a line in the middle", COMPLETE.replace(/\n\{"t":500.*\n/, "\nrubbish\n"), "line 4: it is not JSON"],
    ["a line without a time", COMPLETE.replace('"t":500', '"x":500'), "line 4: wanted t, s and event"],
    ["an unknown scope", COMPLETE.replace('"t":500,"s":0', '"t":500,"s":9'), "line 4: there is no scope 9"],
    [
      "another format",
      COMPLETE.replace('Recording":1', 'Recording":2'),
      "its format is 2, this version of Ringbell reads 1",
    ],
    [
      "a header without scopes",
      COMPLETE.replace('"scopes"', '"scoped"'),
      "its first line lacks startedAt or scopes",
    ],
  ])("%s is told with its place", (_what, text, message) => {
    expect(() => play(text)).toThrow(RecordingError);
    expect(() => play(text)).toThrow(`Cannot read recording r.jsonl: ${message}`);
  });

  test("half a compressed file is told", () => {
    const half = gzipSync(COMPLETE).subarray(0, 100);
    expect(() => read(half)).toThrow("its compression is damaged or cut off");
  });
});

describe("a recorded watch of the API itself", () => {
  const path = (file: string) => new URL(`../fixtures/recordings/${file}`, import.meta.url);
  const raw = (file: string) => readHistory(file, (name) => readFileSync(path(name)));

  test.each([
    "rolling-restart.endpointslices.jsonl",
    "scale-0-250.endpointslices.jsonl.gz",
    "rolling-restart.endpoints.jsonl",
  ])("%s is a history, too", (file) => {
    const history = raw(file);
    const moments = [...history.moments()];
    const writes = moments.flatMap((moment) => (moment.kind === "writes" ? moment.writes : []));
    expect(writes).toHaveLength(history.events);
    expect(moments.length).toBeGreaterThan(10);
    expect(moments.every(({ atMs }, i) => atMs >= (moments[i - 1]?.atMs ?? 0))).toBe(true);
    expect(moments.at(-1)?.atMs).toBeLessThanOrEqual(history.endMs);
    expect(history.scopes).toBeUndefined();
  });

  test("without its times is told what is wanted", () => {
    expect(() => readHistory("some.txt", () => Buffer.from("{}\n"))).toThrow(
      "Cannot read recording some.txt: it is none of ringbell record",
    );
  });
});
