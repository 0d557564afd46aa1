import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LEAVE_REASONS } from "../../src/ring/leave-reason.ts";
import { ruleMember, ruleRing } from "../rules/rule-fixtures.ts";
import { BaselineStage, seen } from "./baseline-stage.ts";

const NAMES = ["a", "b", "c", "d"];
const seconds = (max: number) => fc.nat(max).map((count) => count * 1000);
const reason = fc.constantFrom(...LEAVE_REASONS);

const life = fc.record({
  asked: fc.record({
    settleMs: seconds(20),
    settleByReason: fc.dictionary(reason, seconds(40), { maxKeys: 3 }),
    maxWaitMs: seconds(100),
    cooldownMs: fc.oneof(fc.constant(0), seconds(90)),
  }),
  reasons: fc.dictionary(fc.constantFrom(...NAMES), reason),
  inputs: fc.array(
    fc.record({
      waitMs: fc.integer({ min: 1, max: 60 }).map((count) => count * 1000),
      members: fc.option(fc.subarray(NAMES), { freq: 6 }),
      hush: fc.option(fc.oneof(seconds(120), fc.constant(Infinity)), { freq: 3 }),
    }),
    { minLength: 1, maxLength: 12 },
  ),
});
type Life = typeof life extends fc.Arbitrary<infer L> ? L : never;

/** Plays a life through; `between` gives further times at which one looks, though nothing has changed. */
function play({ asked, reasons, inputs }: Life, between: readonly number[] = []): BaselineStage {
  const stage = new BaselineStage(asked);
  for (const [name, why] of Object.entries(reasons)) stage.reasons.set(name, why);
  const extra = [...between].sort((a, b) => a - b);
  const lookUntil = (untilMs: number): void => {
    for (let atMs = extra[0]; atMs !== undefined && atMs < untilMs; atMs = extra[0]) {
      extra.shift();
      stage.pass(atMs).look(atMs);
    }
  };
  let nowMs = 0;
  stage.see(0, seen("a", "b"));
  for (const { waitMs, members, hush } of inputs) {
    nowMs += waitMs;
    lookUntil(nowMs);
    stage.pass(nowMs - 1);
    stage.hushedUntilMs = hush === null ? undefined : nowMs + hush;
    stage.see(
      nowMs,
      members === null ? ruleRing([], { present: false }) : seen(...members.map((name) => ruleMember(name))),
    );
  }
  lookUntil(nowMs + 400_000);
  stage.pass(nowMs + 400_000);
  stage.hush(nowMs + 400_000, undefined);
  return stage.pass(nowMs + 800_000);
}

describe("a change rule under any terms, rings, reasons and quiet times", () => {
  test("tells the same at the same times, however often one looks between", () => {
    fc.assert(
      fc.property(life, fc.array(fc.nat(900_000), { maxLength: 30 }), (input, between) => {
        expect(play(input, between).said).toEqual(play(input).said);
      }),
      { numRuns: 1500 },
    );
  });

  test("tells what adds up to the ring that stands in the end, with generations that rise by one", () => {
    fc.assert(
      fc.property(life, (input) => {
        const stage = play(input);
        expect(stage.reports.map(({ generation }) => generation)).toEqual(
          stage.reports.map((_, index) => index + 1),
        );
        for (const [index, report] of stage.reports.entries()) {
          const before = stage.reports[index - 1];
          if (before)
            expect(report.before.map(({ key }) => key)).toEqual(
              before.removed ? [] : before.after.map(({ key }) => key),
            );
        }
        const last = input.inputs.at(-1)?.members;
        if (last)
          expect([...stage.baseline.members.values()].map(({ name }) => name).sort()).toEqual(
            [...last].sort(),
          );
        expect(stage.deadlineMs).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });

  test("leaves at least the cooldown between two reports, and tells nothing in a quiet time", () => {
    fc.assert(
      fc.property(life, (input) => {
        const times = play(input).said.map((line) => Number(line.split(" ")[0]));
        for (const [index, atMs] of times.entries())
          expect(atMs - (times[index - 1] ?? -Infinity)).toBeGreaterThanOrEqual(input.asked.cooldownMs);
        let nowMs = 0;
        for (const [index, { waitMs, hush }] of input.inputs.entries()) {
          nowMs += waitMs;
          const nextMs = nowMs + (input.inputs[index + 1]?.waitMs ?? 400_000);
          const untilMs = Math.min(hush === null ? nowMs : nowMs + hush, nextMs);
          expect(times.filter((atMs) => nowMs <= atMs && atMs < untilMs && nowMs < untilMs)).toEqual([]);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
