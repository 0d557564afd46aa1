import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../src/runtime/virtual-clock.ts";

describe("VirtualClock", () => {
  test("shows whole milliseconds, as a machine's clock does: a timer in between fires at the next", () => {
    const clock = new VirtualClock(0);
    const firedMs: number[] = [];
    clock.at(802.2, () => firedMs.push(clock.now()));
    clock.advanceTo(802);
    expect(firedMs).toEqual([]);
    clock.advanceTo(803);
    expect(firedMs).toEqual([803]);
  });

  test("calls timers at their time, in order, and none too early", () => {
    const clock = new VirtualClock(0);
    const calls: string[] = [];
    clock.at(20, () => calls.push(`b at ${clock.now()}`));
    clock.at(10, () => calls.push(`a at ${clock.now()}`));
    clock.at(21, () => calls.push("too early"));
    clock.advanceTo(20);
    expect(calls).toEqual(["a at 10", "b at 20"]);
    expect(clock.now()).toBe(20);
  });

  test("calls timers that a timer sets, when they fall into the same stretch", () => {
    const clock = new VirtualClock(0);
    const calls: number[] = [];
    clock.at(5, () => clock.at(7, () => calls.push(clock.now())));
    clock.advanceTo(10);
    expect(calls).toEqual([7]);
  });

  test("says so when a timer sets itself again at once, without end", () => {
    const clock = new VirtualClock(0);
    const again = (): void => void clock.at(0, again);
    again();
    expect(() => clock.advanceTo(1)).toThrow("a timer sets itself again at once");
  });

  test("does not call a cancelled timer", () => {
    const clock = new VirtualClock(0);
    const cancel = clock.at(5, () => expect.unreachable());
    cancel();
    clock.advanceTo(10);
    expect(clock.nextTimerMs()).toBeUndefined();
  });

  test("ends a sleep when its signal aborts, and leaves no timer behind", async () => {
    const clock = new VirtualClock(0);
    const stop = new AbortController();
    const sleeping = clock.sleep(1_000, stop.signal);
    stop.abort(new Error("stopped"));
    await expect(sleeping).rejects.toThrow("stopped");
    expect(clock.nextTimerMs()).toBeUndefined();
  });

  test("lets a sleeper wake at its time", async () => {
    const clock = new VirtualClock(0);
    const sleeping = clock.sleep(1_000);
    clock.advanceTo(1_000);
    await expect(sleeping).resolves.toBeUndefined();
  });
});
