import { describe, expect } from "vitest";
import { faultTest, startFaultTest } from "../../support/fault-stage.ts";

describe("lists as the first part of a watch (WatchList)", () => {
  startFaultTest("the server refuses streamed lists with 422", "1 s", () => undefined, {
    api: { watchList: "invalid" },
  });

  startFaultTest("the server refuses streamed lists with 400", "1 s", () => undefined, {
    api: { watchList: "badRequest" },
  });

  startFaultTest("the server ignores the wish for a streamed list", "11 s", () => undefined, {
    api: { watchList: "ignored" },
  });

  for (const [name, then, within] of [
    ["the first streamed list ends after one slice of two", "end", "1 s"],
    ["the first streamed list is reset after one slice of two", "reset", "1 s"],
    ["the first streamed list is silent after one slice of two", "silence", "11 s"],
  ] as const) {
    startFaultTest(name, within, (stage) => stage.faults.nextWatchLists(1, { initialEvents: 1, then }));
  }

  for (const [name, then, within] of [
    ["a streamed list ends after one slice of two", "end", "1 s"],
    ["a streamed list is reset after one slice of two", "reset", "1 s"],
    ["a streamed list is silent after one slice of two", "silence", "11 s"],
  ] as const) {
    faultTest(name, within, async (stage) => {
      stage.faults.nextWatchLists(1, { initialEvents: 1, then });
      stage.faults.sendError(410);
      stage.change();
      await stage.pass(1);
      // Half a list is no list: nobody has left.
      expect(stage.rings.seen.length).toBeGreaterThanOrEqual(4);
    });
  }

  faultTest("a streamed list has all slices, but not the bookmark that ends it", "11 s", (stage) => {
    stage.faults.nextWatchLists(1, { initialEvents: Infinity, then: "silence" });
    stage.faults.sendError(410);
    stage.change();
  });

  faultTest("a streamed list drips (slow loris)", "31 s", (stage) => {
    stage.faults.nextWatchLists(1, { shape: { chunkBytes: [16], everyMs: 1000 } });
    stage.faults.sendError(410);
    stage.change();
  });
});
