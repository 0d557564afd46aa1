import { describe, expect, test } from "vitest";
import { advanceAlert, WORSE_SETTLE_MS } from "../../src/alerts/advance-alert.ts";
import { alertIn, AlertStage, alertTerms, clear, holds, holdsFor } from "./alert-stage.ts";

describe("keepFiringFor", () => {
  const stage = () => new AlertStage({ keepFiringForMs: 60_000 }).see(0, holds()).see(10_000, clear);

  test.each([
    [69_999, []],
    [70_000, ["70000 resolve on-call"]],
  ])("an alert whose condition ended at 10 s has said by %i ms: %j", (untilMs, said) => {
    expect(stage().pass(untilMs).said.slice(1)).toEqual(said);
  });

  test("is over in time, and never before it has begun", () => {
    expect(stage().deadlineMs).toBe(70_000);
    expect(stage().alert.phase).toMatchObject({ kind: "firing", keepingSinceMs: 10_000 });
  });

  test("begins anew when the condition holds again one millisecond before", () => {
    const again = stage().see(69_999, holds()).see(80_000, clear);
    expect(again.pass(139_999).said.slice(1)).toEqual([]);
    expect(again.pass(140_000).said.slice(1)).toEqual(["140000 resolve on-call"]);
    expect(again.alert.episode).toBe(1);
  });

  test("tells neither repeats nor what is worse while the condition does not hold", () => {
    const quiet = new AlertStage({ keepFiringForMs: 600_000, repeatMs: 60_000 })
      .see(0, holds(1))
      .see(30_000, clear);
    expect(quiet.pass(629_999).said.slice(1)).toEqual([]);
    const overdue = new AlertStage({ keepFiringForMs: 600_000, repeatMs: 60_000 })
      .see(0, holds())
      .see(30_000, clear);
    expect(overdue.see(100_000, holds()).said.slice(1)).toEqual(["100000 update repeat on-call"]);
  });

  test("is not longer on a clock that is set back", () => {
    const back = stage().look(5_000);
    expect(back.deadlineMs).toBe(65_000);
    expect(back.pass(65_000).said.slice(1)).toEqual(["65000 resolve on-call"]);
  });

  test("ends as the rule says now, when the rule was edited meanwhile", () => {
    const edited = stage();
    edited.terms = alertTerms({ keepFiringForMs: 5_000 });
    expect(edited.look(20_000).said.slice(1)).toEqual(["20000 resolve on-call"]);
  });
});

describe("cooldown", () => {
  const COOLDOWN = { cooldownMs: 60_000, forMs: 30_000 };
  const cooling = () => new AlertStage(COOLDOWN).see(0, holds()).pass(30_000).see(40_000, clear);

  test.each([
    ["a hold that ends before the cooldown", 41_000, 99_999, 100_000],
    ["a hold that ends with the cooldown", 70_000, 99_999, 100_000],
    ["a hold that ends after the cooldown", 70_001, 100_000, 100_001],
  ])("%s", (_, sinceMs, silentMs, firesMs) => {
    const stage = cooling().see(sinceMs, holds());
    expect(stage.deadlineMs).toBe(firesMs);
    expect(stage.pass(silentMs).said.slice(2)).toEqual([]);
    expect(stage.pass(firesMs).said.slice(2)).toEqual([`${firesMs} fire on-call`]);
    expect(stage.words.at(-1)).toMatchObject({ kind: "fire", sinceMs });
  });

  test("does not hold back the first fire", () => {
    expect(new AlertStage({ cooldownMs: 60_000 }).see(0, holds()).said).toEqual(["0 fire on-call"]);
  });

  test("is not longer on a clock that is set back, however often one looks", () => {
    const stage = new AlertStage({ cooldownMs: 60_000 }).see(1_000_000, holds()).see(1_000_001, clear);
    stage.see(5_000, holds());
    expect(stage.deadlineMs).toBe(65_000);
    stage.look(35_000);
    expect(stage.deadlineMs).toBe(65_000);
    expect(stage.pass(65_000).said.slice(2)).toEqual(["65000 fire on-call"]);
  });
});

describe("repeat", () => {
  const REPEAT = { repeatMs: 60_000 };

  test.each([
    [59_999, []],
    [60_000, ["60000 update repeat on-call"]],
    [119_999, ["60000 update repeat on-call"]],
    [120_000, ["60000 update repeat on-call", "120000 update repeat on-call"]],
  ])("an alert that fired at 0 has been told again by %i ms: %j", (untilMs, said) => {
    expect(new AlertStage(REPEAT).see(0, holds()).pass(untilMs).said.slice(1)).toEqual(said);
  });

  test("counts from when it was last told, whatever was told", () => {
    const stage = new AlertStage(REPEAT).see(0, holds(1)).see(20_000, holds(2));
    expect(stage.pass(89_999).said.slice(1)).toEqual(["30000 update worse on-call"]);
    expect(stage.pass(90_000).said.slice(2)).toEqual(["90000 update repeat on-call"]);
  });

  test("tells how things are now, and of the same episode", () => {
    const stage = new AlertStage(REPEAT).see(0, holds(1));
    stage.see(60_000, { holds: true, fact: "1 of 5 ready", badness: [1] });
    expect(stage.words.at(-1)).toMatchObject({
      kind: "update",
      reason: "1 of 5 ready",
      sinceMs: 0,
      firedAtMs: 0,
    });
    expect(stage.alert.episode).toBe(1);
  });

  test("is due at once when the rule was edited to repeat, and it was told long ago", () => {
    const stage = new AlertStage().see(0, holds());
    expect(stage.deadlineMs).toBeUndefined();
    stage.terms = alertTerms(REPEAT);
    expect(stage.look(70_000).said.slice(1)).toEqual(["70000 update repeat on-call"]);
  });

  test("is not later on a clock that is set back, however often one looks", () => {
    const stage = new AlertStage(REPEAT).see(1_000_000, holds()).look(5_000);
    expect(stage.deadlineMs).toBe(65_000);
    stage.look(35_000);
    expect(stage.deadlineMs).toBe(65_000);
    expect(stage.pass(65_000).said.slice(1)).toEqual(["65000 update repeat on-call"]);
  });

  test("counts from the fire for an alert that an older Ringbell stored", () => {
    const told = { notify: ["on-call"], severity: "critical" } as const;
    const stored = alertIn({ kind: "firing", sinceMs: 0, firedAtMs: 1_000, told }, { episode: 1 });
    expect(advanceAlert(stored, holds(), alertTerms(REPEAT), 60_999)).toMatchObject({
      words: [],
      deadlineMs: 61_000,
    });
    expect(advanceAlert(stored, holds(), alertTerms(REPEAT), 61_000).words).toMatchObject([
      { why: "repeat" },
    ]);
  });
});

describe("what is worse", () => {
  const worse = () => new AlertStage().see(0, holds(1)).see(5_000, holds(2));

  test.each([
    [5_000 + WORSE_SETTLE_MS - 1, []],
    [5_000 + WORSE_SETTLE_MS, ["15000 update worse on-call"]],
  ])("has been told by %i ms: %j", (untilMs, said) => {
    expect(worse().pass(untilMs).said.slice(1)).toEqual(said);
  });

  test("is told once, and again only when it is worse than that", () => {
    const stage = worse().pass(20_000).see(30_000, holds(1)).see(40_000, holds(2)).pass(1_000_000);
    expect(stage.said.slice(1)).toEqual(["15000 update worse on-call"]);
    expect(stage.see(2_000_000, holds(3)).pass(2_010_000).said.slice(2)).toEqual([
      "2010000 update worse on-call",
    ]);
  });

  test("is told once of a ring that falls member by member, as it is then", () => {
    const stage = worse().see(9_000, holds(3)).see(12_000, holds(4)).pass(1_000_000);
    expect(stage.said.slice(1)).toEqual(["15000 update worse on-call"]);
    expect(stage.alert.phase).toMatchObject({ badness: [4] });
  });

  test("must stand without a break", () => {
    const stage = worse().see(14_999, holds(1)).see(15_000, holds(2));
    expect(stage.pass(24_999).said.slice(1)).toEqual([]);
    expect(stage.pass(25_000).said.slice(1)).toEqual(["25000 update worse on-call"]);
  });

  test("has a break when the condition does not hold at all", () => {
    const stage = new AlertStage({ keepFiringForMs: 60_000 }).see(0, holds(1)).see(5_000, holds(2));
    stage.see(6_000, clear).see(14_000, holds(2));
    expect(stage.pass(23_999).said.slice(1)).toEqual([]);
    expect(stage.pass(24_000).said.slice(1)).toEqual(["24000 update worse on-call"]);
  });

  test("is nothing that cannot be compared, since the rule was edited", () => {
    expect(new AlertStage().see(0, holds(1)).see(5_000, holds(2, 7)).pass(1_000_000).said).toEqual([
      "0 fire on-call",
    ]);
  });

  test.each([
    ["better in one, worse in the other", holds(1, 6), ["15000 update worse on-call"]],
    ["better in both", holds(1, 4), []],
    ["the same", holds(2, 5), []],
  ])("of two numbers: %s", (_, verdict, said) => {
    expect(new AlertStage().see(0, holds(2, 5)).see(5_000, verdict).pass(1_000_000).said.slice(1)).toEqual(
      said,
    );
  });

  test("is not later on a clock that is set back", () => {
    expect(worse().look(1_000).deadlineMs).toBe(11_000);
  });
});

describe("a pending alert", () => {
  test("begins anew after a break of one millisecond", () => {
    const stage = new AlertStage({ forMs: 30_000 }).see(0, holds()).see(29_998, clear).see(29_999, holds());
    expect(stage.pass(59_998).said).toEqual([]);
    expect(stage.pass(59_999).said).toEqual(["59999 fire on-call"]);
  });

  test("is the same object while nothing changes", () => {
    const stage = new AlertStage({ forMs: 30_000 }).see(0, holds());
    expect(stage.peek(29_999)?.alert).toBe(stage.alert);
  });
});

describe("a rule that is edited while it fires", () => {
  test("with a longer hold goes on for members that it has told", () => {
    const stage = new AlertStage({ forMs: 30_000 }).see(0, holdsFor("a")).pass(40_000);
    stage.terms = { ...stage.terms, forMs: 3_600_000 };
    stage.look(50_000).see(60_000, holdsFor("a", "b")).pass(3_000_000);
    expect(stage.said).toEqual(["30000 fire on-call"]);
    expect(stage.see(3_000_001, holdsFor("b")).said[1]).toBe("3000001 resolve on-call");
  });

  test("and asks for each member now goes on for those for which it holds", () => {
    const stage = new AlertStage({ forMs: 30_000 }).see(0, holds(1)).pass(40_000);
    expect(stage.see(50_000, holdsFor("a")).pass(900_000).said).toEqual(["30000 fire on-call"]);
  });

  test("and asks for the ring as a whole again goes on", () => {
    const stage = new AlertStage({ forMs: 30_000 }).see(0, holdsFor("a")).pass(40_000);
    expect(stage.see(50_000, holds(1)).pass(900_000).said).toEqual(["30000 fire on-call"]);
  });
});
