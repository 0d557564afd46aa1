import { describe, expect, test } from "vitest";
import {
  expectNothingLeft,
  expectPeace,
  faultTest,
  type FaultStage,
  makeStage,
} from "../../support/fault-stage.ts";
import { QUIET_MS } from "../../../src/ring/ring-book.ts";
import { START_MS } from "../../support/system.ts";

const HEAD = "selfNotify: [hook]";
const TEN_MINUTES_MS = 600_000;
const BLIND = "ringbell/blind: fire";
const SIGHT = "ringbell/blind: resolve";

/** Five Pods, watched for a while through a proxy. */
async function watched(rules?: string): Promise<FaultStage> {
  const stage = await makeStage({ proxied: true });
  stage.play(stage.model.begin(stage.nowMs, 5));
  await stage.run(HEAD, rules);
  await stage.pass(20_000);
  expect(stage.takeNotices()).toEqual([]);
  return stage;
}

describe("a proxy swallows all for ten minutes", () => {
  test("Ringbell says once that it is blind and once that it sees, and tells the rest when it sees", async () => {
    const stage = await watched();
    const silentMs = stage.nowMs;
    stage.proxy.silence();
    stage.change();
    await stage.pass(TEN_MINUTES_MS);
    expect(stage.takeNotices()).toEqual([BLIND]);
    const [blind] = stage.system.notices;
    // The last byte came with the list or with a bookmark, and not after.
    expect(Date.parse(blind?.alert?.since ?? "")).toBeLessThanOrEqual(silentMs);
    expect(Date.parse(blind?.time ?? "") - Date.parse(blind?.alert?.since ?? "")).toBe(60_000);
    stage.proxy.resume();
    await stage.pass(90_000);
    expect(stage.takeNotices()).toEqual([SIGHT, "changed: 1 left, 1 replaced", "below: fire"]);
    await expectPeace(stage);
    await expectNothingLeft(stage);
  });

  test("what began to hold before is not told in the dark, and goes on from its start", async () => {
    const stage = await watched(
      "  - { name: below, ring: { namespace: data, service: web }, when: { readyBelow: 5 }, for: 5m }\n",
    );
    // A ring of several slices is read when they have been quiet.
    const sinceMs = stage.nowMs + QUIET_MS;
    stage.play(stage.model.notReady(stage.nowMs, "web-3"));
    await stage.pass(1000);
    stage.proxy.silence();
    await stage.pass(TEN_MINUTES_MS);
    expect(stage.takeNotices()).toEqual([BLIND]);
    stage.proxy.resume();
    await stage.pass(90_000);
    expect(stage.takeNotices()).toEqual([SIGHT, "below: fire"]);
    const fired = stage.system.notices.at(-1)?.alert;
    expect(fired?.since).toBe(new Date(sinceMs).toISOString());
  });

  test("what began to hold before and has healed in the dark is never told", async () => {
    const stage = await watched(
      "  - { name: below, ring: { namespace: data, service: web }, when: { readyBelow: 5 }, for: 5m }\n",
    );
    stage.play(stage.model.notReady(stage.nowMs, "web-3"));
    await stage.pass(1000);
    stage.proxy.silence();
    await stage.pass(120_000);
    stage.play(stage.model.ready(stage.nowMs, "web-3"));
    await stage.pass(TEN_MINUTES_MS);
    stage.proxy.resume();
    await stage.pass(TEN_MINUTES_MS);
    expect(stage.takeNotices()).toEqual([BLIND, SIGHT]);
  });

  test("a change that was settling before is told when Ringbell sees, once, if it still stands", async () => {
    const stage = await watched(
      "  - { name: changed, ring: { namespace: data, service: web }, on: [changed], settle: 2m }\n",
    );
    // The first state is the one to compare with when it has settled.
    await stage.pass(120_000);
    stage.leave("web-4");
    await stage.pass(1000);
    stage.proxy.silence();
    await stage.pass(TEN_MINUTES_MS);
    stage.leave("web-3");
    stage.play(stage.model.addPod(stage.nowMs, "web-4"));
    stage.proxy.resume();
    await stage.pass(TEN_MINUTES_MS);
    expect(stage.takeNotices()).toEqual([BLIND, SIGHT, "changed: 1 left, 1 replaced"]);
  });

  test("an alert that fires does not resolve in the dark", async () => {
    const stage = await watched();
    stage.change();
    await stage.pass(20_000);
    expect(stage.takeNotices()).toEqual(["changed: 1 left, 1 replaced", "below: fire"]);
    stage.proxy.silence();
    stage.heal();
    await stage.pass(TEN_MINUTES_MS);
    expect(stage.takeNotices()).toEqual([BLIND]);
    stage.proxy.resume();
    await stage.pass(90_000);
    expect(stage.takeNotices()).toEqual([SIGHT, "below: resolve", "changed: 1 joined"]);
  });
});

describe("blind again and again", () => {
  test("each time is told once, under a number of its own", async () => {
    const stage = await watched();
    for (const _time of [1, 2, 3]) {
      stage.proxy.silence();
      await stage.pass(TEN_MINUTES_MS);
      stage.proxy.resumeWithoutMemory();
      await stage.pass(TEN_MINUTES_MS);
    }
    expect(stage.takeNotices()).toEqual([BLIND, SIGHT, BLIND, SIGHT, BLIND, SIGHT]);
    expect(stage.system.notices.map(({ alert }) => alert?.episode)).toEqual([1, 1, 2, 2, 3, 3]);
    expect(new Set(stage.system.notices.map(({ id }) => id)).size).toBe(6);
  });

  test("a proxy that swallows all for 50 s makes nobody blind", async () => {
    const stage = await watched();
    stage.faults.sendBookmark();
    await stage.pass(0);
    stage.proxy.silence();
    await stage.pass(50_000);
    stage.proxy.resume();
    await stage.pass(TEN_MINUTES_MS);
    expect(stage.takeNotices()).toEqual([]);
  });

  test("blindAfter of the rules file counts", async () => {
    const stage = await makeStage({ proxied: true });
    stage.play(stage.model.begin(stage.nowMs, 5));
    await stage.run(`${HEAD}\nblindAfter: 20s`);
    await stage.pass(100_000);
    expect(stage.takeNotices()).toEqual([]);
    stage.proxy.silence();
    await stage.pass(21_000);
    expect(stage.takeNotices()).toEqual([BLIND]);
  });
});

describe("a server that answers, but not well", () => {
  test("a ring that was never listed: blind after a minute, seen when the server is there", async () => {
    const stage = await makeStage();
    stage.play(stage.model.begin(stage.nowMs, 5));
    await stage.faults.kill();
    await stage.run(HEAD);
    await stage.pass(TEN_MINUTES_MS);
    expect(stage.takeNotices()).toEqual([BLIND]);
    expect(stage.system.notices[0]?.alert?.since).toBe(new Date(START_MS).toISOString());
    await stage.faults.startListening();
    await stage.pass(90_000);
    expect(stage.takeNotices()).toEqual([SIGHT]);
    expect(stage.rings.seen).toEqual(stage.rings.truth);
  });

  faultTest(
    "a permission is missing for ten minutes",
    "11 min",
    async (stage) => {
      stage.faults.nextWatches(Infinity, { status: 403 });
      stage.faults.nextLists(Infinity, { status: 403 });
      stage.faults.resetWatches();
      stage.change();
      await stage.pass(TEN_MINUTES_MS);
      stage.faults.clear();
    },
    { head: HEAD, notices: [BLIND, SIGHT, "changed: 1 left, 1 replaced", "below: fire"] },
  );

  faultTest(
    "the API server is down for ten minutes",
    "11 min",
    async (stage) => {
      await stage.faults.kill();
      stage.change();
      await stage.pass(TEN_MINUTES_MS);
      await stage.faults.startListening();
    },
    { head: HEAD, notices: [BLIND, SIGHT, "changed: 1 left, 1 replaced", "below: fire"] },
  );
});
