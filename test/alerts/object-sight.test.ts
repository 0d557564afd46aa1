import { describe, expect, test } from "vitest";
import { ObjectSight } from "../../src/alerts/object-sight.ts";
import { planObjects } from "../../src/cluster/object-plan.ts";

const PLAN = planObjects([{ need: "workloads", namespace: "data" }]);

describe("What is watched beside the rings", () => {
  test.each([
    ["ten seconds have passed", 3_610_000, true],
    ["a millisecond less has", 3_609_999, false],
    ["the clock is set back by an hour", 1_000, true],
  ])("is waited for in vain no longer when %s", (_, laterMs, isOver) => {
    let nowMs = 3_600_000;
    const sight = new ObjectSight(PLAN, () => nowMs);
    expect(sight.takeSight()).toBe(false);
    nowMs = laterMs;
    expect(sight.takeSight()).toBe(isOver);
    expect(sight.isListed("data")).toBe(isOver);
  });
});
