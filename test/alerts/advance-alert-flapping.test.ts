import { describe, expect, test } from "vitest";
import { endAlert } from "../../src/alerts/advance-alert.ts";
import { AlertStage, alertTerms, clear, holds, holdsFor } from "./alert-stage.ts";

const WITHIN = 60_000;
const DAMPING = { damping: { changes: 4, withinMs: WITHIN } };

/** Turns at 0, 1, 2 and 3 s: fire, resolve, fire, resolve. */
function turnedFourTimes(): AlertStage {
  return new AlertStage(DAMPING).see(0, holds()).see(1_000, clear).see(2_000, holds()).see(3_000, clear);
}

describe("damping", () => {
  test("tells every fire and resolve that is one turn short of flapping", () => {
    const stage = new AlertStage(DAMPING).see(0, holds()).see(1_000, clear).see(2_000, holds());
    expect(stage.said).toEqual(["0 fire on-call", "1000 resolve on-call", "2000 fire on-call"]);
  });

  test("tells a fire as flapping that is the last of so many turns", () => {
    const stage = turnedFourTimes().see(4_000, holds());
    expect(stage.said.at(-1)).toBe("4000 fire flapping on-call");
    expect(stage.words.at(-1)?.reason).toBe("is flapping, it began or ended 4 times within 1m: too few");
    expect(stage.alert).toMatchObject({ episode: 3, phase: { flapping: { holds: true } } });
  });

  test.each([
    [1_000 + WITHIN - 1, "fire flapping on-call"],
    [1_000 + WITHIN, "fire on-call"],
  ])("of the turns at 1, 2 and 3 s, a fire at %i ms makes: %s", (atMs, said) => {
    const stage = turnedFourTimes().see(atMs, holds());
    expect(stage.said.at(-1)).toBe(`${atMs} ${said}`);
  });

  test("tells nothing of what comes and goes while it flaps", () => {
    const stage = turnedFourTimes().see(4_000, holds());
    for (let atMs = 5_000; atMs < 600_000; atMs += 5_000)
      stage.see(atMs, atMs % 10_000 === 0 ? holds() : clear);
    expect(stage.said.length).toBe(5);
  });

  test.each([
    ["holds", holds(), "update calm on-call"],
    ["does not hold", clear, "resolve on-call"],
  ])("tells that it is calm again when fewer turns are left within the time, and it %s", (_, last, said) => {
    // Turns at 4, 5, 6, 7 and, where it holds, 8 s.
    const stage = turnedFourTimes()
      .see(4_000, holds())
      .see(5_000, clear)
      .see(6_000, holds())
      .see(7_000, clear);
    if (last.holds) stage.see(8_000, last);
    const calmMs = (last.holds ? 5_000 : 4_000) + WITHIN;
    expect(stage.deadlineMs).toBe(calmMs);
    expect(stage.pass(calmMs - 1).said.length).toBe(5);
    expect(stage.pass(calmMs).said.slice(5)).toEqual([`${calmMs} ${said}`]);
    expect(stage.words.at(-1)?.reason).toMatch(/^no longer flapping: /);
  });

  test("does not count a blip that is shorter than the rule's hold: so it calms down, and resolves", () => {
    const stage = new AlertStage({ forMs: 10_000, damping: { changes: 3, withinMs: WITHIN } });
    stage.see(0, holds()).see(11_000, clear).see(12_000, holds());
    expect(stage.pass(22_000).said.at(-1)).toBe("22000 fire flapping on-call");
    stage.see(30_000, clear);
    for (let atMs = 40_000; atMs < 70_000; atMs += 10_000) stage.see(atMs, holds()).see(atMs + 9_999, clear);
    // Turns at 11, 22 and 30 s.
    expect(stage.pass(10_000 + WITHIN).said.length).toBe(3);
    expect(stage.pass(11_000 + WITHIN).said.at(-1)).toBe(`${11_000 + WITHIN} resolve on-call`);
  });

  test("counts as over what has not held for keepFiringFor, and no sooner", () => {
    const stage = new AlertStage({ keepFiringForMs: 5_000, damping: { changes: 3, withinMs: WITHIN } });
    stage.see(0, holds()).see(1_000, clear).pass(6_000);
    stage.see(7_000, holds()).see(8_000, clear).see(12_999, holds());
    expect(stage.alert.turnsMs).toEqual([0, 6_000, 7_000]);
    stage.see(20_000, clear).pass(24_999);
    expect(stage.alert.turnsMs).toEqual([0, 6_000, 7_000]);
    expect(stage.pass(25_000).alert.turnsMs).toEqual([6_000, 7_000, 25_000]);
  });

  test("with each, looks at who comes to stand next also when it calms down while nobody stands", () => {
    const stage = new AlertStage({
      forMs: 1_000,
      keepFiringForMs: 2_000,
      damping: { changes: 3, withinMs: WITHIN },
    });
    stage.see(0, holdsFor("z")).see(18_000, clear).see(28_000, holdsFor("y")).see(61_000, holdsFor("x"));
    expect(stage.said.at(-1)).toBe("61000 update calm on-call");
    expect(stage.deadlineMs).toBe(62_000);
  });

  test("goes on as any other alert once it is calm", () => {
    const stage = new AlertStage({ ...DAMPING, repeatMs: 120_000 });
    stage.see(0, holds()).see(1_000, clear).see(2_000, holds()).see(3_000, clear).see(4_000, holds());
    // The turns at 1, 2, 3 and 4 s: the first of them leaves the minute at 61 s.
    expect(stage.pass(181_000).said.slice(5)).toEqual([
      "61000 update calm on-call",
      "181000 update repeat on-call",
    ]);
    expect(stage.see(200_000, clear).said.at(-1)).toBe("200000 resolve on-call");
    expect(stage.alert.episode).toBe(3);
  });

  test("tells the end with a reason when the rule is gone", () => {
    const stage = turnedFourTimes().see(4_000, holds());
    expect(endAlert(stage.alert, "rule removed", 5_000).words).toMatchObject([
      { kind: "resolve", reason: "rule removed" },
    ]);
  });

  test("is over at once when the rule does not ask for it any more", () => {
    const stage = turnedFourTimes().see(4_000, holds());
    stage.terms = alertTerms();
    expect(stage.look(5_000).said.at(-1)).toBe("5000 update calm on-call");
    expect(stage.see(6_000, clear).alert.turnsMs).toBeUndefined();
  });

  test("keeps no more turns than it counts", () => {
    const stage = turnedFourTimes().see(4_000, holds());
    for (let atMs = 5_000; atMs < 60_000; atMs += 100) stage.see(atMs, atMs % 200 === 0 ? holds() : clear);
    expect(stage.alert.turnsMs?.length).toBe(4);
  });

  test("is calm no later on a clock that is set back, however often one looks", () => {
    const stage = new AlertStage(DAMPING);
    for (const [index, verdict] of [holds(), clear, holds(), clear, holds()].entries())
      stage.see(1_000_000 + index, verdict);
    stage.look(5_000);
    expect(stage.deadlineMs).toBe(65_000);
    stage.look(35_000);
    expect(stage.deadlineMs).toBe(65_000);
    expect(stage.pass(65_000).said.slice(5)).toEqual(["65000 update calm on-call"]);
  });

  test("counts a member that begins to hold for long enough, at that time", () => {
    const stage = new AlertStage({ ...DAMPING, forMs: 10_000, damping: { changes: 2, withinMs: WITHIN } });
    stage.see(0, holdsFor("a")).see(12_000, holdsFor()).see(13_000, holdsFor("a"));
    expect(stage.pass(23_000).said).toEqual([
      "10000 fire on-call",
      "12000 resolve on-call",
      "23000 fire flapping on-call",
    ]);
    stage.see(30_000, holdsFor()).see(31_000, holdsFor("b")).pass(41_000);
    expect(stage.alert.turnsMs).toEqual([30_000, 41_000]);
    expect(stage.pass(90_000).said.slice(3)).toEqual(["90000 update calm on-call"]);
  });

  test("tells those whose quiet time ends as it becomes calm", () => {
    const stage = new AlertStage({ ...DAMPING, told: { notify: ["a", "b"], severity: "info" } });
    stage.see(0, holds()).see(1_000, clear).see(2_000, holds()).see(3_000, clear);
    stage.quietTimes = [["b", 3_500, 61_000]];
    stage.see(4_000, holds()).pass(61_000);
    expect(stage.said.slice(4)).toEqual(["4000 fire flapping a", "61000 fire late b", "61000 update calm a"]);
    expect(stage.peek(61_000)).toMatchObject({ words: [] });
  });
});
