import { expect, test } from "vitest";
import { Liveness } from "../../src/cluster/liveness.ts";
import { VirtualClock } from "../../src/runtime/virtual-clock.ts";

function begin(): { clock: VirtualClock; liveness: Liveness; blind: number[] } {
  const clock = new VirtualClock(1000);
  const blind: number[] = [];
  const liveness = new Liveness({ clock, blindAfterMs: 60_000, onBlind: (sinceMs) => blind.push(sinceMs) });
  return { clock, liveness, blind };
}

test("blind after its time without life, also before the first list, and said once", () => {
  const { clock, liveness, blind } = begin();
  clock.advanceTo(60_999);
  expect([liveness.blindSinceMs, liveness.deadlineMs, blind]).toEqual([undefined, 61_000, []]);
  clock.advanceTo(61_000);
  expect([liveness.blindSinceMs, liveness.deadlineMs, blind]).toEqual([1000, undefined, [1000]]);
  clock.advanceTo(1_000_000);
  expect(blind).toEqual([1000]);
});

test("each sign of life puts it off, to the millisecond", () => {
  const { clock, liveness, blind } = begin();
  for (const atMs of [60_999, 100_000, 159_999]) {
    clock.advanceTo(atMs);
    liveness.alive(atMs);
  }
  clock.advanceTo(219_998);
  expect(blind).toEqual([]);
  clock.advanceTo(219_999);
  expect(blind).toEqual([159_999]);
});

test("once blind, life is not enough: a complete list is", () => {
  const { clock, liveness, blind } = begin();
  liveness.listed(1000);
  expect(liveness.sees).toBe(true);
  clock.advanceTo(61_000);
  liveness.alive(61_000);
  expect([liveness.sees, liveness.blindSinceMs]).toEqual([false, 1000]);
  clock.advanceTo(70_000);
  liveness.listed(70_000);
  expect([liveness.sees, liveness.blindSinceMs, liveness.deadlineMs]).toEqual([true, undefined, 130_000]);
  clock.advanceTo(130_000);
  expect(blind).toEqual([1000, 70_000]);
});

test("does not see before the first list, however lively", () => {
  const { liveness } = begin();
  liveness.alive(2000);
  expect([liveness.sees, liveness.blindSinceMs]).toEqual([false, undefined]);
});

test("has one timer, and none when stopped", () => {
  const { clock, liveness, blind } = begin();
  liveness.listed(1000);
  liveness.listed(2000);
  liveness.stop();
  expect(clock.nextTimerMs()).toBeUndefined();
  clock.advanceTo(1_000_000);
  expect(blind).toEqual([]);
});
