import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { systemClock } from "../../src/runtime/clock.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date", "performance", "setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

describe("systemClock.at()", () => {
  test("calls back at its time, not a millisecond before", () => {
    const call = vi.fn<() => void>();
    systemClock.at(Date.now() + 60_000, call);
    vi.advanceTimersByTime(59_999);
    expect(call).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(call).toHaveBeenCalledOnce();
  });

  test("waits no longer than it was to take when the clock is set back by an hour", () => {
    const call = vi.fn<() => void>();
    systemClock.at(Date.now() + 60_000, call);
    vi.advanceTimersByTime(30_000);
    vi.setSystemTime(Date.now() - 3_600_000);
    vi.advanceTimersByTime(29_999);
    expect(call).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1_001);
    expect(call).toHaveBeenCalledOnce();
  });

  test("calls back when it is time by a clock that is set forward, once a timer has looked", () => {
    const call = vi.fn<() => void>();
    const cancel = systemClock.at(Date.now() + 60_000, call);
    vi.setSystemTime(Date.now() + 3_600_000);
    vi.advanceTimersByTime(60_000);
    expect(call).toHaveBeenCalledOnce();
    cancel();
  });
});
