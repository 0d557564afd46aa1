import { describe, expect, test } from "vitest";
import { SIZE_MEMORY_MS, SIZE_SETTLE_MS } from "../../src/alerts/expected-size.ts";
import type { Ring } from "../../src/ring/ring.ts";
import { compileCondition } from "../../src/rules/cel-condition.ts";
import type { CelCondition } from "../../src/rules/cel-condition.ts";
import type { Condition } from "../../src/rules/conditions/condition.ts";
import type { ConditionTrigger, Rule } from "../../src/rules/rule.ts";
import {
  conditionRule,
  conditionTrigger,
  count,
  percent,
  ruleMember,
  ruleRing,
} from "../rules/rule-fixtures.ts";
import { BookStage } from "./book-stage.ts";

const NAMES = ["a", "b", "c", "d", "e"];

/** So many members, the last of them not ready. */
function ring(total: number, notReady = 0, fields: Partial<Ring> = {}): Ring {
  const members = NAMES.slice(0, total).map((name, index) => {
    const isReady = index < total - notReady;
    return ruleMember(name, { ready: isReady, serving: isReady });
  });
  return ruleRing(members, fields);
}

function rule(
  condition: Condition,
  trigger: Partial<ConditionTrigger> = {},
  fields: Partial<Rule> = {},
): Rule {
  return conditionRule(
    [],
    {},
    { trigger: conditionTrigger({ conditions: [condition], ...trigger }), ...fields },
  );
}

function expression(source: string): CelCondition {
  const result = compileCondition(source, undefined);
  if (!result.ok) throw new Error(JSON.stringify(result.issues));
  return result.condition;
}

const below = (share: number) => rule({ kind: "readyBelow", threshold: percent(share) });

describe("percent of the expected size", () => {
  test("decide nothing until the first size has stood", () => {
    const stage = new BookStage([below(60)]).see(0, ring(5, 5));
    expect(stage.pass(SIZE_SETTLE_MS - 1).said).toEqual([]);
    expect(stage.pass(SIZE_SETTLE_MS).said).toEqual([
      `${SIZE_SETTLE_MS} fire test-rule data/cassandra to data-team`,
    ]);
    expect(stage.notices[0]?.notice.alert?.reason).toBe("0 of 5 ready, wanted at least 60% of 5");
  });

  test.each([
    [2, []],
    [3, ["60000 fire test-rule data/cassandra to data-team"]],
  ])("60%% of five, with %i not ready: %j", (notReady, said) => {
    expect(
      new BookStage([below(60)]).see(0, ring(5)).pass(50_000).see(60_000, ring(5, notReady)).said,
    ).toEqual(said);
  });

  test("are of the size before, when members are gone altogether", () => {
    const stage = new BookStage([below(60)]).see(0, ring(5)).pass(50_000).see(60_000, ring(2));
    expect(stage.notices[0]?.notice.alert?.reason).toBe("2 of 2 ready, wanted at least 60% of 5");
    expect(stage.pass(60_000 + SIZE_MEMORY_MS - 1).said.length).toBe(1);
    expect(stage.pass(60_000 + SIZE_MEMORY_MS).said[1]).toMatch(/resolve/);
  });

  test("are of the size before a restart", () => {
    const before = new BookStage([below(60)]).see(0, ring(5)).pass(50_000);
    expect(new BookStage([below(60)], { from: before }).see(60_000, ring(2)).said).toMatchObject([/fire/]);
  });

  test("are of the desired replicas where they are known, at once", () => {
    const stage = new BookStage([{ ...below(60), reasons: true }]);
    stage.around.desired = () => 5;
    stage.see(0, ring(2));
    expect(stage.notices[0]?.notice.alert?.reason).toBe("2 of 2 ready, wanted at least 60% of 5");
    stage.around.desired = () => 3;
    expect(
      stage.tell(1_000, (book) => book.onRingAgain("endpointslices", "data/cassandra", 1_000)).said[1],
    ).toMatch(/^1000 resolve/);
  });
});

describe("percent without reasons", () => {
  test("are of the size that the ring has shown, though workloads are watched for other rules", () => {
    const stage = new BookStage([below(60)]).see(0, ring(5)).pass(50_000);
    stage.around.desired = () => 2;
    stage.see(60_000, ring(2));
    expect(stage.notices[0]?.notice.alert?.reason).toBe("2 of 2 ready, wanted at least 60% of 5");
  });
});

describe("flapping", () => {
  const flapping = rule({ kind: "flapping", changes: 3, withinMs: 60_000 });
  const blink = (stage: BookStage, from: number, times: number) => {
    for (let index = 0; index < times; index++)
      stage.see(from + index * 1_000, ring(3, index % 2 === 0 ? 1 : 0));
    return stage;
  };

  test.each([
    [2, []],
    [3, ["12000 fire test-rule data/cassandra to data-team"]],
  ])("with %i changes: %j", (times, said) => {
    expect(blink(new BookStage([flapping]).see(0, ring(3)), 10_000, times).pass(69_999).said).toEqual(said);
  });

  test("does not take the first sight of a Service that is made later for changes", () => {
    const absent: Ring = { ...ring(0), present: false };
    const stage = new BookStage([flapping]).see(0, absent).see(10_000, ring(3));
    expect(stage.pass(60_000).said).toEqual([]);
    expect(blink(stage, 70_000, 3).said).toEqual(["72000 fire test-rule data/cassandra to data-team"]);
  });

  test("takes the going and the return of a Service that was seen for changes", () => {
    const absent: Ring = { ...ring(0), present: false };
    const stage = new BookStage([flapping]).see(0, ring(2)).see(10_000, absent).see(20_000, ring(2));
    expect(stage.said).toEqual(["20000 fire test-rule data/cassandra to data-team"]);
  });

  test("ends when fewer than that were within the time", () => {
    const stage = blink(new BookStage([flapping]).see(0, ring(3)), 10_000, 3);
    expect(stage.pass(69_999).said.length).toBe(1);
    expect(stage.pass(70_000).said[1]).toBe("70000 resolve test-rule data/cassandra to data-team");
  });

  test("counts over a restart, and what changed meanwhile", () => {
    const before = blink(new BookStage([flapping]).see(0, ring(3)), 10_000, 2);
    expect(new BookStage([flapping], { from: before, nowMs: 20_000 }).see(20_000, ring(3)).said).toEqual([]);
    expect(
      new BookStage([flapping], { from: before, nowMs: 20_000 }).see(20_000, ring(2)).said,
    ).toMatchObject([/fire/]);
  });
});

describe("an expression", () => {
  const whenLabel = rule(
    { kind: "noneReady" },
    { conditions: [], expression: expression('ring.labels["tier"] == "gold"') },
  );

  test("that cannot be evaluated decides nothing, and is told once", () => {
    const stage = new BookStage([whenLabel]).see(0, ring(3)).see(1_000, ring(2)).see(2_000, ring(3, 1));
    expect(stage.said).toEqual([]);
    expect(stage.troubles).toMatchObject([/^cannot evaluate "when": /]);
  });

  test("that cannot be evaluated any more neither resolves nor forgets", () => {
    const gold = ring(3, 0, { labels: { tier: "gold" } });
    const stage = new BookStage([whenLabel]).see(0, gold).see(1_000, ring(3)).pass(90_000);
    expect(stage.said).toMatchObject([/^0 fire/]);
    expect(stage.see(100_000, ring(3, 0, { labels: { tier: "tin" } })).said[1]).toMatch(/^100000 resolve/);
  });
});

describe("over a restart", () => {
  const slow = rule({ kind: "readyBelow", threshold: count(3) }, { forMs: 600_000 });

  test.each([599_999, 600_000])(
    "a hold of ten minutes fires at its own time, after a restart at %i ms",
    (nowMs) => {
      const before = new BookStage([slow]).see(0, ring(2));
      const after = new BookStage([slow], { from: before, nowMs }).see(nowMs, ring(2)).pass(600_000);
      expect(after.said).toEqual(["600000 fire test-rule data/cassandra to data-team"]);
      expect(after.notices[0]?.notice.alert?.since).toBe("1970-01-01T00:00:00.000Z");
    },
  );

  test("a healthy ring is neither told of nor stored", () => {
    const before = new BookStage([slow, below(60)].map((each, i) => ({ ...each, name: `r${i}` })))
      .see(0, ring(5))
      .pass(50_000);
    const rules = [slow, below(60)].map((each, i) => ({ ...each, name: `r${i}` }));
    const after = new BookStage(rules, { from: before, nowMs: 90_000 }).see(90_000, ring(5)).pass(900_000);
    expect([after.said, after.stored]).toEqual([[], 0]);
  });

  test("what ended meanwhile is marked so, and what ends later is not", () => {
    const before = new BookStage([slow]).see(0, ring(2)).pass(600_000);
    const after = new BookStage([slow], { from: before, nowMs: 900_000 }).see(900_000, ring(3));
    expect(after.notices[0]?.notice).toMatchObject({
      kind: "resolve",
      alert: { whileAway: true, durationSeconds: 900 },
    });
    const later = new BookStage([slow], { from: before, nowMs: 900_000 })
      .see(900_000, ring(2))
      .see(901_000, ring(3));
    expect(later.notices[0]?.notice.alert).not.toHaveProperty("whileAway");
  });

  test("each phase goes on: kept firing, cooling, and flapping", () => {
    const terms = { keepFiringForMs: 60_000, cooldownMs: 90_000, damping: { changes: 4, withinMs: 300_000 } };
    const asked = rule({ kind: "readyBelow", threshold: count(3) }, terms);
    const inputs: readonly (readonly [number, Ring])[] = [
      [0, ring(2)],
      [10_000, ring(3)],
      [80_000, ring(2)],
      [165_000, ring(3)],
      [240_000, ring(2)],
      [320_000, ring(3)],
      [330_000, ring(2)],
      [340_000, ring(3)],
    ];
    const straight = new BookStage([asked]);
    for (const [atMs, seen] of inputs) straight.see(atMs, seen);
    straight.pass(2_000_000);
    for (let restart = 1; restart < inputs.length; restart++) {
      const first = new BookStage([asked]);
      for (const [atMs, seen] of inputs.slice(0, restart)) first.see(atMs, seen);
      const [lastMs, last] = inputs[restart - 1] ?? [0, ring(3)];
      const second = new BookStage([asked], { from: first, nowMs: lastMs }).see(lastMs, last);
      for (const [atMs, seen] of inputs.slice(restart)) second.see(atMs, seen);
      second.pass(2_000_000);
      expect([...first.said, ...second.said]).toEqual(straight.said);
    }
    expect(straight.said.length).toBeGreaterThan(4);
  });
});

describe("a rule that is to be quiet", () => {
  const asked = rule({ kind: "readyBelow", threshold: count(3) }, {}, { notify: ["a", "b"] });

  test("speaks late when its quiet time ends, if it still holds", () => {
    const stage = new BookStage([asked]);
    stage.around.hush = (_rule, _ring, nowMs) =>
      nowMs < 100_000 ? { untilMs: 100_000, why: "night" } : undefined;
    stage.see(0, ring(2));
    expect(stage.pass(99_999).said).toEqual([]);
    expect(stage.pass(100_000).said).toEqual(["100000 fire late test-rule data/cassandra to a,b"]);
  });

  test("is quiet as long as the longer of its own time and the destination's", () => {
    const stage = new BookStage([asked]);
    stage.around.hush = (_rule, _ring, nowMs) =>
      nowMs < 100_000 ? { untilMs: 100_000, why: "night" } : undefined;
    stage.around.destinationHush = (name, _rule, _ring, nowMs) =>
      name === "b" && nowMs < 200_000 ? { untilMs: 200_000, why: "holiday" } : undefined;
    stage.see(0, ring(2)).pass(500_000);
    expect(stage.said).toEqual([
      "100000 fire late test-rule data/cassandra to a",
      "200000 fire late test-rule data/cassandra to b",
    ]);
  });

  test("speaks when a silence without a known end is taken back", () => {
    const stage = new BookStage([asked]);
    stage.around.hush = () => ({ untilMs: Infinity, why: "silenced" });
    stage.see(0, ring(2)).pass(50_000);
    stage.around.hush = () => undefined;
    expect(stage.tell(60_000, (book) => book.onQuietChanged(60_000)).said).toMatchObject([
      /^60000 fire late/,
    ]);
  });

  test("tells what is worse when a silence without a known end is taken back", () => {
    const stage = new BookStage([asked]).see(0, ring(2));
    stage.around.hush = () => ({ untilMs: Infinity, why: "silenced" });
    stage.see(10_000, ring(1)).pass(50_000);
    stage.around.hush = () => undefined;
    expect(stage.tell(60_000, (book) => book.onQuietChanged(60_000)).said[1]).toMatch(/^60000 update/);
  });
});

describe("where a rule stands", () => {
  const asked = rule({ kind: "readyBelow", threshold: count(3) }, { forMs: 30_000, keepFiringForMs: 60_000 });

  test.each([
    [[[0, ring(3)]], 0, { phase: "inactive", fact: "3 of 3 ready, wanted at least 3" }],
    [[[5_000, ring(2)]], 10_000, { phase: "pending", sinceMs: 5_000, next: { atMs: 35_000, what: "fire" } }],
    [[[5_000, ring(2)]], 35_000, { phase: "firing", sinceMs: 5_000 }],
    [
      [
        [5_000, ring(2)],
        [40_000, ring(3)],
      ],
      50_000,
      { phase: "keeping", sinceMs: 40_000, next: { atMs: 100_000, what: "resolve" } },
    ],
  ] as const satisfies readonly (readonly [readonly (readonly [number, Ring])[], number, object])[])(
    "case %#",
    (sights, nowMs, standing) => {
      const stage = new BookStage([asked]);
      for (const [atMs, seen] of sights) stage.see(atMs, seen);
      expect(stage.pass(nowMs).book.standings(nowMs)).toMatchObject([standing]);
    },
  );
});

test("a resolve on a clock that was set back has no negative duration", () => {
  const stage = new BookStage([rule({ kind: "readyBelow", threshold: count(3) })]).see(1_000_000, ring(2));
  stage.book.onRing(ring(3), 5_000);
  expect(stage.book.takeDecisions().notices[0]?.notice.alert).toMatchObject({ durationSeconds: 0 });
});
