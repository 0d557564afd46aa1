import { describe, expect } from "vitest";
import { faultTest } from "../../support/fault-stage.ts";

describe("a watch that breaks or ends", () => {
  faultTest("the connection is reset", "2 s", (stage) => {
    stage.faults.resetWatches();
    stage.change();
  });

  faultTest("the connection ends without the end of the answer", "2 s", (stage) => {
    stage.faults.abortWatches();
    stage.change();
  });

  faultTest("the last line is cut off", "1.1 s", (stage) => {
    stage.faults.endMidLine('{"type":"DELETED","object":{"metadata":{"name":"web-x","namespace":"data"}}}');
    stage.change();
  });

  faultTest("the server ends every watch at once", "50 s", async (stage) => {
    stage.faults.nextWatches(6, "endAtOnce");
    stage.faults.endWatches();
    await stage.pass(5000);
    stage.change();
  });

  faultTest("the server sends one event and ends, again and again", "2 s", async (stage) => {
    const line = JSON.stringify({ type: "MODIFIED", object: stage.api.store.list("endpointslices")[0] });
    stage.faults.nextWatches(10, { status: 200, body: `${line}\n` });
    const fromMs = stage.nowMs;
    stage.faults.endWatches();
    await stage.pass(9500);
    stage.change();
    await stage.pass(1500);
    const starts = stage.requests("watch", fromMs).map(({ atMs }) => atMs);
    expect(starts.length).toBeGreaterThan(8);
    expect(starts.every((atMs, index) => index === 0 || atMs - (starts[index - 1] ?? 0) >= 1000)).toBe(true);
  });

  faultTest("the server ends the watch at its time", "1.1 s", (stage) => {
    stage.faults.endWatches();
    stage.change();
  });
});

describe("a watch that is refused", () => {
  faultTest("HTTP 500", "24 s", (stage) => {
    stage.faults.nextWatches(3, { status: 500 });
    stage.faults.resetWatches();
    stage.change();
  });

  faultTest("HTTP 429 with Retry-After", "22 s", async (stage) => {
    stage.faults.nextWatches(1, { status: 429, headers: { "Retry-After": "20" } });
    stage.faults.resetWatches();
    await stage.pass(2000);
    const fromMs = stage.nowMs;
    stage.change();
    await stage.pass(17_000);
    expect(stage.requests("watch", fromMs)).toEqual([]);
  });

  faultTest("HTTP 401", "11.2 s", (stage) => {
    stage.faults.nextWatches(2, { status: 401 });
    stage.faults.resetWatches();
    stage.change();
  });

  faultTest(
    "HTTP 403, until the permission is back",
    "2 min",
    async (stage) => {
      stage.faults.nextWatches(Infinity, { status: 403 });
      stage.faults.nextLists(Infinity, { status: 403 });
      stage.faults.resetWatches();
      stage.change();
      await stage.pass(60_000);
      stage.faults.clear();
    },
    { notices: ["changed: 1 left, 1 replaced", "below: fire"] },
  );

  faultTest("HTTP 410 three times", "5 s", (stage) => {
    stage.faults.nextWatches(3, { status: 410 });
    stage.faults.resetWatches();
    stage.change();
  });

  faultTest("a proxy's page instead of a watch", "11.2 s", (stage) => {
    stage.faults.nextWatches(2, "notJson");
    stage.faults.resetWatches();
    stage.change();
  });

  faultTest("no answer to a watch", "35 s", (stage) => {
    stage.faults.nextWatches(1, "noHeaders");
    stage.faults.resetWatches();
    stage.change();
  });
});

describe("a connection that is taken away", () => {
  faultTest("the server sends its client away after the answer", "2 s", async (stage) => {
    stage.faults.nextWatches(2, "closeAfter");
    stage.faults.endWatches();
    await stage.pass(5000);
    stage.change();
    await stage.pass(500);
    stage.faults.endWatches();
  });

  faultTest("an idle connection is closed while a request is on its way", "5 s", async (stage) => {
    stage.faults.endWatches();
    await stage.pass(100);
    const fromMs = stage.nowMs;
    // This one has lasted less than a second: there is time for its connection to be idle.
    stage.faults.nextWatches(1, "closeReused");
    stage.faults.endWatches();
    stage.change();
    await stage.untilKnown();
    expect(stage.requests("watch", fromMs)).toHaveLength(2);
  });

  faultTest("the API server is killed and comes back", "50 s", async (stage) => {
    await stage.faults.kill();
    stage.change();
    await stage.pass(30_000);
    await stage.faults.startListening();
  });

  faultTest(
    "the API server stops: the watch goes silent, new connections are refused, then it ends",
    "2 min",
    async (stage) => {
      await stage.faults.stopListening();
      stage.faults.freezeWatches();
      stage.change();
      await stage.pass(60_000);
      stage.faults.abortWatches();
      await stage.pass(20_000);
      await stage.faults.startListening();
    },
  );
});
