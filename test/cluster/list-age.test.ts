import { expect, test } from "vitest";
import { ListAge } from "../../src/cluster/list-age.ts";

test("a first list, a newer one and one of the same version are taken in", () => {
  const age = new ListAge();
  expect(age.refuses("7", undefined)).toBe(false);
  expect(age.refuses("8", "7")).toBe(false);
  expect(age.refuses("8", "8")).toBe(false);
});

test("versions are compared as numbers, also those that no number of JavaScript holds", () => {
  expect(new ListAge().refuses("9", "10")).toBe(true);
  expect(new ListAge().refuses("10", "9")).toBe(false);
  expect(new ListAge().refuses("18446744073709551614", "18446744073709551615")).toBe(true);
});

test("what is no number is not compared", () => {
  expect(new ListAge().refuses("a1", "b2")).toBe(false);
  expect(new ListAge().refuses("1", "b2")).toBe(false);
});

test("the third older list in a row is the truth", () => {
  const age = new ListAge();
  expect([1, 2, 3].map(() => age.refuses("5", "9"))).toEqual([true, true, false]);
  expect([1, 2, 3].map(() => age.refuses("4", "5"))).toEqual([true, true, false]);
});

test("a good list between two older ones begins the count anew", () => {
  const age = new ListAge();
  expect(["5", "5", "9", "5", "5", "5"].map((version) => age.refuses(version, "9"))).toEqual([
    true,
    true,
    false,
    true,
    true,
    false,
  ]);
});
