import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareReplays } from "../../src/rehearsal/compare-replays.ts";
import type { SentNotice } from "../../src/rehearsal/replay.ts";
import { alert, fireNotice } from "../support/notices.ts";

const MINUTE_MS = 60_000;
const iso = (ms: number): string => new Date(ms).toISOString();

/** A fire at a time, about what began at another. */
function fire(atMs: number, sinceMs: number, rule = "quorum", to: readonly string[] = ["a"]): SentNotice {
  return { atMs, to, notice: fireNotice({ rule, time: iso(atMs), alert: alert({ since: iso(sinceMs) }) }) };
}

describe("two replays", () => {
  test("that are equal differ in nothing", () => {
    const sent = [fire(10, 0), fire(9 * MINUTE_MS, 8 * MINUTE_MS), fire(20, 5, "other")];
    expect(compareReplays(sent, sent)).toEqual({ onlyA: [], onlyB: [], moved: [], same: 3 });
  });

  test("say the same later when what they say began at the same time, however much later", () => {
    const [a, b] = [fire(30_000, 0), fire(40 * MINUTE_MS, 0)];
    expect(compareReplays([a], [b])).toEqual({ onlyA: [], onlyB: [], moved: [{ a, b }], same: 0 });
  });

  test("say the same when it is near, else something else", () => {
    const a = fire(20 * MINUTE_MS, 19 * MINUTE_MS);
    const near = fire(35 * MINUTE_MS, 30 * MINUTE_MS);
    const far = fire(35 * MINUTE_MS + 1, 30 * MINUTE_MS);
    expect(compareReplays([a], [near]).moved).toEqual([{ a, b: near }]);
    expect(compareReplays([a], [far])).toEqual({ onlyA: [a], onlyB: [far], moved: [], same: 0 });
  });

  test("do not pair other rules", () => {
    const [a, b] = [fire(10, 0, "one"), fire(10, 0, "two")];
    expect(compareReplays([a], [b])).toMatchObject({ onlyA: [a], onlyB: [b] });
  });

  test("differ when others are told, whatever the order", () => {
    const a = fire(10, 0, "quorum", ["x", "y"]);
    expect(compareReplays([a], [fire(10, 0, "quorum", ["y", "x"])]).same).toBe(1);
    expect(compareReplays([a], [fire(10, 0, "quorum", ["y"])]).moved).toHaveLength(1);
  });

  test("an early extra one does not turn all others into changed ones", () => {
    const [one, two, three] = [
      fire(MINUTE_MS, 0),
      fire(2 * MINUTE_MS, MINUTE_MS),
      fire(3 * MINUTE_MS, 2 * MINUTE_MS),
    ];
    expect(compareReplays([one, two, three], [two, three])).toEqual({
      onlyA: [one],
      onlyB: [],
      moved: [],
      same: 2,
    });
  });

  test("account for each notice once, and the other way round alike", () => {
    const minutes = fc.array(
      fc.tuple(fc.nat(60), fc.nat(60)).map(([at, hold]) => fire((at + hold) * MINUTE_MS, at * MINUTE_MS)),
    );
    fc.assert(
      fc.property(minutes, minutes, (a, b) => {
        const { onlyA, onlyB, moved, same } = compareReplays(a, b);
        expect(onlyA.length + moved.length + same).toBe(a.length);
        expect(onlyB.length + moved.length + same).toBe(b.length);
        const back = compareReplays(b, a);
        expect([back.onlyB.length, back.onlyA.length]).toEqual([onlyA.length, onlyB.length]);
      }),
    );
  });
});
