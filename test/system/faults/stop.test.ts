import { expect, test } from "vitest";
import { expectNothingLeft, type FaultStage, makeStage } from "../../support/fault-stage.ts";

/** Each leaves Ringbell in the middle of something. */
const MOMENTS: Readonly<Record<string, (stage: FaultStage) => void | Promise<void>>> = {
  "while it lists": (stage) => stage.faults.nextLists(Infinity, "noHeaders"),
  "in the middle of a list": (stage) => stage.faults.nextLists(Infinity, "hang"),
  "while it opens a watch": (stage) => stage.faults.nextWatches(Infinity, "noHeaders"),
  "while it waits after a failure": (stage) => stage.faults.nextLists(Infinity, { status: 500 }),
  "while connections are refused": (stage) => stage.faults.kill(),
  "while it watches": () => undefined,
};

test.each(Object.entries(MOMENTS))("stopped %s, it leaves nothing behind", async (_name, fault) => {
  const stage = await makeStage();
  stage.play(stage.model.begin(stage.nowMs, 5));
  await fault(stage);
  await stage.run();
  stage.faults.clear();
  await expectNothingLeft(stage);
  const before = stage.api.requests.length;
  await stage.pass(600_000);
  expect(stage.api.requests).toHaveLength(before);
});

test("stopped behind a proxy that swallows all, it leaves nothing behind", async () => {
  const stage = await makeStage({ proxied: true });
  stage.play(stage.model.begin(stage.nowMs, 5));
  await stage.run();
  stage.proxy.silence();
  await stage.pass(50_000);
  await stage.system.stop();
  stage.proxy.resume();
  await expectNothingLeft(stage);
});
