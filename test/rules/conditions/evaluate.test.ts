import { describe, expect, test } from "vitest";
import type { Condition } from "../../../src/rules/conditions/condition.ts";
import { evaluate } from "../../../src/rules/conditions/evaluate.ts";
import { changeTrigger, conditionRule, count, ruleMember, ruleRing } from "../rule-fixtures.ts";

const READY = ["a", "b", "c"].map((name) => ruleMember(name));
const down = (name: string) => ruleMember(name, { ready: false, serving: false });
const leaving = (name: string) => ruleMember(name, { ready: false, terminating: true });
const absent = ruleRing([], { present: false });

describe("readyBelow", () => {
  const rule = conditionRule([{ kind: "readyBelow", threshold: count(3) }]);

  test.each([
    [READY, false, "3 of 3 ready, wanted at least 3", -3],
    [[...READY.slice(1), down("x")], true, "2 of 3 ready, wanted at least 3", -2],
    [[...READY.slice(1), leaving("x")], true, "2 of 2 ready, wanted at least 3", -2],
    [[], true, "0 of 0 ready, wanted at least 3", -0],
  ])("case %#", (members, holds, fact, badness) => {
    expect(evaluate(rule, ruleRing(members))).toEqual({ holds, fact, badness: [badness] });
  });

  test("holds for an absent Service that the rule names", () => {
    const fact = "Service missing, 0 of 0 ready, wanted at least 3";
    expect(evaluate(rule, absent)).toEqual({ holds: true, fact, badness: [-0] });
  });

  test("does not hold while all that a truncated ring lists are ready, since more may be", () => {
    const verdict = evaluate(rule, ruleRing(READY.slice(1), { truncated: true }));
    const fact = "at least 2 of at least 2 ready, wanted at least 3";
    expect(verdict).toEqual({ holds: false, fact, badness: [-2] });
    expect(evaluate(rule, ruleRing([...READY.slice(1), down("x")], { truncated: true }))?.holds).toBe(true);
  });
});

describe("membersBelow", () => {
  const rule = conditionRule([{ kind: "membersBelow", threshold: count(2) }]);

  test.each([
    [[down("x"), down("y")], false, "2 members, wanted at least 2", -2],
    [[down("x"), leaving("y")], true, "1 member, wanted at least 2", -1],
    [[], true, "0 members, wanted at least 2", -0],
  ])("case %#", (members, holds, fact, badness) => {
    expect(evaluate(rule, ruleRing(members))).toEqual({ holds, fact, badness: [badness] });
  });

  test("counts serving members only where membership says so", () => {
    const ring = ruleRing([ruleMember("a"), down("x")]);
    const serving = conditionRule(
      [{ kind: "membersBelow", threshold: count(2) }],
      {},
      { membership: "serving" },
    );
    expect(evaluate(rule, ring)?.holds).toBe(false);
    expect(evaluate(serving, ring)).toEqual({
      holds: true,
      fact: "1 member, wanted at least 2",
      badness: [-1],
    });
  });

  test("never holds for a truncated ring", () => {
    expect(evaluate(rule, ruleRing([ruleMember("a")], { truncated: true }))).toEqual({
      holds: false,
      fact: "at least 1 member, wanted at least 2",
      badness: [-1],
    });
  });
});

describe("noneReady", () => {
  const rule = conditionRule([{ kind: "noneReady" }]);

  test.each([
    [[ruleMember("a"), down("x")], false, "1 of 2 ready"],
    [[down("x"), down("y")], true, "none of 2 ready"],
    [[leaving("x")], true, "no members"],
    [[], true, "no members"],
  ])("case %#", (members, holds, fact) => {
    expect(evaluate(rule, ruleRing(members))).toEqual({ holds, fact, badness: [] });
  });

  test("holds for an absent Service that the rule names", () => {
    expect(evaluate(rule, absent)).toEqual({ holds: true, fact: "Service missing, no members", badness: [] });
  });
});

describe("missing", () => {
  const rule = conditionRule([{ kind: "missing" }]);

  test("holds for an absent ring and not for an empty one", () => {
    expect(evaluate(rule, absent)).toEqual({ holds: true, fact: "Service missing", badness: [] });
    expect(evaluate(rule, ruleRing([]))).toEqual({ holds: false, fact: "Service present", badness: [] });
  });

  test("judges rings by glob and by label too", () => {
    expect(evaluate(conditionRule([{ kind: "missing" }], { services: ["cass*"] }), absent)?.holds).toBe(true);
    const byLabel = conditionRule([{ kind: "missing" }], { services: [], labels: { tier: "storage" } });
    expect(evaluate(byLabel, { ...absent, labels: { tier: "storage" } })?.holds).toBe(true);
  });
});

describe("scope", () => {
  const below: Condition = { kind: "readyBelow", threshold: count(3) };

  test.each<Condition>([below, { kind: "membersBelow", threshold: count(1) }, { kind: "noneReady" }])(
    "an absent ring is out of scope for $kind by glob, by label and without a name",
    (condition) => {
      const labelled = { ...absent, labels: { tier: "storage" } };
      expect(evaluate(conditionRule([condition], { services: ["cass*"] }), absent)).toBeUndefined();
      expect(evaluate(conditionRule([condition], { namespaces: [] }), absent)).toBeUndefined();
      expect(evaluate(conditionRule([condition], { labels: { tier: "storage" } }), labelled)).toBeUndefined();
    },
  );

  test("is left by an absent ring when one of several conditions cannot be judged", () => {
    const rule = conditionRule([{ kind: "missing" }, below], { services: ["*"] });
    expect(evaluate(rule, absent)).toBeUndefined();
  });

  test("does not hold rings that the rule does not select", () => {
    expect(evaluate(conditionRule([below], { services: ["kafka"] }), ruleRing([]))).toBeUndefined();
  });

  test("does not hold anything for change rules", () => {
    const trigger = changeTrigger();
    expect(evaluate(conditionRule([], {}, { trigger }), ruleRing([]))).toBeUndefined();
  });
});

describe("several conditions", () => {
  const rule = conditionRule([
    { kind: "readyBelow", threshold: count(2) },
    { kind: "membersBelow", threshold: count(3) },
  ]);

  test("hold together, with all facts", () => {
    const fact = "1 of 2 ready, wanted at least 2; 2 members, wanted at least 3";
    expect(evaluate(rule, ruleRing([ruleMember("a"), down("x")]))).toEqual({
      holds: true,
      fact,
      badness: [-1, -2],
    });
  });

  test("fail together, with the facts of those that fail", () => {
    const ring = ruleRing([ruleMember("a"), down("x"), down("y")]);
    expect(evaluate(rule, ring)).toEqual({
      holds: false,
      fact: "3 members, wanted at least 3",
      badness: [-1, -3],
    });
  });
});
