import { expect, test } from "vitest";
import { ScopeSight } from "../../src/cluster/scope-sight.ts";
import { planWatches, type Scope } from "../../src/cluster/watch-plan.ts";

const [scope] = planWatches([{ source: "endpointslices", namespace: "data", service: "x" }]) as [Scope];

test.each([
  ["after a second", 3_601_000, true],
  ["not a millisecond before", 3_600_999, false],
  ["at once when the clock is set back by an hour meanwhile", 1_000, true],
])("A watch that is open again has caught up %s", (_, laterMs, sees) => {
  const sight = new ScopeSight();
  sight.down(scope);
  expect(sight.takeSight(3_599_000)).toBe(false);
  sight.up(scope, 3_600_000);
  expect(sight.takeSight(laterMs)).toBe(sees);
  expect(sight.sees("endpointslices", "data", "x")).toBe(sees);
});
