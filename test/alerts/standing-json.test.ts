import { describe, expect, test } from "vitest";
import type { Standing } from "../../src/alerts/standing.ts";
import { standingFromJson, standingToJson } from "../../src/alerts/standing-json.ts";

const PENDING: Standing = {
  rule: "quorum",
  ring: "data/cassandra",
  kind: "condition",
  phase: "pending",
  sinceMs: Date.parse("2026-01-01T00:00:00.250Z"),
  fact: "2 of 5 ready",
  next: { atMs: Date.parse("2026-01-01T00:00:30.250Z"), what: "fire" },
  notify: ["team"],
};

describe("a standing for programs", () => {
  test("has its times in RFC 3339", () => {
    expect(standingToJson(PENDING)).toEqual({
      rule: "quorum",
      ring: "data/cassandra",
      kind: "condition",
      phase: "pending",
      since: "2026-01-01T00:00:00.250Z",
      fact: "2 of 5 ready",
      next: { at: "2026-01-01T00:00:30.250Z", what: "fire" },
      notify: ["team"],
    });
  });

  test("comes back as it was, with and without times", () => {
    const { sinceMs: _, next: __, ...timeless } = PENDING;
    for (const standing of [PENDING, timeless]) {
      expect(standingFromJson(JSON.parse(JSON.stringify(standingToJson(standing))))).toEqual(standing);
    }
  });
});
