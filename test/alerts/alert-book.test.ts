import { describe, expect, test } from "vitest";
import type { Departure } from "../../src/alerts/surroundings.ts";
import type { Member, Ring } from "../../src/ring/ring.ts";
import type { ChangeTrigger, Rule } from "../../src/rules/rule.ts";
import {
  changeTrigger,
  conditionRule,
  conditionTrigger,
  count,
  ruleMember,
  ruleRing,
} from "../rules/rule-fixtures.ts";
import { BookStage } from "./book-stage.ts";

const down = (name: string, fields: Partial<Member> = {}) =>
  ruleMember(name, { ready: false, serving: false, ...fields });
const ringOf = (service: string, ...members: readonly Member[]): Ring =>
  ruleRing(members, { key: `data/${service}`, service });
const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => ruleMember(name)) as [Member, Member, Member, Member];
const gone = (service: string): Ring => ruleRing([], { key: `data/${service}`, service, present: false });

const on = (services: readonly string[]) => ({ services });
const below = (name: string, services: readonly string[], fields: Partial<Rule> = {}, forMs = 0): Rule =>
  conditionRule([], on(services), {
    name,
    trigger: conditionTrigger({ conditions: [{ kind: "readyBelow", threshold: count(2) }], forMs }),
    ...fields,
  });
const changes = (trigger: Partial<ChangeTrigger> = {}, fields: Partial<Rule> = {}): Rule =>
  conditionRule([], on(["x"]), { name: "changes", trigger: changeTrigger(trigger), ...fields });

describe("a rule that another speaks for", () => {
  const rules = [
    below("loud", ["x"], { notify: ["boss"] }),
    below("quiet", ["x"], { suppressedBy: [{ rule: "loud", same: "ring" }] }, 10_000),
  ];
  const troubled = () => new BookStage(rules).see(0, ringOf("x", a));

  test("says nothing while that one fires", () => {
    expect(troubled().pass(500_000).said).toEqual(["0 fire loud data/x to boss"]);
  });

  test.each([0, 30_000])(
    "says nothing when both have held for %i ms at once, whatever their order",
    (forMs) => {
      const trigger = conditionTrigger({ conditions: [{ kind: "readyBelow", threshold: count(2) }], forMs });
      const equal = rules.map((each): Rule => ({ ...each, trigger }));
      for (const order of [equal, equal.toReversed()]) {
        const stage = new BookStage(order).see(0, ringOf("x", a));
        expect(stage.pass(500_000).said).toEqual([`${forMs} fire loud data/x to boss`]);
      }
    },
  );

  test("says nothing when all ends at once, and never of its own end", () => {
    expect(
      troubled()
        .see(60_000, ringOf("x", a, b))
        .pass(500_000)
        .said.slice(1),
    ).toEqual(["60000 resolve loud data/x to boss"]);
  });

  test("speaks late ten seconds after that one has stopped, when it still holds itself", () => {
    const stage = troubled().pass(50_000);
    stage.tell(60_000, (book) =>
      book.replaceRules(
        [
          { ...rules[0], trigger: conditionTrigger({ conditions: [{ kind: "missing" }] }) } as Rule,
          rules[1] as Rule,
        ],
        60_000,
      ),
    );
    expect(stage.pass(500_000).said.slice(1)).toEqual([
      "60000 resolve loud data/x to boss",
      "70000 fire late quiet data/x to data-team",
    ]);
  });

  test("speaks when the rule that spoke for it is gone", () => {
    const stage = troubled()
      .pass(50_000)
      .tell(60_000, (book) => book.replaceRules([rules[1] as Rule], 60_000))
      .pass(70_000);
    expect(stage.said.slice(1)).toEqual([
      "60000 resolve loud data/x to boss",
      "70000 fire late quiet data/x to data-team",
    ]);
  });

  test("is silent over a restart too", () => {
    const after = new BookStage(rules, { from: troubled().pass(50_000), nowMs: 60_000 }).see(
      60_000,
      ringOf("x", a),
    );
    expect(after.pass(500_000).said).toEqual([]);
  });

  test("speaks of other rings as ever", () => {
    const stage = new BookStage([
      rules[0] as Rule,
      { ...rules[1], ring: { ...(rules[1] as Rule).ring, services: ["x", "y"] } } as Rule,
    ]);
    stage.see(0, ringOf("x", a)).see(0, ringOf("y", a)).pass(500_000);
    expect(stage.said).toEqual(["0 fire loud data/x to boss", "10000 fire quiet data/y to data-team"]);
  });

  test("speaks for nobody on another node", () => {
    const byNode = below("quiet", ["y"], { suppressedBy: [{ rule: "loud", same: "node" }] }, 10_000);
    const on1 = { node: "n1" };
    const said = (node: string) =>
      new BookStage([rules[0] as Rule, byNode])
        .see(0, ringOf("x", down("a", on1)))
        .see(0, ringOf("y", down("k", { node })))
        .pass(500_000).said;
    expect(said("n1")).toEqual(["0 fire loud data/x to boss"]);
    expect(said("n2")).toEqual(["0 fire loud data/x to boss", "10000 fire quiet data/y to data-team"]);
  });

  test("reports its changes when that one has stopped", () => {
    const quiet = changes({}, { suppressedBy: [{ rule: "loud", same: "ring" }] });
    const stage = new BookStage([rules[0] as Rule, quiet]).see(0, ringOf("x", a, b)).pass(50_000);
    stage
      .see(60_000, ringOf("x", a))
      .pass(100_000)
      .see(120_000, ringOf("x", a, c))
      .pass(125_000);
    expect(stage.said).toEqual(["60000 fire loud data/x to boss", "120000 resolve loud data/x to boss"]);
    expect(stage.pass(500_000).said.slice(2)).toEqual(["130000 change changes data/x to data-team"]);
    expect(stage.notices.at(-1)?.notice.change).toMatchObject({
      left: [{ name: "b" }],
      joined: [{ name: "c" }],
    });
  });
});

describe("a guard of a change rule", () => {
  const guard = { minMembers: 2, maxLost: undefined, otherwise: ["on-call"] };
  const stage = (asked = guard) =>
    new BookStage([changes({ guard: asked })]).see(0, ringOf("x", a, b, c)).pass(50_000);

  test("tells others of a change beyond it, with the reason", () => {
    const beyond = stage().see(60_000, ringOf("x", a)).pass(90_000);
    expect(beyond.said).toEqual(["70000 change changes data/x to on-call"]);
    expect(beyond.notices[0]?.notice).toMatchObject({
      generation: 1,
      message: "Held back by the guard: the ring has 1 member, wanted at least 2\nLeft: b, c",
      change: { guarded: "the ring has 1 member, wanted at least 2" },
    });
  });

  test("tells the usual ones of a change within it", () => {
    const within = stage()
      .see(60_000, ringOf("x", a, b))
      .pass(90_000);
    expect(within.said).toEqual(["70000 change changes data/x to data-team"]);
    expect(within.notices[0]?.notice.change).not.toHaveProperty("guarded");
  });

  test("with nobody to tell otherwise tells nobody, and counts the generation", () => {
    const beyond = stage({ ...guard, otherwise: [] })
      .see(60_000, ringOf("x", a))
      .pass(90_000);
    expect(beyond.said).toEqual(["70000 change changes data/x to "]);
    expect(beyond.baselines.get("changes data/x")?.generation).toBe(1);
  });
});

describe("a change rule during a rollout", () => {
  const holding = changes({ rolloutHoldMs: 600_000 });
  const rolling = (sinceMs: number | undefined) => {
    const stage = new BookStage([holding]).see(0, ringOf("x", a, b, c)).pass(50_000);
    stage.around.rolloutSinceMs = () => sinceMs;
    return stage.see(60_000, ringOf("x", a, b));
  };

  test.each([
    [659_999, []],
    [660_000, ["660000 change changes data/x to data-team"]],
  ])("speaks after all when that goes on for too long: by %i ms %j", (untilMs, said) => {
    expect(rolling(60_000).pass(untilMs).said).toEqual(said);
  });

  test("speaks when the rollout has ended, of the net change", () => {
    const stage = rolling(60_000).see(100_000, ringOf("x", a));
    stage.around.rolloutSinceMs = () => undefined;
    stage.tell(200_000, (book) => book.onRingAgain("endpointslices", "data/x", 200_000));
    expect(stage.said).toEqual(["200000 change changes data/x to data-team"]);
    expect(stage.notices[0]?.notice.change?.left.map(({ name }) => name)).toEqual(["b", "c"]);
  });

  test("says nothing of a rollout that brought everybody back", () => {
    const stage = rolling(60_000).see(100_000, ringOf("x", a, b, c));
    stage.around.rolloutSinceMs = () => undefined;
    stage.tell(200_000, (book) => book.onRingAgain("endpointslices", "data/x", 200_000));
    expect(stage.pass(900_000).said).toEqual([]);
  });

  test("speaks as usual where the rule does not ask it to hold", () => {
    const stage = new BookStage([changes()]).see(0, ringOf("x", a, b)).pass(50_000);
    stage.around.rolloutSinceMs = () => 55_000;
    expect(stage.see(60_000, ringOf("x", a)).pass(90_000).said.length).toBe(1);
  });
});

describe("why members left", () => {
  const why = (reason: Departure["reason"]) => () => ({ reason, evidence: "seen" });

  test("is part of a change for rules that ask for reasons, and for no other", () => {
    const asking = new BookStage([changes({}, { reasons: true }), { ...changes(), name: "plain" }]);
    asking.around.whyLeft = why("nodeLost");
    asking
      .see(0, ringOf("x", a, b))
      .pass(50_000)
      .see(60_000, ringOf("x", a))
      .pass(90_000);
    expect(asking.notices.map(({ notice }) => notice.change?.departures)).toEqual([
      [{ key: "data/b", name: "b", reason: "nodeLost", evidence: "seen" }],
      undefined,
    ]);
  });

  test("tells sooner or later, by the rule's settle times", () => {
    const asking = changes(
      { settleMs: 600_000, maxWaitMs: 6_000_000, settleByReason: { scaledDown: 5_000 } },
      { reasons: true },
    );
    const stage = new BookStage([asking]).see(0, ringOf("x", a, b)).pass(700_000);
    stage.around.whyLeft = why("scaledDown");
    expect(stage.see(800_000, ringOf("x", a)).pass(804_999).said).toEqual([]);
    expect(stage.pass(805_000).said).toEqual(["805000 change changes data/x to data-team"]);
  });
});

describe("while what is known may be stale", () => {
  test("nothing fires and nothing resolves, and holds go on from their original start", () => {
    const stage = new BookStage([below("low", ["x"], {}, 30_000)]).see(0, ringOf("x", a));
    stage.mayDecide = false;
    expect(stage.pass(40_000).said).toEqual([]);
    stage.mayDecide = true;
    stage.tell(50_000, (book) => book.onSight(50_000));
    expect(stage.notices[0]?.notice.alert).toMatchObject({
      since: "1970-01-01T00:00:00.000Z",
      firedAt: "1970-01-01T00:00:50.000Z",
    });
  });

  test("a rule stands blind", () => {
    const stage = new BookStage([below("low", ["x"])]).see(0, ringOf("x", a));
    stage.mayDecide = false;
    expect(stage.book.standings(1_000)).toMatchObject([{ rule: "low", phase: "blind" }]);
  });
});

describe("over a restart", () => {
  test("a healthy system says nothing and stores nothing", () => {
    const rules = [below("low", ["x"]), changes()];
    const before = new BookStage(rules).see(0, ringOf("x", a, b)).pass(50_000);
    const after = new BookStage(rules, { from: before, nowMs: 60_000 })
      .see(60_000, ringOf("x", a, b))
      .pass(900_000);
    expect([after.said, after.stored]).toEqual([[], 0]);
  });

  test("a ring that changed meanwhile is reported once, and marked so", () => {
    const before = new BookStage([changes()]).see(0, ringOf("x", a, b)).pass(50_000);
    const after = new BookStage([changes()], { from: before, nowMs: 60_000 })
      .see(60_000, ringOf("x", a))
      .pass(900_000);
    expect(after.said).toEqual(["70000 change changes data/x to data-team"]);
    expect(after.notices[0]?.notice.change).toMatchObject({ whileAway: true });
  });

  test("a cooldown and a settling go on", () => {
    const rules = [changes({ cooldownMs: 100_000 })];
    const before = new BookStage(rules)
      .see(0, ringOf("x", a, b, c, d))
      .pass(50_000)
      .see(60_000, ringOf("x", a, b, c))
      .pass(75_000);
    before.see(80_000, ringOf("x", a, b));
    const after = new BookStage(rules, { from: before, nowMs: 85_000 }).see(85_000, ringOf("x", a, b));
    expect(after.pass(169_999).said).toEqual([]);
    expect(after.pass(170_000).said).toEqual(["170000 change changes data/x to data-team"]);
  });

  test("an alert of a rule that is gone resolves with that reason", () => {
    const before = new BookStage([below("low", ["x"])]).see(0, ringOf("x", a));
    const after = new BookStage([changes()], { from: before, nowMs: 60_000 });
    expect(after.said).toEqual(["60000 resolve low data/x to data-team"]);
    expect(after.notices[0]?.notice.alert?.reason).toBe("rule removed");
  });
});

describe("rules that are edited", () => {
  test("keep their alerts where only words have changed", () => {
    const stage = new BookStage([below("low", ["x"], {}, 30_000)]).see(0, ringOf("x", a));
    const edited = below("low", ["x"], { severity: "critical", runbook: "https://example.com" }, 30_000);
    stage.tell(20_000, (book) => book.replaceRules([edited], 20_000));
    expect(stage.pass(30_000).said).toEqual(["30000 fire low data/x to data-team"]);
  });

  test("resolve with that reason what they do not select any more", () => {
    const stage = new BookStage([below("low", ["x"])]).see(0, ringOf("x", a));
    stage.tell(20_000, (book) => book.replaceRules([below("low", ["y"])], 20_000));
    expect(stage.notices.at(-1)?.notice).toMatchObject({ kind: "resolve", alert: { reason: "removed" } });
  });
});

describe("a Service that is gone", () => {
  test("is below its threshold for a rule that names it, and out of scope for one that does not", () => {
    const named = new BookStage([below("low", ["x"])]).see(0, ringOf("x", a, b)).see(1_000, gone("x"));
    expect(named.said).toEqual(["1000 fire low data/x to data-team"]);
    const globbed = new BookStage([below("low", ["x*"])]).see(0, ringOf("x", a)).see(1_000, gone("x"));
    expect(globbed.said).toEqual(["0 fire low data/x to data-team", "1000 resolve low data/x to data-team"]);
    expect(globbed.notices.at(-1)?.notice.alert?.reason).toBe("removed");
  });
});

test("A zone's alert speaks for the others over a restart too, whichever ring is seen first", () => {
  const inZone = (name: string) => down(name, { zone: "z" });
  const rules = [
    below("loud", ["y"]),
    below("quiet", ["x"], { suppressedBy: [{ rule: "loud", same: "zone" }] }),
  ];
  const before = new BookStage(rules).see(0, ringOf("y", inZone("k"))).see(1, ringOf("x", inZone("a")));
  expect(before.said).toEqual(["0 fire loud data/y to data-team"]);
  const after = new BookStage(rules, { from: before, nowMs: 1000 });
  after.see(2000, ringOf("x", inZone("a"))).see(2001, ringOf("y", inZone("k")));
  expect(after.pass(900_000).said).toEqual([]);
});

describe("a clock that is set back by an hour", () => {
  const HOUR = 3_600_000;

  test("lengthens a hold by no more than what of it had passed", () => {
    const stage = new BookStage([below("few", ["x"], {}, 30_000)]).see(HOUR, ringOf("x", a));
    stage.book.onTime(20_000);
    expect(stage.pass(49_999).said).toEqual([]);
    expect(stage.pass(50_000).said).toEqual(["50000 fire few data/x to data-team"]);
  });
});

describe("a fault in a rule's judgement", () => {
  const rules = [below("first", ["x"]), below("second", ["x"])];
  const faulty = (fault: () => number | undefined) => {
    const stage = new BookStage(rules);
    let isOver = false;
    stage.around.destinationHush = (_, { name }) => {
      if (name !== "first" || isOver) return undefined;
      return { untilMs: fault() ?? 0, why: "nobody knows" };
    };
    return { stage, mend: () => (isOver = true) };
  };

  test.each([
    [
      "that is thrown",
      () => {
        throw new TypeError("x is not a function");
      },
      "x is not a function",
    ],
    ["that asks for another look at once", () => 0, "Cannot judge again at 0: it is 1000 now"],
  ])("%s is told, keeps no other rule from its own, and is tried again", (_, fault, message) => {
    const { stage, mend } = faulty(fault);
    stage.see(1000, ringOf("x", a));
    expect(stage.said).toEqual(["1000 fire second data/x to data-team"]);
    expect(stage.troubles).toEqual([message]);
    mend();
    expect(stage.pass(11_000).said[1]).toMatch(/^11000 fire (late )?first data\/x to data-team$/);
  });
});
