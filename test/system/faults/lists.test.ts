import { describe, expect } from "vitest";
import { faultTest, startFaultTest } from "../../support/fault-stage.ts";

describe("the first list", () => {
  startFaultTest("HTTP 500 to the first list", "11.2 s", (stage) => {
    stage.faults.nextLists(4, { status: 500 });
  });

  startFaultTest("connections are refused at the start", "110 s", async (stage) => {
    await stage.faults.kill();
    stage.system.clock.at(stage.nowMs + 60_000, () => void stage.faults.startListening());
  });

  startFaultTest("the first list hangs", "11 s", (stage) => {
    stage.faults.nextLists(1, "hang");
  });
});

describe("a list after the watch has expired", () => {
  faultTest("a deletion is missed while the watch is down", "11.2 s", async (stage) => {
    stage.faults.nextWatches(1, { status: 503, headers: { "Retry-After": "1" } });
    stage.faults.resetWatches();
    stage.change();
    stage.api.store.compact();
  });

  faultTest("HTTP 500 to the list", "24 s", (stage) => {
    stage.faults.nextLists(4, { status: 500 });
    stage.faults.sendError(410);
    stage.change();
  });

  faultTest("the list hangs", "11 s", (stage) => {
    stage.faults.nextLists(1, "hang");
    stage.faults.sendError(410);
    stage.change();
  });

  faultTest("no answer to the list", "11 s", (stage) => {
    stage.faults.nextLists(1, "noHeaders");
    stage.faults.sendError(410);
    stage.change();
  });

  faultTest("the list is cut off", "4 s", (stage) => {
    stage.faults.nextLists(2, "truncate");
    stage.faults.sendError(410);
    stage.change();
  });

  faultTest("a proxy's page instead of a list", "4 s", (stage) => {
    stage.faults.nextLists(2, "notJson");
    stage.faults.sendError(410);
    stage.change();
  });

  faultTest("the list drips (slow loris)", "64 s", (stage) => {
    stage.faults.nextLists(2, { shape: { chunkBytes: [16], everyMs: 1000 } });
    stage.faults.sendError(410);
    stage.change();
  });

  faultTest("the list is compressed, though nobody asked", "1 s", (stage) => {
    stage.faults.nextLists(2, { shape: { gzip: true } });
    stage.faults.sendError(410);
    stage.change();
  });

  for (const [name, sliceCapacity] of [
    ["the list is from before the watch (time travel)", 3],
    ["the list is from before the watch, of a ring in one slice", 100],
  ] as const) {
    faultTest(
      name,
      "4 s",
      async (stage) => {
        const before = stage.api.store.version;
        stage.change();
        await stage.pass(10_000);
        stage.begins();
        stage.faults.nextLists(2, { asOf: before });
        stage.faults.sendError(410);
        await stage.pass(0);
      },
      { sliceCapacity },
    );
  }

  faultTest("versions go back, as after a restore of etcd", "4 s", async (stage) => {
    stage.faults.sendBookmark(undefined, 900_000);
    await stage.pass(1000);
    stage.faults.sendError(410);
    stage.change();
  });

  faultTest("taking in the list fails in Ringbell itself", "11 s", (stage) => {
    stage.handlerError = new Error("a rule that cannot be judged");
    stage.faults.sendError(410);
    stage.change();
  });

  faultTest("taking in an event fails in Ringbell itself", "11 s", (stage) => {
    stage.handlerError = new Error("a rule that cannot be judged");
    stage.change();
  });
});

describe("clocks", () => {
  for (const [name, ms] of [
    ["the API server's clock is a year ahead", 31_536_000_000],
    ["the API server's clock is a year behind", -31_536_000_000],
  ] as const) {
    faultTest(name, "122 s", (stage) => {
      stage.faults.skewClock(ms);
      const header = { "Retry-After": new Date(stage.nowMs + ms).toUTCString() };
      stage.faults.nextWatches(1, { status: 429, headers: header });
      stage.faults.resetWatches();
      stage.play(stage.model.remove(stage.nowMs + ms, "web-4"));
      stage.play(stage.model.notReady(stage.nowMs + ms, "web-3"));
      stage.play(stage.model.replace(stage.nowMs - ms, "web-2"));
      expect(stage.rings.truth).toHaveLength(4);
    });
  }
});

describe("a Service that goes", () => {
  faultTest(
    "its slices are deleted one by one",
    "2 s",
    async (stage) => {
      stage.play(stage.model.deleteService(stage.nowMs, 400));
      await stage.pass(20_000);
      // Its Pods live on: they are in the new one at once.
      stage.play(stage.model.createService(stage.nowMs));
      await stage.pass(20_000);
      stage.change();
    },
    {
      notices: [
        "missing: fire",
        "changed: Service removed with its 5 members",
        "below: fire",
        "below: resolve",
        "missing: resolve",
        "changed: 5 joined",
        "changed: 1 left, 1 replaced",
        "below: fire",
      ],
    },
  );

  faultTest(
    "it is deleted while the watch is down",
    "2 s",
    async (stage) => {
      stage.faults.resetWatches();
      stage.play(stage.model.deleteService(stage.nowMs));
      stage.api.store.compact();
      await stage.pass(20_000);
      stage.play(stage.model.createService(stage.nowMs));
      await stage.pass(20_000);
      stage.change();
    },
    {
      notices: [
        "missing: fire",
        "changed: Service removed with its 5 members",
        "below: fire",
        "below: resolve",
        "missing: resolve",
        "changed: 5 joined",
        "changed: 1 left, 1 replaced",
        "below: fire",
      ],
    },
  );
});
