import { expect, test } from "vitest";
import { z } from "zod";
import { destinationKinds } from "../../src/destinations/registry.ts";

test("every kind is known by its own key, with sane limits", () => {
  expect([...destinationKinds.keys()]).toEqual(["slack", "pagerduty", "webhook"]);
  for (const [key, kind] of destinationKinds) {
    expect(kind.kind).toBe(key);
    expect(kind.retryForMs).toBeGreaterThan(60_000);
    expect(kind.concurrency).toBeGreaterThanOrEqual(1);
    expect(kind.paceMs).toBeGreaterThanOrEqual(0);
  }
});

test("every configuration can be told to an editor as JSON Schema", () => {
  for (const [, { schema }] of destinationKinds) {
    expect(z.toJSONSchema(schema, { io: "input", target: "draft-7" })).toMatchObject({
      type: "object",
      additionalProperties: false,
    });
  }
});
