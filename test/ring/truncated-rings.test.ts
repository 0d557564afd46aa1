import { expect, test } from "vitest";
import type { Ring } from "../../src/ring/ring.ts";
import { TruncatedRings } from "../../src/ring/truncated-rings.ts";
import { ruleMember, ruleRing } from "../rules/rule-fixtures.ts";

const ring = (truncated: boolean, fields: Partial<Ring> = {}): Ring =>
  ruleRing([ruleMember("a"), ruleMember("b")], { source: "endpoints", truncated, ...fields });

test("a ring that is cut off is told once, and again when it was whole meanwhile", () => {
  const rings = new TruncatedRings();
  expect(rings.note(ring(false))).toBeUndefined();
  expect(rings.note(ring(true))).toBe(
    `The Endpoints of ${ring(true).key} are cut off after 2 members, so nobody can be said to have left: EndpointSlices (source: endpointslices) list all`,
  );
  expect(rings.note(ring(true))).toBeUndefined();
  expect(rings.note(ring(true, { key: "data/other" }))).toContain("data/other");
  expect(rings.note(ring(false))).toBeUndefined();
  expect(rings.note(ring(true))).toBeDefined();
});
