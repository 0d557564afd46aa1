import { expect, test } from "vitest";
import fc from "fast-check";
import { backoffMs } from "../../src/outbox/backoff.ts";

const policy = { baseMs: 500, capMs: 8_000 };

test("backoffMs() doubles its ceiling with each attempt, up to the cap", () => {
  expect([1, 2, 3, 4, 5, 6].map((attempt) => backoffMs(policy, attempt, () => 1))).toEqual([
    500, 1000, 2000, 4000, 8000, 8000,
  ]);
});

test("backoffMs() is anything from 0 to its ceiling", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (attempt, draw) => {
        const waitMs = backoffMs(policy, attempt, () => draw);
        expect(waitMs).toBeGreaterThanOrEqual(0);
        expect(waitMs).toBeLessThanOrEqual(policy.capMs);
      },
    ),
  );
});
