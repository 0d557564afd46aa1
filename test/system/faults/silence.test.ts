import { describe, expect } from "vitest";
import { faultTest } from "../../support/fault-stage.ts";

describe("a watch without a sign of life", () => {
  faultTest("the watch is half-open: nothing comes any more", "46 s", (stage) => {
    stage.faults.freezeWatches();
    stage.change();
  });

  faultTest("the watch drips (slow loris)", "32 s", async (stage) => {
    stage.faults.nextWatches(1, { shape: { chunkBytes: [1], everyMs: 1000 } });
    stage.faults.endWatches();
    await stage.pass(2000);
    stage.change();
  });
});

describe("a silent proxy", () => {
  faultTest(
    "a proxy swallows all for 50 s, and then lets it through",
    "51 s",
    async (stage) => {
      stage.proxy.silence();
      stage.change();
      await stage.pass(50_000);
      expect(stage.knows()).toBe(false);
      stage.proxy.resume();
    },
    { proxied: true },
  );

  faultTest(
    "a proxy swallows all for 50 s, and has forgotten the connections",
    "52 s",
    async (stage) => {
      stage.proxy.silence();
      stage.change();
      await stage.pass(50_000);
      stage.proxy.resumeWithoutMemory();
    },
    { proxied: true },
  );

  faultTest(
    "a proxy swallows answers",
    "52 s",
    async (stage) => {
      stage.proxy.silence("answers");
      stage.change();
      await stage.pass(50_000);
      stage.proxy.resume();
    },
    { proxied: true },
  );

  faultTest(
    "a proxy swallows requests and new connections, while the watch goes on",
    "1 s",
    async (stage) => {
      stage.proxy.silence("requests");
      stage.change();
      expect(await stage.untilKnown()).toBeLessThanOrEqual(1000);
      await stage.pass(40_000);
      stage.begins();
      stage.proxy.resume();
    },
    { proxied: true },
  );

  faultTest(
    "a proxy swallows all for ten minutes",
    "11 min",
    async (stage) => {
      stage.proxy.silence();
      stage.change();
      await stage.pass(600_000);
      stage.proxy.resume();
    },
    { proxied: true },
  );
});
