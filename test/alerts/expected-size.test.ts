import { describe, expect, test } from "vitest";
import {
  advanceExpected,
  expectedDeadlineMs,
  type ExpectedSize,
  SIZE_MEMORY_MS,
  SIZE_SETTLE_MS,
} from "../../src/alerts/expected-size.ts";

type Sight = readonly [atMs: number, total: number];

/** What is expected after these sizes were seen, each as soon as it was there, with all deadlines kept. */
function expected(...sights: readonly Sight[]): ExpectedSize {
  let size: ExpectedSize | undefined;
  let total = 0;
  for (const [atMs, next] of sights) {
    for (let due = size && expectedDeadlineMs(size); due !== undefined && due < atMs;) {
      size = advanceExpected(size, total, due);
      const after = expectedDeadlineMs(size);
      if (after !== undefined && after <= due) throw new Error(`at ${due} the next deadline is ${after}`);
      due = after;
    }
    total = next;
    size = advanceExpected(size, total, atMs);
  }
  if (!size) throw new Error("nothing was seen");
  return size;
}

describe("the expected size", () => {
  test.each([
    ["is not known at first sight", [[0, 5]], undefined],
    [
      "is not known one millisecond before the first size has stood",
      [
        [0, 5],
        [SIZE_SETTLE_MS - 1, 5],
      ],
      undefined,
    ],
    [
      "is the first size that has stood",
      [
        [0, 5],
        [SIZE_SETTLE_MS, 5],
      ],
      5,
    ],
    [
      "begins anew with each other size",
      [
        [0, 5],
        [9_999, 4],
        [19_998, 4],
      ],
      undefined,
    ],
    [
      "grows when a larger size has stood",
      [
        [0, 3],
        [20_000, 5],
        [30_000, 5],
      ],
      5,
    ],
    [
      "does not grow one millisecond before",
      [
        [0, 3],
        [20_000, 5],
        [29_999, 5],
      ],
      3,
    ],
    [
      "does not grow over a surge that is over in time",
      [
        [0, 3],
        [20_000, 4],
        [29_999, 3],
        [90_000, 3],
      ],
      3,
    ],
    [
      "stays when the ring is smaller",
      [
        [0, 5],
        [20_000, 2],
        [3_600_000, 2],
      ],
      5,
    ],
    [
      "stays one millisecond before it was smaller for a day",
      [
        [0, 5],
        [20_000, 2],
        [20_000 + SIZE_MEMORY_MS - 1, 2],
      ],
      5,
    ],
    [
      "shrinks when it was smaller for a day",
      [
        [0, 5],
        [20_000, 2],
        [20_000 + SIZE_MEMORY_MS, 2],
      ],
      2,
    ],
    [
      "shrinks to what stands then, whatever smaller sizes there were",
      [
        [0, 5],
        [20_000, 2],
        [3_600_000, 4],
        [20_000 + SIZE_MEMORY_MS, 4],
      ],
      4,
    ],
    [
      "does not shrink to a size that has not stood",
      [
        [0, 5],
        [20_000, 4],
        [20_000 + SIZE_MEMORY_MS - 5_000, 1],
        [20_000 + SIZE_MEMORY_MS, 1],
      ],
      5,
    ],
    [
      "shrinks when that one has stood",
      [
        [0, 5],
        [20_000, 4],
        [20_000 + SIZE_MEMORY_MS - 5_000, 1],
        [20_000 + SIZE_MEMORY_MS + 5_000, 1],
      ],
      1,
    ],
    [
      "is remembered for another day after the ring was whole again",
      [
        [0, 5],
        [20_000, 2],
        [SIZE_MEMORY_MS, 5],
        [SIZE_MEMORY_MS + 1_000, 2],
        [SIZE_MEMORY_MS + 900_000, 2],
      ],
      5,
    ],
    [
      "is 0 for a ring that was always empty",
      [
        [0, 0],
        [SIZE_SETTLE_MS, 0],
      ],
      0,
    ],
  ] as const satisfies readonly (readonly [string, readonly Sight[], number | undefined])[])(
    "%s",
    (_, sights, size) => {
      expect(expected(...sights).size).toBe(size);
    },
  );

  test.each([
    ["before anything has stood", [[7, 5]], 7 + SIZE_SETTLE_MS],
    [
      "when nothing can change by itself",
      [
        [0, 5],
        [SIZE_SETTLE_MS, 5],
      ],
      undefined,
    ],
    [
      "when the ring is larger",
      [
        [0, 5],
        [20_000, 6],
      ],
      20_000 + SIZE_SETTLE_MS,
    ],
    [
      "when the ring is smaller",
      [
        [0, 5],
        [20_000, 4],
      ],
      20_000 + SIZE_MEMORY_MS,
    ],
    [
      "when the ring has just returned to its size",
      [
        [0, 5],
        [20_000, 4],
        [30_000, 5],
      ],
      undefined,
    ],
    [
      "when the day ends before the size of now has stood",
      [
        [0, 5],
        [20_000, 4],
        [20_000 + SIZE_MEMORY_MS - 1, 3],
      ],
      20_000 + SIZE_MEMORY_MS - 1 + SIZE_SETTLE_MS,
    ],
  ] as const satisfies readonly (readonly [string, readonly Sight[], number | undefined])[])(
    "has a deadline %s",
    (_, sights, deadlineMs) => {
      expect(expectedDeadlineMs(expected(...sights))).toBe(deadlineMs);
    },
  );

  test("is the same object while nothing changes", () => {
    const size = expected([0, 5], [20_000, 4]);
    expect(advanceExpected(size, 4, 40_000)).toBe(size);
  });

  test("waits for nothing longer on a clock that is set back", () => {
    const larger = advanceExpected(expected([1_000_000, 5], [1_020_000, 6]), 6, 5_000);
    expect(expectedDeadlineMs(larger)).toBe(5_000 + SIZE_SETTLE_MS);
    const smaller = advanceExpected(expected([1_000_000, 5], [1_020_000, 4]), 4, 5_000);
    expect(expectedDeadlineMs(smaller)).toBe(5_000 + SIZE_MEMORY_MS);
    expect(advanceExpected(smaller, 4, 35_000)).toBe(smaller);
  });
});

test("a ring that has been empty for days is still expected to have its members", () => {
  expect(expected([0, 5], [SIZE_SETTLE_MS, 5], [60_000, 0], [60_000 + 3 * SIZE_MEMORY_MS, 0]).size).toBe(5);
  const small = expected([0, 5], [SIZE_SETTLE_MS, 5], [60_000, 1], [60_000 + 3 * SIZE_MEMORY_MS, 1]);
  expect(small.size).toBe(1);
});
