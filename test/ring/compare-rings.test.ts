import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { compareRings } from "../../src/ring/compare-rings.ts";
import { mergeSlices } from "../../src/ring/merge-slices.ts";
import type { Member } from "../../src/ring/ring.ts";
import { endpoint, slice } from "../support/slices.ts";

const ring = (...endpoints: Parameters<typeof endpoint>[]): readonly Member[] =>
  mergeSlices([
    slice(
      "a",
      endpoints.map((args) => endpoint(...args)),
    ),
  ]);

const summary = (before: readonly Member[], after: readonly Member[]) =>
  Object.fromEntries(
    Object.entries(compareRings(before, after))
      .filter(([, found]) => found.length > 0)
      .map(([word, found]) => [
        word,
        found.map((m: Member | { after: Member }) => ("after" in m ? m.after : m).name),
      ]),
  );

describe("compareRings()", () => {
  test("finds nothing between a ring and itself", () => {
    expect(summary(ring(["c-0"], ["c-1"]), ring(["c-0"], ["c-1"]))).toEqual({});
  });

  test("tells who joined and who left", () => {
    expect(summary(ring(["c-0"], ["c-1"]), ring(["c-1"], ["c-2"]))).toEqual({
      joined: ["c-2"],
      left: ["c-0"],
    });
  });

  test("calls the same name with another uid replaced, not left and joined", () => {
    expect(summary(ring(["c-0"]), ring(["c-0", { uid: "other", address: "10.0.9.9" }]))).toEqual({
      replaced: ["c-0"],
    });
  });

  test("calls the same Pod at another address moved", () => {
    expect(summary(ring(["c-0"]), ring(["c-0", { address: "10.0.9.9" }]))).toEqual({ moved: ["c-0"] });
  });

  test("tells readiness apart from membership", () => {
    expect(
      summary(ring(["c-0"], ["c-1", { serving: false }]), ring(["c-0", { serving: false }], ["c-1"])),
    ).toEqual({
      becameReady: ["c-1"],
      becameUnready: ["c-0"],
    });
  });

  test("adds up: before, less who left, plus who joined, is after", () => {
    const numbers = fc.uniqueArray(fc.nat(15));
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        const before = ring(...a.map((n): [string] => [`c-${n}`]));
        const after = ring(...b.map((n): [string] => [`c-${n}`]));
        const { joined, left } = compareRings(before, after);
        const keys = new Set(before.map((m) => m.key));
        for (const m of left) keys.delete(m.key);
        for (const m of joined) keys.add(m.key);
        expect([...keys].sort()).toEqual(after.map((m) => m.key));
      }),
    );
  });
});
