import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { Deadlines } from "../../src/runtime/deadlines.ts";

describe("Deadlines", () => {
  test("gives a key when it is due, not a millisecond before, and once", () => {
    const deadlines = new Deadlines();
    deadlines.set("a", 100);
    expect(deadlines.takeDue(99)).toBeUndefined();
    expect(deadlines.takeDue(100)).toMatchObject({ key: "a", atMs: 100 });
    expect(deadlines.takeDue(100)).toBeUndefined();
  });

  test("forgets a deadline that was moved or removed", () => {
    const deadlines = new Deadlines();
    deadlines.set("a", 100);
    deadlines.set("b", 150);
    deadlines.set("a", 200);
    deadlines.set("b", undefined);
    expect(deadlines.nextMs()).toBe(200);
  });

  test("gives equal deadlines in the order they were set", () => {
    const deadlines = new Deadlines();
    for (const key of ["z", "a", "m"]) deadlines.set(key, 5);
    expect([1, 2, 3].map(() => deadlines.takeDue(5)?.key)).toEqual(["z", "a", "m"]);
  });

  test("gives what a sorted list would, whatever is set and taken", () => {
    const action = fc.record({
      key: fc.constantFrom("a", "b", "c", "d", "e"),
      atMs: fc.option(fc.nat(50), { nil: undefined }),
      takeAt: fc.option(fc.nat(50)),
    });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const deadlines = new Deadlines();
        const model = new Map<string, number>();
        for (const { key, atMs, takeAt } of actions) {
          deadlines.set(key, atMs);
          if (atMs === undefined) model.delete(key);
          else model.set(key, atMs);
          const first = Math.min(...model.values());
          expect(deadlines.nextMs() ?? Infinity).toBe(first);
          if (takeAt === null) continue;
          const taken = deadlines.takeDue(takeAt);
          expect(taken?.atMs).toBe(first <= takeAt ? first : undefined);
          if (taken) model.delete(taken.key);
        }
      }),
    );
  });
});
