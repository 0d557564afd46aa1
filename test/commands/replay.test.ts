import { describe, expect, test } from "vitest";
import { replayCommand, type ReplayOptions } from "../../src/commands/replay.ts";
import { planWatches } from "../../src/cluster/watch-plan.ts";
import { readHistory } from "../../src/rehearsal/recorded-history.ts";
import { Recorder } from "../../src/rehearsal/recorder.ts";
import { rulesFile } from "../support/rules-file.ts";
import { endpoint, slice } from "../support/slices.ts";

const START_MS = Date.UTC(2026, 0, 1);

/** c-1 is away for 20 s after 60 s, and from 120 s on until 300 s. */
const HISTORY = (() => {
  const lines: string[] = [];
  const recorder = new Recorder({
    version: "test",
    startedAtMs: START_MS,
    scopes: planWatches([{ source: "endpointslices", namespace: "data", service: "cassandra" }]),
    write: (line) => void lines.push(line),
  });
  const ring = (...names: string[]) =>
    slice(
      "a",
      names.map((name) => endpoint(name)),
    );
  recorder.event(0, { kind: "listed", slices: [ring("c-0", "c-1")] }, START_MS);
  const steps: [number, string[]][] = [
    [60, ["c-0"]],
    [80, ["c-0", "c-1"]],
    [120, ["c-0"]],
    [300, ["c-0", "c-1"]],
    [590, ["c-0"]],
  ];
  for (const [seconds, names] of steps)
    recorder.event(0, { kind: "changed", slice: ring(...names) }, START_MS + seconds * 1_000);
  recorder.end(START_MS + 600_000);
  return readHistory("hour.jsonl", () => Buffer.from(lines.join("")));
})();

const quorum = (hold: string, more = ""): string =>
  `\n  - { name: quorum, ring: { namespace: data, service: cassandra }, when: { readyBelow: 2 }, for: ${hold}${more} }\n`;

function run(options: Partial<ReplayOptions> & { readonly a?: string; readonly b?: string }) {
  let out = "";
  let err = "";
  const { a = quorum("30s"), b, ...rest } = options;
  replayCommand({
    history: HISTORY,
    recording: "hour.jsonl",
    rules: { path: "a.yaml", file: rulesFile(a) },
    other: b === undefined ? undefined : { path: "b.yaml", file: rulesFile(b) },
    json: false,
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    ...rest,
  });
  return { out, err };
}

describe("ringbell replay", () => {
  test("shows on a timeline what would have been sent, and what was held back", () => {
    expect(run({})).toEqual({
      err: "",
      out: `hour.jsonl: 6 events in 10m from 2026-01-01 00:00:00 UTC

00:01:20.000  +1m20s  (held back)  quorum data/cassandra  held for 20s, and for is 30s
00:02:30.000  +2m30s  fire         quorum data/cassandra  1 of 1 ready, wanted at least 2  to hook
00:05:00.000  +5m     resolve      quorum data/cassandra  2 of 2 ready, wanted at least 2  to hook

Not over at the end:
  quorum data/cassandra: pending since +9m50s, 1 of 1 ready, wanted at least 2, would fire in 20s

Sent 2 notices in 2 deliveries, held back 1
`,
    });
  });

  test("says so when there was nothing to say", () => {
    expect(run({ a: quorum("1h") }).out).toMatch(/Sent 0 notices in 0 deliveries, held back 2\n$/);
  });

  test("warns of rules about what was not recorded", () => {
    expect(run({ a: quorum("30s").replace("cassandra", "kafka") }).err).toBe(
      "Warning: endpointslices:data/kafka was not recorded: rules about it see no ring there\n",
    );
  });

  test("compares two rules files, and says why one was silent", () => {
    expect(run({ b: quorum("10s") }).out).toBe(`hour.jsonl: 6 events in 10m from 2026-01-01 00:00:00 UTC

Only b.yaml
00:01:10.000  +1m10s  fire     quorum data/cassandra  1 of 1 ready, wanted at least 2  to hook
                      (a.yaml: held for 20s, and for is 30s)
00:01:20.000  +1m20s  resolve  quorum data/cassandra  2 of 2 ready, wanted at least 2  to hook
                      (a.yaml: held for 20s, and for is 30s)
00:10:00.000  +10m    fire     quorum data/cassandra  1 of 1 ready, wanted at least 2  to hook

Both, in another way (as a.yaml says it, then how b.yaml differs)
00:02:30.000  +2m30s  fire  quorum data/cassandra  20s earlier

Only a.yaml: 0, only b.yaml: 3, both in another way: 1, both alike: 1
`);
  });

  test("finds no difference between a file and itself", () => {
    expect(run({ b: quorum("30s") }).out).toMatch(
      /UTC\n\nOnly a\.yaml: 0, only b\.yaml: 0, both in another way: 0, both alike: 2\n$/,
    );
  });

  test("gives programs JSON", () => {
    const told = JSON.parse(run({ json: true }).out) as Record<string, unknown>;
    expect(told).toMatchObject({
      recording: { path: "hour.jsonl", from: "2026-01-01T00:00:00.000Z", events: 6 },
      sent: [
        { at: "2026-01-01T00:02:30.000Z", to: ["hook"], notice: { kind: "fire", rule: "quorum" } },
        { notice: { kind: "resolve" } },
      ],
      heldBack: [{ at: "2026-01-01T00:01:20.000Z", since: "2026-01-01T00:01:00.000Z", rule: "quorum" }],
      standings: [{ phase: "pending", next: { at: "2026-01-01T00:10:20.000Z", what: "fire" } }],
    });
    const compared = JSON.parse(run({ json: true, b: quorum("10s") }).out) as Record<string, unknown>;
    expect(compared).toMatchObject({
      onlyA: [],
      onlyB: [{}, {}, {}],
      inAnotherWay: [{ a: { at: "2026-01-01T00:02:30.000Z" }, b: { at: "2026-01-01T00:02:10.000Z" } }],
      alike: 1,
    });
  });
});
