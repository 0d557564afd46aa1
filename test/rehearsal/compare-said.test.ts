import { describe, expect, test } from "vitest";
import type { Notice } from "../../src/alerts/notice.ts";
import { compareSaid, formatOffset } from "../../src/rehearsal/compare-said.ts";
import type { Said } from "../../src/rehearsal/said.ts";
import type { ExpectedNotice } from "../../src/rehearsal/test-case.ts";

const START_MS = 1_000_000;

function said(atMs: number, notice: Partial<Notice>, destination = "team"): Said {
  const request = { method: "POST", url: "http://x/", headers: {}, body: { text: "hello" } };
  return {
    atMs: START_MS + atMs,
    destination,
    notice: notice as Notice,
    deliveryId: "id",
    attempts: 1,
    request,
  };
}

function expected(
  atMs: number,
  fields: ExpectedNotice["fields"],
  { withinMs = 0, destination = "team" } = {},
): ExpectedNotice {
  return { atMs, withinMs, destination, place: { path: "x", line: 1, column: 1 }, fields };
}

const kinds = (...args: [ExpectedNotice[], Said[]]): string[] =>
  compareSaid(...args, START_MS).map(({ kind }) => kind);

describe("compareSaid()", () => {
  test("pairs equal ones, one to one", () => {
    const fire = { rule: "r", kind: "fire" } as const;
    expect(kinds([expected(5, fire)], [said(5, fire)])).toEqual(["asExpected"]);
    expect(kinds([expected(5, fire)], [said(5, fire), said(5, fire)])).toEqual(["asExpected", "unexpected"]);
    expect(kinds([expected(5, fire), expected(5, fire)], [said(5, fire)])).toEqual(["asExpected", "missing"]);
  });

  test.each([
    [4, "differs"],
    [5, "asExpected"],
    [15, "asExpected"],
    [16, "differs"],
  ])("with `within` 5 ms around 10 ms, %i ms %s", (atMs, kind) => {
    const one = expected(10, { rule: "r" }, { withinMs: 5 });
    expect(kinds([one], [said(atMs, { rule: "r" })])).toEqual([kind]);
  });

  test("finds the pairing that leaves nothing over, whatever the order", () => {
    // The first would do for both, the second for one only: taken greedily, one would be left.
    const wide = expected(10, { rule: "r" }, { withinMs: 10 });
    const narrow = expected(5, { rule: "r" });
    const heard = [said(5, { rule: "r" }), said(20, { rule: "r" })];
    for (const list of [
      [wide, narrow],
      [narrow, wide],
    ])
      expect(kinds(list, heard)).toEqual(["asExpected", "asExpected"]);
  });

  test("never holds what one destination got for what another was to get", () => {
    const fire = { rule: "r", kind: "fire" } as const;
    expect(kinds([expected(5, fire)], [said(5, fire, "on-call")])).toEqual(["missing", "unexpected"]);
  });

  test("shows the one that comes nearest as differing, and by what", () => {
    const one = expected(10, { rule: "r", kind: "fire", title: "a", severity: "critical" });
    const far = said(10, { rule: "r", kind: "fire", title: "b", severity: "info" });
    const near = said(11, { rule: "r", kind: "fire", title: "a", severity: "critical" });
    expect(compareSaid([one], [far, near], START_MS)).toEqual([
      {
        kind: "differs",
        expected: one,
        said: near,
        fields: [{ path: "at", expected: "10ms", received: "11ms" }],
      },
      { kind: "unexpected", said: far },
    ]);
  });

  test("does not hold another rule's notice for one that differs", () => {
    const one = expected(10, { rule: "r", kind: "fire" });
    expect(kinds([one], [said(500, { rule: "other", kind: "fire" })])).toEqual(["missing", "unexpected"]);
  });

  test("looks at the request where that is expected", () => {
    const one = expected(5, { rule: "r", request: { body: { text: "bye" } } });
    expect(compareSaid([one], [said(5, { rule: "r" })], START_MS)).toMatchObject([
      { kind: "differs", fields: [{ path: "request.body.text", expected: '"bye"', received: '"hello"' }] },
    ]);
  });
});

test.each([
  [0, "0s"],
  [90_000, "1m30s"],
  [-86_370_000, "-23h59m30s"],
])("formatOffset(%i) is %s", (ms, text) => {
  expect(formatOffset(ms)).toBe(text);
});
