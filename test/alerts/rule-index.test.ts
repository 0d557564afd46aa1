import { describe, expect, test } from "vitest";
import { AlertBook } from "../../src/alerts/alert-book.ts";
import { OPEN_SURROUNDINGS } from "../../src/alerts/surroundings.ts";
import type { Ring } from "../../src/ring/ring.ts";
import { conditionRule, conditionTrigger, count, ruleMember, ruleRing } from "../rules/rule-fixtures.ts";

const MEMBERS = ["a", "b", "c"].map((name) => ruleMember(name));
const ringOf = (service: string, ready: number): Ring =>
  ruleRing(MEMBERS.slice(0, ready), { key: `data/${service}`, service });
const trigger = conditionTrigger({ conditions: [{ kind: "readyBelow", threshold: count(2) }] });
const ruleOf = (name: string, service: string) =>
  conditionRule([], { services: [service] }, { name, trigger });

/** How often a rule was asked about a ring, each time that something was seen. */
function asked(services: readonly string[]) {
  let steps = 0;
  const book = new AlertBook({
    rules: services.map((service, index) => ruleOf(`rule-${index}`, service)),
    stored: { alerts: [], baselines: [] },
    nowMs: 0,
    mayDecide: () => ++steps > 0,
    surroundings: OPEN_SURROUNDINGS,
    namespaceLabels: () => undefined,
  });
  return (service: string, ready: number, nowMs: number): number => {
    steps = 0;
    book.onRing(ringOf(service, ready), nowMs);
    return steps;
  };
}

/** Every second one by a glob, which has to be tried. */
const other = (index: number): string => (index % 2 === 0 ? `other-${index}` : `other-${index}-*`);

describe("the change of a ring", () => {
  test.each([0, 1, 1_000])(
    "is judged by the two rules that select it, and by none of %i others",
    (others) => {
      const see = asked(["kafka", "k*", ...Array.from({ length: others }, (_, index) => other(index))]);
      for (let index = 0; index < others; index++) expect(see(other(index), 3, 0)).toBe(1);
      expect(see("kafka", 3, 0)).toBe(2);
      expect(see("kafka", 1, 1)).toBe(2);
      expect(see("kafka", 3, 2)).toBe(2);
    },
  );

  test("that no rule selects is judged by none", () => {
    const see = asked(["kafka", "k*"]);
    expect([see("cassandra", 3, 0), see("cassandra", 1, 1)]).toEqual([0, 0]);
  });
});
