import { describe, expect } from "vitest";
import { faultTest, type FaultStage } from "../../support/fault-stage.ts";

/** The events after a version as lines of a watch, not escaped as Go does it. */
function rawEvents({ api }: FaultStage, afterVersion: number, note: string): string {
  return (api.store.eventsAfter("endpointslices", afterVersion) ?? [])
    .map(({ type, object }) => {
      const metadata = { ...object.metadata, annotations: { note } };
      return `${JSON.stringify({ type, object: { ...object, metadata } })}\n`;
    })
    .join("");
}

/** A bookmark of now, as a line. */
function bookmarkOf({ api }: FaultStage): string {
  const metadata = { resourceVersion: api.currentResourceVersion() };
  const object = { kind: "EndpointSlice", apiVersion: "discovery.k8s.io/v1", metadata };
  return `${JSON.stringify({ type: "BOOKMARK", object })}\n`;
}

describe("an ERROR event", () => {
  faultTest("ERROR 410, and the server ends the watch", "1 s", (stage) => {
    stage.faults.sendError(410);
    stage.change();
  });

  faultTest("ERROR 410, and the watch stays open", "1 s", (stage) => {
    stage.faults.sendError(410, { end: false });
    stage.faults.freezeWatches();
    stage.change();
  });

  faultTest("ERROR 410, and then another event", "1 s", (stage) => {
    stage.faults.sendError(410, { end: false });
    stage.faults.sendBookmark(undefined, 999);
    stage.faults.freezeWatches();
    stage.change();
  });

  faultTest("ERROR 500, and the watch stays open", "2 s", (stage) => {
    stage.faults.sendError(500, { end: false });
    stage.faults.freezeWatches();
    stage.change();
  });
});

describe("lines and bytes", () => {
  faultTest("a change in lines that are not JSON", "5 s", (stage) => {
    const before = stage.api.store.version;
    stage.faults.resetWatches();
    stage.change();
    const halves = rawEvents(stage, before, "").replaceAll(/^(.{99}).*$/gm, "$1");
    // Whoever skips a line that he cannot read goes on from here, and never hears of it.
    stage.faults.nextWatches(1, { status: 200, body: halves + bookmarkOf(stage) });
  });

  faultTest("a line that is no event", "5 s", (stage) => {
    stage.faults.resetWatches();
    stage.change();
    stage.faults.nextWatches(1, { status: 200, body: `{"kind":"Unexpected"}\n${bookmarkOf(stage)}` });
  });

  faultTest("a raw U+2028 inside JSON", "2 s", async (stage) => {
    const before = stage.api.store.version;
    const fromMs = stage.nowMs;
    stage.faults.resetWatches();
    stage.change();
    stage.faults.nextWatches(1, { status: 200, body: rawEvents(stage, before, "a\u2028b\u2029c") });
    await stage.untilKnown();
    expect(stage.requests("watch", fromMs)).toHaveLength(1);
    expect(stage.requests("list", fromMs)).toEqual([]);
  });

  faultTest("every byte in a chunk of its own", "1 s", async (stage) => {
    const fromMs = stage.nowMs;
    stage.faults.shapeOutput({ chunkBytes: [1] });
    stage.faults.endWatches();
    stage.change();
    await stage.untilKnown();
    expect(stage.requests("list", fromMs)).toEqual([]);
  });

  faultTest("compressed answers, though nobody asked", "1 s", (stage) => {
    stage.faults.shapeOutput({ gzip: true });
    stage.faults.sendError(410);
    stage.change();
  });
});

describe("bookmarks and repetitions", () => {
  faultTest("after a bookmark the watch is resumed from there", "2 s", async (stage) => {
    stage.api.store.advanceTo(500);
    stage.faults.sendBookmark();
    await stage.pass(1000);
    const fromMs = stage.nowMs;
    stage.faults.resetWatches();
    stage.change();
    await stage.pass(2000);
    expect(stage.requests("watch", fromMs)).toMatchObject([{ version: "500" }]);
    expect(stage.requests("list", fromMs)).toEqual([]);
  });

  faultTest("a bookmark of a lower version", "2 s", async (stage) => {
    stage.change();
    await stage.pass(1);
    stage.faults.sendBookmark(undefined, stage.api.store.version - 4);
    await stage.pass(1);
    stage.faults.resetWatches();
  });

  faultTest("every event twice", "1 s", async (stage) => {
    const before = stage.api.store.version;
    stage.change();
    stage.faults.repeatEvents(before);
    await stage.pass(1000);
    stage.faults.repeatEvents(before);
  });

  faultTest("a watch repeats events that are older than the list", "1 s", async (stage) => {
    stage.change();
    await stage.pass(10_000);
    stage.begins();
    stage.faults.nextWatches(1, { asOf: stage.api.store.compactedVersion });
    stage.faults.sendError(410);
  });
});
