import { describe, expect, test } from "vitest";
import { advanceFlaps } from "../../../src/alerts/flap-history.ts";
import type { Member, Ring } from "../../../src/ring/ring.ts";
import type { Condition, Verdict } from "../../../src/rules/conditions/condition.ts";
import { CONDITION_KINDS } from "../../../src/rules/conditions/condition-kinds.ts";
import { type JudgedRule, judge } from "../../../src/rules/conditions/evaluate.ts";
import type { Circumstances } from "../../../src/rules/conditions/ring-view.ts";
import type { Each, Membership } from "../../../src/rules/rule.ts";
import { conditionRule, conditionTrigger, count, percent, ruleMember, ruleRing } from "../rule-fixtures.ts";

/** `a1` is a ready member `1` of zone `a`; `a1!` is not ready, `a1~` terminates; `1` is in no zone. `a1@n` is on node n. */
function members(text: string): Member[] {
  return text
    .split(" ")
    .filter(Boolean)
    .map((word) => {
      const [, zone, name, mark, node] = /^([a-z]?)(\d+)([!~]?)(?:@(\w+))?$/.exec(word) ?? [];
      const isReady = mark === "";
      return ruleMember(`m${zone ?? ""}${name ?? ""}`, {
        zone: zone === "" ? undefined : zone,
        node,
        ready: isReady,
        serving: mark !== "!",
        terminating: mark === "~",
      });
    });
}

interface Asked extends Partial<Circumstances> {
  readonly each?: Each;
  readonly membership?: Membership;
  readonly ring?: Partial<Ring>;
}

function verdict(condition: Condition, text: string, asked: Asked = {}): Verdict | undefined {
  const { each, membership = "present", ring = {}, ...around } = asked;
  const trigger = conditionTrigger({ conditions: [condition], each });
  const rule: JudgedRule = { ...conditionRule([], {}, { membership }), trigger };
  return judge(rule, ruleRing(members(text), ring), {
    expected: undefined,
    changes: () => 0,
    nowMs: 0,
    ...around,
  });
}

type Case = readonly [
  what: string,
  members: string,
  holds: boolean,
  fact: string,
  badness: readonly number[],
];

const absent = { ring: { present: false } };

describe("notReadyAbove", () => {
  const above = (most: number): Condition => ({ kind: "notReadyAbove", threshold: count(most) });

  test.each<Case>([
    ["as many as it may be", "1! 2! 3", false, "2 of 3 not ready, wanted at most 2", [2]],
    ["one more", "1! 2! 3! 4", true, "3 of 4 not ready, wanted at most 2", [3]],
    [
      "members that terminate are not counted",
      "1! 2! 3~ 4~",
      false,
      "2 of 2 not ready, wanted at most 2",
      [2],
    ],
    ["nobody", "", false, "0 of 0 not ready, wanted at most 2", [0]],
  ])("%s", (_, text, holds, fact, badness) => {
    expect(verdict(above(2), text)).toEqual({ holds, fact, badness });
  });

  test("of 0 holds for the first", () => {
    expect(verdict(above(0), "1 2")?.holds).toBe(false);
    expect(verdict(above(0), "1 2!")?.holds).toBe(true);
  });

  test.each([
    [4, "1! 2! 3 4", false],
    [4, "1! 2! 3! 4", true],
    [5, "1! 2! 3 4 5", false],
    [5, "1! 2! 3! 4 5", true],
    [10, "1! 2! 3!", false],
    [undefined, "1! 2! 3!", false],
  ])("of 50%% when %j are expected, with %s: %j", (expected, text, holds) => {
    expect(verdict({ kind: "notReadyAbove", threshold: percent(50) }, text, { expected })?.holds).toBe(holds);
  });

  test("tells of what the percent are", () => {
    const condition: Condition = { kind: "notReadyAbove", threshold: percent(50) };
    expect(verdict(condition, "1! 2! 3!", { expected: 4 })?.fact).toBe(
      "3 of 3 not ready, wanted at most 50% of 4",
    );
    expect(verdict(condition, "1!")?.fact).toBe("1 of 1 not ready, wanted at most 50%");
  });

  test("does not hold for a Service that is missing", () => {
    expect(verdict(above(0), "", absent)).toMatchObject({
      holds: false,
      fact: "Service missing, 0 of 0 not ready, wanted at most 0",
    });
  });
});

describe("thresholds in percent of the expected size", () => {
  test.each([
    ["readyBelow", 60, 5, "1 2 3", false],
    ["readyBelow", 60, 5, "1 2 3!", true],
    ["readyBelow", 50, 5, "1 2 3", false],
    ["readyBelow", 50, 5, "1 2", true],
    ["readyBelow", 100, 3, "1 2 3", false],
    ["readyBelow", 100, 3, "1 2 3!", true],
    ["readyBelow", 1, 1, "1", false],
    ["readyBelow", 1, 1, "1!", true],
    ["readyBelow", 50, 0, "", false],
    ["readyBelow", 50, undefined, "", false],
    ["membersBelow", 60, 5, "1! 2! 3!", false],
    ["membersBelow", 60, 5, "1 2", true],
    ["membersBelow", 50, undefined, "", false],
  ] as const)("%s: %i%% of %j, with %j: %j", (kind, share, expected, text, holds) => {
    expect(verdict({ kind, threshold: percent(share) }, text, { expected })?.holds).toBe(holds);
  });
});

describe("zoneWithoutReady", () => {
  const dark: Condition = { kind: "zoneWithoutReady" };

  test.each<Case>([
    ["each zone has one", "a1 a2! b1", false, "each of 2 zones has a ready member", [0]],
    ["one has none", "a1 b1! b2!", true, "none ready in b", [1]],
    ["all have none", "b1! a1!", true, "none ready in a, b", [2]],
    ["all members of one terminate, as on a node that is lost", "a1 b1~", true, "none ready in b", [1]],
    ["members without a zone are in none", "a1 2!", false, "each of 1 zones has a ready member", [0]],
    ["no zone is known", "1 2!", false, "no zones", [0]],
    ["nobody", "", false, "no zones", [0]],
  ])("%s", (_, text, holds, fact, badness) => {
    expect(verdict(dark, text)).toEqual({ holds, fact, badness });
  });
});

describe("zonesBelow", () => {
  const zones = (number: number): Condition => ({ kind: "zonesBelow", count: number });

  test.each<Case>([
    ["as many as are wanted", "a1 b1", false, "2 zones (a, b) with a ready member, wanted at least 2", [-2]],
    ["one less", "a1 b1!", true, "1 zone (a) with a ready member, wanted at least 2", [-1]],
    ["none", "a1! b1!", true, "no zone with a ready member, wanted at least 2", [-0]],
    [
      "members without a zone do not help",
      "a1 2 3",
      true,
      "1 zone (a) with a ready member, wanted at least 2",
      [-1],
    ],
  ])("%s", (_, text, holds, fact, badness) => {
    expect(verdict(zones(2), text)).toEqual({ holds, fact, badness });
  });

  test("holds for a Service that is missing", () => {
    expect(verdict(zones(1), "", absent)).toMatchObject({
      holds: true,
      fact: "Service missing, no zone with a ready member, wanted at least 1",
    });
  });
});

describe("nodeShareAbove", () => {
  const share = (most: number): Condition => ({ kind: "nodeShareAbove", percent: most });

  test.each<Case>([
    ["as much as it may be", "1@x 2@x 3@y 4@z", false, "2 of 4 members on x, wanted at most 50%", [2]],
    ["one more", "1@x 2@x 3@y", true, "2 of 3 members on x, wanted at most 50%", [2]],
    ["all on one", "1@x", true, "1 of 1 members on x, wanted at most 50%", [1]],
    [
      "members that are not ready count",
      "1!@x 2@x 3@y",
      true,
      "2 of 3 members on x, wanted at most 50%",
      [2],
    ],
    ["members that terminate do not", "1~@x 2@x 3@y", false, "1 of 2 members on x, wanted at most 50%", [1]],
    [
      "members without a node are part of the whole",
      "1@x 2@x 3 4",
      false,
      "2 of 4 members on x, wanted at most 50%",
      [2],
    ],
    ["no node is known", "1 2", false, "no node is known", [0]],
    ["nobody", "", false, "no node is known", [0]],
  ])("%s", (_, text, holds, fact, badness) => {
    expect(verdict(share(50), text)).toEqual({ holds, fact, badness });
  });

  test("of 100% never holds", () => {
    expect(verdict(share(100), "1@x 2@x")?.holds).toBe(false);
  });
});

describe("flapping", () => {
  const flapping: Condition = { kind: "flapping", changes: 3, withinMs: 60_000 };

  test.each([
    [2, false, "2 changes within 1m, wanted fewer than 3"],
    [3, true, "3 changes or more within 1m"],
  ])("%i changes of late", (changes, holds, fact) => {
    expect(verdict(flapping, "1", { changes: () => changes })).toEqual({ holds, fact, badness: [] });
  });

  test("counts the changes of the ring, or of each member or zone", () => {
    const changes = (item: string) => ({ "": 1, "data/ma1": 3, b: 3 })[item] ?? 0;
    expect(verdict(flapping, "a1 b1", { changes })?.holds).toBe(false);
    expect(verdict(flapping, "a1 b1", { changes, each: "member" })?.items?.map(({ item }) => item)).toEqual([
      "data/ma1",
    ]);
    expect(verdict(flapping, "a1 b1", { changes, each: "zone" })?.items?.map(({ item }) => item)).toEqual([
      "b",
    ]);
  });

  test("does not hold for a ring that nothing is known of but its members now", () => {
    const terms = { changes: 3, withinMs: 60_000, membership: "present", each: undefined } as const;
    expect(advanceFlaps(undefined, ruleRing(members("1 2! 3")), terms, 0).timesMs).toEqual({});
  });
});

describe("each", () => {
  test.each([
    ["member", "1 2! 3~", ["m2"], "m2: none of 1 ready"],
    ["member", "1 2", [], "none of 2 members"],
    ["member", "", [], "no members"],
    ["zone", "a1! a2 b1! b2!", ["b"], "b: none of 2 ready"],
    ["zone", "a1 b1~ 3!", ["b"], "b: no members"],
    ["zone", "a1 b1 3!", [], "none of 2 zones"],
    ["zone", "1!", [], "no zones"],
  ] as const)("%s of %j", (each, text, names, fact) => {
    const found = verdict({ kind: "noneReady" }, text, { each });
    expect(found).toMatchObject({ holds: names.length > 0, fact, badness: [names.length] });
    expect(found?.items?.map(({ name }) => name)).toEqual(names);
  });

  test("of more than five names five and counts the rest", () => {
    const fact = verdict({ kind: "noneReady" }, "1! 2! 3! 4! 5! 6! 7!", { each: "member" })?.fact;
    expect(fact).toMatch(/^m1: none of 1 ready; .*m5: none of 1 ready; and 2 more$/);
  });

  test.each([
    ["readyBelow", "a1 a2 b1 b2!", ["b"]],
    ["membersBelow", "a1! a2! b1", ["b"]],
  ] as const)("zone: %s counts within each zone", (kind, text, zones) => {
    expect(
      verdict({ kind, threshold: count(2) }, text, { each: "zone" })?.items?.map(({ item }) => item),
    ).toEqual(zones);
  });

  test("zone: nodeShareAbove and notReadyAbove count within each zone", () => {
    const share: Condition = { kind: "nodeShareAbove", percent: 50 };
    expect(verdict(share, "a1@x a2@x b1@y b2@z", { each: "zone" })?.items?.map(({ item }) => item)).toEqual([
      "a",
    ]);
    const above: Condition = { kind: "notReadyAbove", threshold: count(1) };
    expect(verdict(above, "a1! b1! b2!", { each: "zone" })?.items?.map(({ item }) => item)).toEqual(["b"]);
  });

  test("member: counts serving members only where membership says so", () => {
    expect(verdict({ kind: "noneReady" }, "1 2!", { each: "member", membership: "serving" })?.holds).toBe(
      false,
    );
  });

  test("has nobody in a Service that is missing", () => {
    expect(verdict({ kind: "noneReady" }, "", { each: "zone", ...absent })).toMatchObject({
      holds: false,
      items: [],
    });
  });

  test("zone: says nothing of fewer that a truncated ring may only not show", () => {
    const ring = { truncated: true };
    const below: Condition = { kind: "readyBelow", threshold: count(2) };
    expect(verdict(below, "a1 b1!", { each: "zone", ring })?.items?.map(({ item }) => item)).toEqual(["b"]);
  });
});

test("every shorthand describes itself in one line, and has a fact for an empty and for an absent ring", () => {
  const all: readonly Condition[] = [
    { kind: "readyBelow", threshold: percent(60) },
    { kind: "notReadyAbove", threshold: count(0) },
    { kind: "membersBelow", threshold: count(3) },
    { kind: "noneReady" },
    { kind: "missing" },
    { kind: "zoneWithoutReady" },
    { kind: "zonesBelow", count: 2 },
    { kind: "nodeShareAbove", percent: 50 },
    { kind: "flapping", changes: 3, withinMs: 60_000 },
  ];
  expect(all.map(({ kind }) => kind).sort()).toEqual(Object.keys(CONDITION_KINDS).sort());
  const words = all.map((condition) => CONDITION_KINDS[condition.kind].describe(condition as never));
  expect(words).toEqual([
    "fewer than 60% ready",
    "more than 0 not ready",
    "fewer than 3 members",
    "none ready",
    "Service missing",
    "a zone has none ready",
    "fewer than 2 zones with a ready member",
    "more than 50% on one node",
    "3 changes within 1m",
  ]);
  for (const condition of all) {
    for (const asked of [{}, absent]) expect(verdict(condition, "", asked)?.fact).toMatch(/^[^\n.]+$/);
  }
});
