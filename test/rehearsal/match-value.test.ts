import { describe, expect, test } from "vitest";
import { differences, showValue } from "../../src/rehearsal/match-value.ts";

const START_MS = Date.UTC(2026, 0, 1);
const member = (name: string) => ({ name, key: `data/${name}`, ready: true });

function same(expected: unknown, received: unknown): boolean {
  return differences(expected, received, START_MS).length === 0;
}

describe("differences()", () => {
  test.each([
    ["a value that is equal", 3, 3, true],
    ["a value of another type", 3, "3", false],
    ["a map by the keys that are expected", { a: 1 }, { a: 1, b: 2 }, true],
    ["a map without an expected key", { a: 1 }, { b: 2 }, false],
    ["nothing where nothing is expected", { a: null }, { b: 2 }, true],
    ["something where nothing is expected", { a: null }, { a: 0 }, false],
    ["a text that contains another", { contains: "b" }, "abc", true],
    ["a text that does not contain another", { contains: "d" }, "abc", false],
    ["a text that matches anywhere", { matches: "b+" }, "abbc", true],
    ["a text that does not match", { matches: "^b" }, "abc", false],
    ["a time of the test", { at: "30s" }, "2026-01-01T00:00:30.000Z", true],
    ["a time of the test that is a millisecond off", { at: "30s" }, "2026-01-01T00:00:30.001Z", false],
    ["a map whose key is a matcher's word", { at: "x" }, { at: "x", b: 1 }, true],
    ["a matcher on what is no text", { contains: "3" }, 3, false],
    ["a member by its name", "c-0", member("c-0"), true],
    ["a member by its key", "data/c-0", member("c-0"), true],
    ["a member by another's name", "c-1", member("c-0"), false],
    ["a member's change by its name", "c-0", { before: member("x"), after: member("c-0") }, true],
    ["members by name in any order", ["c-1", "c-0"], [member("c-0"), member("c-1")], true],
    ["fewer members than expected", ["c-0", "c-1"], [member("c-0")], false],
    ["more members than expected", ["c-0"], [member("c-0"), member("c-1")], false],
    ["a name twice where two members differ", ["c-0", "c-0"], [member("c-0"), member("c-1")], false],
    ["an empty list", [], [], true],
    ["a list where an empty one is expected", [], [1], false],
    [
      "members by their fields, in order",
      [{ name: "c-0" }, { ready: true }],
      [member("c-0"), member("c-1")],
      true,
    ],
  ])("%s", (_name, expected, received, isSame) => {
    expect(same(expected, received)).toBe(isSame);
  });

  test("names the innermost field that differs", () => {
    const expected = { alert: { episode: 2 }, change: { left: [{ zone: "a" }], joined: ["c-1"] } };
    const received = { alert: { episode: 1 }, change: { left: [{ zone: "b" }], joined: [member("c-0")] } };
    expect(differences(expected, received, START_MS)).toEqual([
      { path: "alert.episode", expected: "2", received: "1" },
      { path: "change.left[0].zone", expected: '"a"', received: '"b"' },
      { path: "change.joined", expected: "[c-1]", received: "[c-0]" },
    ]);
  });

  test("takes no time for a pattern that hangs others", () => {
    expect(same({ matches: "^(a+)+$" }, `${"a".repeat(10_000)}b`)).toBe(false);
  });
});

test("showValue() is short", () => {
  const value = { a: ["x", 1], b: { contains: "y" }, c: null, d: {}, e: [{ f: true }] };
  expect(showValue(value)).toBe('{ a: [x, 1], b: contains "y", c: nothing, d: {}, e: [{ f: true }] }');
});
