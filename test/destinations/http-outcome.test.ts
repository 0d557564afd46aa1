import { describe, expect, test } from "vitest";
import { SEND_FAILURES } from "../../src/destinations/destination.ts";
import {
  outcomeOf,
  RETRY_AFTER_MAX_MS,
  retryAfterMs,
  sendFailureOutcome,
} from "../../src/destinations/http-outcome.ts";

const NOW_MS = Date.parse("2026-11-21T12:00:00Z");

function wait(retryAfter: string, headers: Readonly<Record<string, string>> = {}): number | undefined {
  return retryAfterMs({ status: 429, body: "", headers: { ...headers, "retry-after": retryAfter } }, NOW_MS);
}

describe("Retry-After", () => {
  test.each([
    ["0", 0],
    ["1", 1000],
    [" 30 ", 30_000],
    ["0.25", 250],
    ["86400", RETRY_AFTER_MAX_MS],
    ["86401", RETRY_AFTER_MAX_MS],
    ["9".repeat(400), RETRY_AFTER_MAX_MS],
  ])("of %s seconds", (value, ms) => {
    expect(wait(value)).toBe(ms);
  });

  test.each([
    "",
    "soon",
    "-1",
    "+5",
    "1e3",
    "0x10",
    "5 seconds",
    "2026-11-21",
    "Sat, 21 Nov 2026 12:00:00",
    "1,2",
  ])("of %j is no wait at all", (value) => expect(wait(value)).toBeUndefined());

  test("as a date counts from the answer's own clock", () => {
    const until = "Sat, 21 Nov 2026 15:00:10 GMT";
    expect(wait(until, { date: "Sat, 21 Nov 2026 15:00:00 GMT" })).toBe(10_000);
    // The standard's two old forms are still read.
    expect(wait("Saturday, 21-Nov-26 12:00:05 GMT")).toBe(5000);
  });

  test("as a date counts from now when the answer has no clock, and never backwards", () => {
    expect(wait("Sat, 21 Nov 2026 12:00:10 GMT")).toBe(10_000);
    expect(wait("Sat, 21 Nov 2026 12:00:10 GMT", { date: "never" })).toBe(10_000);
    expect(wait("Sat, 21 Nov 2026 11:00:00 GMT")).toBe(0);
    expect(wait("Sat, 21 Nov 2099 11:00:00 GMT")).toBe(RETRY_AFTER_MAX_MS);
  });

  test("is left out of the outcome when there is none", () => {
    expect(outcomeOf({ status: 503, body: "", headers: {} }, NOW_MS)).toEqual({
      kind: "retry",
      reason: "serverError",
      detail: "HTTP 503",
    });
  });
});

test("without an answer only a blocked address and an impossible request are given up", () => {
  const given = SEND_FAILURES.filter(
    (failed) => sendFailureOutcome({ failed, detail: "x" }).kind === "refused",
  );
  expect(given).toEqual(["blockedAddress", "invalidRequest"]);
  expect(sendFailureOutcome({ failed: "timeout", detail: "x" })).toEqual({
    kind: "retry",
    reason: "timeout",
    detail: "x",
  });
});
