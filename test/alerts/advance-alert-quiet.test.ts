import { describe, expect, test } from "vitest";
import { endAlert } from "../../src/alerts/advance-alert.ts";
import { AlertStage, clear, holds, type QuietTime } from "./alert-stage.ts";

const both = { told: { notify: ["a", "b"], severity: "critical" } as const };
const NIGHT: QuietTime = ["b", 0, 100_000];

describe("quiet times", () => {
  test("a fire is told at once to who may hear it, and late to the other when the quiet time ends", () => {
    const stage = new AlertStage(both, [NIGHT]).see(10_000, holds());
    expect(stage.deadlineMs).toBe(100_000);
    expect(stage.pass(99_999).said).toEqual(["10000 fire a"]);
    expect(stage.pass(100_000).said).toEqual(["10000 fire a", "100000 fire late b"]);
    expect(stage.words.at(-1)).toMatchObject({ sinceMs: 10_000, firedAtMs: 10_000, late: true });
    expect(stage.alert).toMatchObject({
      episode: 1,
      phase: { told: { notify: ["a", "b"] }, unheard: undefined },
    });
  });

  test("a fire in the first millisecond after the quiet time is not late", () => {
    expect(new AlertStage(both, [NIGHT]).see(100_000, holds()).said).toEqual(["100000 fire a,b"]);
    expect(new AlertStage(both, [NIGHT]).see(99_999, holds()).said).toEqual(["99999 fire a"]);
  });

  test("who never heard of a fire hears no resolve", () => {
    const stage = new AlertStage(both, [NIGHT]).see(10_000, holds()).see(20_000, clear).pass(1_000_000);
    expect(stage.said).toEqual(["10000 fire a", "20000 resolve a"]);
    expect(stage.deadlineMs).toBeUndefined();
  });

  test("an alert that nobody heard of comes and goes without a word, and has its number all the same", () => {
    const stage = new AlertStage({}, [["on-call", 0, 100_000]]).see(10_000, holds()).see(20_000, clear);
    expect(stage.said).toEqual([]);
    expect(stage.alert.episode).toBe(1);
    expect(stage.see(100_000, holds()).alert.episode).toBe(2);
  });

  test("who heard hears the resolve in a quiet time too", () => {
    const stage = new AlertStage(both, [["b", 20_000, 100_000]]).see(10_000, holds()).see(30_000, clear);
    expect(stage.said).toEqual(["10000 fire a,b", "30000 resolve a,b"]);
  });

  test("an alert that is kept firing is told late only when it holds again", () => {
    const stage = new AlertStage({ ...both, keepFiringForMs: 200_000 }, [NIGHT])
      .see(0, holds())
      .see(50_000, clear);
    expect(stage.pass(150_000).said).toEqual(["0 fire a"]);
    expect(stage.see(150_000, holds()).said.slice(1)).toEqual(["150000 fire late b"]);
  });

  test("an alert whose ring is gone is told to who heard of it", () => {
    const stage = new AlertStage(both, [NIGHT]).see(10_000, holds());
    expect(endAlert(stage.alert, "removed", 20_000).words).toMatchObject([{ told: { notify: ["a"] } }]);
  });

  test("a quiet time that nobody knows the end of sets no deadline, and is over when one looks again", () => {
    const stage = new AlertStage({}, [["on-call", 0, Infinity]]).see(10_000, holds());
    expect(stage.deadlineMs).toBeUndefined();
    stage.quietTimes = [];
    expect(stage.look(50_000).said).toEqual(["50000 fire late on-call"]);
  });

  test("a quiet time that was made longer meanwhile holds on", () => {
    const stage = new AlertStage({}, [["on-call", 0, 100_000]]).see(10_000, holds());
    stage.quietTimes = [["on-call", 0, 200_000]];
    expect(stage.pass(100_000).said).toEqual([]);
    expect(stage.deadlineMs).toBe(200_000);
    expect(stage.pass(200_000).said).toEqual(["200000 fire late on-call"]);
  });

  test.each([
    ["worse", {}, holds(2)],
    ["repeat", { repeatMs: 60_000 }, holds(1)],
  ])("an update (%s) that is due in a quiet time is told when it ends", (why, terms, verdict) => {
    const stage = new AlertStage(terms, [["on-call", 5_000, 100_000]]).see(0, holds(1)).see(10_000, verdict);
    expect(stage.pass(99_999).said.slice(1)).toEqual([]);
    expect(stage.pass(100_000).said.slice(1)).toEqual([`100000 update ${why} on-call`]);
  });

  test("who hears of a fire late is not told again at once, however long ago it fired", () => {
    const stage = new AlertStage({ repeatMs: 60_000 }, [["on-call", 0, 90_000]]).see(10_000, holds());
    expect(stage.pass(149_999).said).toEqual(["90000 fire late on-call"]);
    expect(stage.pass(150_000).said.slice(1)).toEqual(["150000 update repeat on-call"]);
  });

  test("repeats count from when the first destination heard of it", () => {
    const stage = new AlertStage({ repeatMs: 120_000 }, [["on-call", 0, 90_000]]).see(10_000, holds());
    expect(stage.pass(209_999).said).toEqual(["90000 fire late on-call"]);
    expect(stage.pass(210_000).said.slice(1)).toEqual(["210000 update repeat on-call"]);
  });

  test("nothing more is said when one looks twice at the end of one of two quiet times", () => {
    const terms = { ...both, repeatMs: 60_000 };
    const stage = new AlertStage(terms, [NIGHT, ["a", 20_000, 500_000]]).see(10_000, holds()).pass(100_000);
    expect(stage.said).toEqual(["10000 fire a", "100000 fire late b"]);
    expect(stage.peek(100_000)).toMatchObject({ words: [], deadlineMs: 160_000 });
  });
});
