import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatDuration, MAX_DURATION_MS, parseDuration } from "../../src/rules/duration.ts";

describe("parseDuration", () => {
  test.each([
    ["0s", 0],
    ["1ms", 1],
    ["500ms", 500],
    ["90s", 90_000],
    ["5m", 300_000],
    ["1h30m", 5_400_000],
    ["2d", 172_800_000],
    ["1d2h3m4s5ms", 93_784_005],
    ["365d", MAX_DURATION_MS],
  ])("reads %s", (text, ms) => {
    expect(parseDuration(text)).toEqual({ ok: true, ms });
  });

  test.each([
    ["", "it is empty"],
    ["0", "0 has no unit"],
    ["0m", "a part of it is zero; zero is written 0s"],
    ["1h0m", "a part of it is zero; zero is written 0s"],
    ["30", "30 has no unit"],
    ["1m30", "30 has no unit"],
    ["5 m", "it contains a space"],
    ["-5m", "it is negative"],
    ["1.5h", "it has a fraction; use a smaller unit"],
    ["5min", "its units are d, h, m, s and ms"],
    ["1w", "its units are d, h, m, s and ms"],
    ["5M", "its units are d, h, m, s and ms"],
    ["30s5m", "its units must fall from d over h, m and s to ms, each at most once"],
    ["5m5m", "its units must fall from d over h, m and s to ms, each at most once"],
    ["5ms5s", "its units must fall from d over h, m and s to ms, each at most once"],
    ["366d", "it is longer than 365d"],
    ["365d1ms", "it is longer than 365d"],
    ["999999999999d", "it is longer than 365d"],
    ["9999999999999", "it is longer than 365d"],
  ])("refuses %j and says why", (text, issue) => {
    expect(parseDuration(text)).toEqual({ ok: false, issue });
  });
});

describe("formatDuration", () => {
  test.each([
    [0, "0s"],
    [1, "1ms"],
    [60_000, "1m"],
    [61_001, "1m1s1ms"],
    [5_400_000, "1h30m"],
    [86_400_000, "1d"],
  ])("writes %d ms", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test("writes what parseDuration reads back as the same number", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_DURATION_MS }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toEqual({ ok: true, ms });
      }),
    );
  });
});
