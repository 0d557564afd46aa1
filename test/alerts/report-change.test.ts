import { describe, expect, test } from "vitest";
import { isAskedFor, type ReportedChange } from "../../src/alerts/report-change.ts";
import type { LeaveReason } from "../../src/ring/leave-reason.ts";
import { CHANGE_WORDS, type ChangeWord, type Guard } from "../../src/rules/rule.ts";
import { count, percent, ruleMember, ruleRing } from "../rules/rule-fixtures.ts";
import { BaselineStage, seen } from "./baseline-stage.ts";

const NAMES = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
const gone = ruleRing([], { present: false });

/** What a guard says of a ring of so many that goes on with these. */
function guarded(limits: Partial<Guard>, before: number, ...after: readonly string[]): string | undefined {
  const guard = { minMembers: undefined, maxLost: undefined, otherwise: [], ...limits };
  const stage = new BaselineStage({ guard }).see(0, seen(...NAMES.slice(0, before))).pass(50_000);
  stage.see(60_000, seen(...after)).pass(90_000);
  expect(stage.reports.length).toBe(1);
  return stage.reports[0]?.guarded;
}

describe("a guard", () => {
  test.each([
    [{ minMembers: 3 }, 5, ["a", "b", "c"], undefined],
    [{ minMembers: 3 }, 5, ["a", "b"], "the ring has 2 members, wanted at least 3"],
    [{ minMembers: 1 }, 5, [], "the ring has 0 members, wanted at least 1"],
    [{ maxLost: count(2) }, 5, ["a", "b", "c"], undefined],
    [{ maxLost: count(2) }, 5, ["a", "b"], "3 of 5 members are lost, wanted at most 2"],
    [{ maxLost: count(0) }, 5, ["a", "b", "c", "d"], "1 of 5 members are lost, wanted at most 0"],
    [{ maxLost: percent(50) }, 4, ["a", "b"], undefined],
    [{ maxLost: percent(50) }, 4, ["a"], "3 of 4 members are lost, wanted at most 50%"],
    [{ maxLost: percent(50) }, 5, ["a", "b", "c"], undefined],
    [{ maxLost: percent(50) }, 5, ["a", "b"], "3 of 5 members are lost, wanted at most 50%"],
    [{ maxLost: percent(10) }, 10, NAMES.slice(0, 9), undefined],
    [{ maxLost: percent(10) }, 10, NAMES.slice(0, 8), "2 of 10 members are lost, wanted at most 10%"],
    [{ maxLost: percent(100) }, 3, [], undefined],
    [{ minMembers: 3, maxLost: count(9) }, 5, ["a", "b"], "the ring has 2 members, wanted at least 3"],
    [{ minMembers: 1, maxLost: count(1) }, 5, ["a"], "4 of 5 members are lost, wanted at most 1"],
  ] as const)("%j, from %i members to %j: %j", (limits, before, after, said) => {
    expect(guarded(limits, before, ...after)).toBe(said);
  });

  test("counts members that left as lost, also when others have come", () => {
    expect(guarded({ maxLost: count(1) }, 2, "x", "y")).toBe("2 of 2 members are lost, wanted at most 1");
    expect(guarded({ maxLost: count(2) }, 2, "x", "y", "z")).toBeUndefined();
  });

  test("counts all members as lost with their Service", () => {
    const guard = { minMembers: undefined, maxLost: count(1), otherwise: [] };
    const stage = new BaselineStage({ guard })
      .see(0, seen("a", "b"))
      .pass(50_000)
      .see(60_000, gone)
      .pass(90_000);
    expect(stage.reports[0]).toMatchObject({
      removed: true,
      guarded: "2 of 2 members are lost, wanted at most 1",
    });
  });

  test("counts only what is reported: who still settles is not lost yet", () => {
    const guard = { minMembers: undefined, maxLost: count(1), otherwise: [] };
    const stage = new BaselineStage({ guard, maxWaitMs: 0 }).see(0, seen("a", "b", "c")).pass(50_000);
    stage.see(60_000, seen("a", "b")).see(65_000, seen("a")).pass(90_000);
    expect(stage.said).toEqual(["70000 left c forced", "75000 left b"]);
    expect(stage.reports.map((report) => report.guarded)).toEqual([undefined, undefined]);
  });
});

const NOTHING: ReportedChange = {
  generation: 1,
  previousGeneration: 0,
  removed: false,
  whileAway: false,
  forced: false,
  firstChangeMs: 0,
  settledMs: 0,
  departures: [],
  guarded: undefined,
  before: [],
  after: [],
  joined: [],
  left: [],
  replaced: [],
  moved: [],
  becameReady: [],
  becameUnready: [],
};
const a = ruleMember("a");
const left = (...reasons: readonly LeaveReason[]): ReportedChange => ({
  ...NOTHING,
  left: [a],
  departures: reasons.map((reason) => ({ key: "data/a", name: "a", reason, evidence: "" })),
});

describe("a change is asked for", () => {
  test.each<[string, ReportedChange, readonly ChangeWord[]]>([
    ["nothing", NOTHING, []],
    ["a member that joined", { ...NOTHING, joined: [a] }, ["joined", "changed"]],
    ["a member that left", left(), ["left", "changed"]],
    [
      "a member that was replaced",
      { ...NOTHING, replaced: [{ before: a, after: a }] },
      ["replaced", "changed"],
    ],
    ["a member that moved", { ...NOTHING, moved: [{ before: a, after: a }] }, ["moved", "changed"]],
    ["a Service that was removed", { ...NOTHING, removed: true }, ["left", "removed", "changed"]],
    ["a member that became ready", { ...NOTHING, becameReady: [a] }, ["ready"]],
    ["a member that became unready", { ...NOTHING, becameUnready: [a] }, ["unready"]],
  ])("%s, by the right words", (_, change, words) => {
    const asked = CHANGE_WORDS.filter((word) => isAskedFor(change, { on: [word], reasons: undefined }));
    expect(asked.toSorted()).toEqual(words.toSorted());
  });

  test.each([
    ["left for a reason that is asked for", left("nodeLost"), true],
    ["left for another", left("rollout"), false],
    ["left for several, one of which is asked for", left("rollout", "nodeLost"), true],
    ["left for a reason that nobody knows", left(), false],
    ["gone with their Service", { ...NOTHING, removed: true }, true],
  ])("by rules with reasons, of members %s: %j", (_, change, asked) => {
    expect(isAskedFor(change, { on: ["left"], reasons: ["scaledDown", "nodeLost"] })).toBe(asked);
    expect(isAskedFor(change, { on: ["changed"], reasons: ["scaledDown", "nodeLost"] })).toBe(asked);
  });

  test("by rules with reasons, of members that joined, whatever the reason of others", () => {
    const change = { ...left("rollout"), joined: [a] };
    expect(isAskedFor(change, { on: ["left", "joined"], reasons: ["nodeLost"] })).toBe(true);
  });

  test("or the baseline moves silently over it", () => {
    const stage = new BaselineStage({ on: ["left"], reasons: ["scaledDown"] })
      .see(0, seen("a", "b"))
      .pass(50_000);
    stage.reasons.set("b", "rollout");
    stage.see(60_000, seen("a")).pass(90_000).see(100_000, seen("a", "b")).pass(200_000);
    stage.reasons.set("b", "scaledDown");
    expect(stage.see(300_000, seen("a")).pass(400_000).said).toEqual(["310000 left b"]);
    expect(stage.reports[0]?.generation).toBe(1);
  });
});
