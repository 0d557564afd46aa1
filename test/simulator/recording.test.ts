import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../src/runtime/virtual-clock.ts";
import { initialObjects, type RecordedList } from "../../src/simulator/initial-objects.ts";
import { ObjectStore } from "../../src/simulator/object-store.ts";
import { playEvents } from "../../src/simulator/play.ts";
import { mergeRecordings, parseRecording } from "../../src/simulator/recording.ts";
import type { ApiObject } from "../../src/simulator/resources.ts";
import { fixture, recording } from "./watch-client.ts";

/** Like `web-0:TTF`: ready, serving, terminating. */
const states = (object: ApiObject | undefined): string[] =>
  (
    (object?.["endpoints"] ?? []) as { conditions: Record<string, boolean>; targetRef: { name: string } }[]
  ).map(
    ({ conditions, targetRef }) =>
      `${targetRef.name}:${["ready", "serving", "terminating"].map((key) => (conditions[key] ? "T" : "F")).join("")}`,
  );

describe("a recording", () => {
  test("is read with its times, also when it is compressed", () => {
    const small = recording("rolling-restart.endpointslices");
    expect(small).toMatchObject({
      startedAtMs: Date.parse("2026-11-21T20:40:33.730Z"),
      status: 200,
      endedBy: "client",
      endMs: 11_959,
      initialEvents: 0,
    });
    expect(small.events).toHaveLength(20);
    expect(small.events[0]).toMatchObject({ atMs: 473, type: "MODIFIED" });
    expect(recording("scale-250-80.endpointslices").events.length).toBeGreaterThan(100);
    expect(recording("gone-watch.endpointslices")).toMatchObject({
      endedBy: "server",
      events: [{ type: "ERROR" }],
    });
  });

  test("whose lines and times do not fit is refused", () => {
    const meta = fixture("rolling-restart.endpointslices.meta.json");
    expect(() => parseRecording(Buffer.from('{"type":"ADDED","object":{}}\n'), meta)).toThrow(
      /^Cannot read recording of GET .*: 1 lines, but 20 times in its meta.json$/,
    );
  });

  test("of slices and Endpoints merges into one rising story", () => {
    const merged = mergeRecordings(recording("create.endpointslices"), recording("create.endpoints"));
    const store = new ObjectStore();
    for (const { type, object } of merged) store.append({ type: type as "ADDED", object });
    expect(store.version).toBe(9_641);
    expect(new Set(merged.map(({ object }) => object.kind)).size).toBe(2);
  });

  test("is played at its own pace, or faster", () => {
    const clock = new VirtualClock(0);
    const store = new ObjectStore();
    const { events } = recording("timeout-130s.endpointslices");
    const versions: [number, number][] = [];
    store.subscribe(({ version }) => versions.push([clock.now(), version]));
    playEvents(clock, store, events, 2);
    clock.advanceTo(70_000);
    // Recorded at 20,143 ms; clocks show whole milliseconds.
    expect(versions).toEqual([[10_072, 19_947]]);
    expect(store.version).toBe(19_996);
  });

  test("stops being played on demand", () => {
    const clock = new VirtualClock(0);
    const store = new ObjectStore();
    const stop = playEvents(clock, store, recording("rolling-restart.endpointslices").events);
    clock.advanceTo(473);
    stop();
    clock.advanceTo(100_000);
    expect(store.version).toBe(10_173);
  });
});

describe("the state before", () => {
  const ready = (...ordinals: number[]): string[] => ordinals.map((ordinal) => `web-${ordinal}:TTF`);

  test.each([
    ["rolling-restart", ready(0, 1, 2, 3, 4)],
    ["not-ready-and-back", ready(0, 1, 2, 3, 4)],
    ["service-changed", ready(0, 1, 2, 3, 4)],
    ["service-deleted", ready(0, 1, 2, 3, 4)],
    ["pod-failed", ready(0, 1, 2, 3, 4)],
    ["publish-not-ready", []],
  ])("of %s is guessed", (name, expected) => {
    expect(initialObjects(recording(`${name}.endpointslices`)).map(states)).toEqual([expected]);
  });

  test("of create is nothing, since it begins with ADDED", () => {
    expect(initialObjects(recording("create.endpointslices"))).toEqual([]);
  });

  test("of a guess is one generation back, at the version that the watch began from", () => {
    const [object] = initialObjects(recording("pod-failed.endpointslices"));
    expect(object?.metadata).toMatchObject({ resourceVersion: "11637", generation: 11 });
    expect(object?.metadata).not.toHaveProperty("annotations");
    const [born] = initialObjects(recording("publish-not-ready.endpointslices"));
    expect(born).toMatchObject({ endpoints: null, ports: null, metadata: { generation: 1 } });
  });

  test("of three slices is three slices", () => {
    const objects = initialObjects(recording("scale-250-80.endpointslices"));
    expect(objects.map((object) => states(object).length)).toEqual([100, 100, 50]);
    expect(objects.flatMap(states).every((state) => state.endsWith(":TTF"))).toBe(true);
  });

  test("of a stream that told it is what it told", () => {
    const { events, initialEvents } = recording("watch-rv-0.endpointslices");
    expect(initialObjects(recording("watch-rv-0.endpointslices"))).toEqual(
      events.slice(0, initialEvents - 1).map(({ object }) => object),
    );
  });

  test("is the list that was taken before, where there is one", () => {
    const before = JSON.parse(fixture("slices-merge.before.json")) as RecordedList;
    const objects = initialObjects(recording("slices-merge.endpointslices"), before);
    expect(objects.map((object) => [object.kind, states(object).length])).toEqual([
      ["EndpointSlice", 14],
      ["EndpointSlice", 66],
    ]);
  });

  test("of Endpoints has the addresses that were not ready among the others", () => {
    const [object] = initialObjects(recording("not-ready-and-back.endpoints"));
    expect(object).toMatchObject({ subsets: [{ addresses: { length: 5 } }] });
    expect(JSON.stringify(object)).not.toContain("notReadyAddresses");
  });
});
