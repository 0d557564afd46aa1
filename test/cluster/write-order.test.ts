import { describe, expect, test } from "vitest";
import { inOrderOfWriting, versionOf } from "../../src/cluster/write-order.ts";
import { slice } from "../support/slices.ts";

const written = (...versions: string[]) =>
  inOrderOfWriting(versions.map((version) => ({ slice: slice(version, []), version }))).map(({ key }) => key);

describe("inOrderOfWriting()", () => {
  test("compares versions as numbers", () => {
    expect(written("10", "9", "100")).toEqual(["data/9", "data/10", "data/100"]);
  });

  test("compares versions that no number can hold exactly", () => {
    expect(written("18446744073709551615", "18446744073709551614")).toEqual([
      "data/18446744073709551614",
      "data/18446744073709551615",
    ]);
  });
});

describe("versionOf()", () => {
  test("finds the version of an object, and none where there is none", () => {
    expect(versionOf({ metadata: { resourceVersion: "7" } })).toBe("7");
    expect(versionOf({ metadata: {} })).toBe("");
    expect(versionOf(undefined)).toBe("");
  });
});
