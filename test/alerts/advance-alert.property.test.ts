import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AlertTerms, AlertWord } from "../../src/alerts/advance-alert.ts";
import type { Alert } from "../../src/alerts/alert.ts";
import type { Verdict } from "../../src/rules/conditions/condition.ts";
import { AlertStage, clear, holds, holdsFor, type QuietTime } from "./alert-stage.ts";

const NAMES = ["a", "b", "c"] as const;
const END_MS = 400_000;
const seconds = (max: number) => fc.nat(max).map((count) => count * 1000);

const terms: fc.Arbitrary<Partial<AlertTerms>> = fc.record({
  forMs: fc.oneof(fc.constant(0), seconds(30)),
  keepFiringForMs: fc.oneof(fc.constant(0), seconds(40)),
  repeatMs: fc.option(
    fc.integer({ min: 20, max: 90 }).map((count) => count * 1000),
    { nil: undefined },
  ),
  cooldownMs: fc.oneof(fc.constant(0), seconds(60)),
  damping: fc.option(
    fc.record({
      changes: fc.integer({ min: 2, max: 5 }),
      withinMs: fc.integer({ min: 5, max: 120 }).map((s) => s * 1000),
    }),
    { nil: undefined },
  ),
  told: fc.constant({ notify: NAMES, severity: "critical" as const }),
});

const quietTimes: fc.Arbitrary<QuietTime[]> = fc.array(
  fc
    .tuple(fc.constantFrom(...NAMES), seconds(300), fc.oneof(seconds(100), fc.constant(Infinity)))
    .map(([name, fromMs, lengthMs]): QuietTime => [name, fromMs, fromMs + lengthMs + 1000]),
  { maxLength: 5 },
);

const whole = fc.oneof(
  fc.constant(clear),
  fc.nat(4).map((badness) => holds(badness)),
);
const parts = fc.subarray(["x", "y", "z"]).map((items) => holdsFor(...items));
const looks = (verdict: fc.Arbitrary<Verdict>) =>
  fc.array(fc.record({ waitMs: seconds(40), verdict }), { minLength: 1, maxLength: 15 });
const life = fc.record({
  terms,
  quietTimes,
  looks: fc.oneof(looks(whole), looks(parts)),
});
type Life = typeof life extends fc.Arbitrary<infer L> ? L : never;

/** Plays a life through; `between` gives further times at which one looks, though nothing has changed. */
function play(
  { terms: asked, quietTimes: quiet, looks: inputs }: Life,
  { between = [], restarts = false }: { between?: readonly number[]; restarts?: boolean } = {},
): AlertStage {
  const stage = new AlertStage(asked, quiet);
  const extra = [...between].sort((a, b) => a - b);
  let nowMs = 0;
  const lookUntil = (untilMs: number): void => {
    for (let atMs = extra[0]; atMs !== undefined && atMs < untilMs; atMs = extra[0]) {
      extra.shift();
      stage.pass(atMs);
      stage.look(atMs);
    }
  };
  for (const { waitMs, verdict } of inputs) {
    nowMs += waitMs;
    lookUntil(nowMs);
    if (restarts) stage.alert = JSON.parse(JSON.stringify(stage.alert)) as Alert;
    stage.see(nowMs, verdict);
  }
  lookUntil(nowMs + END_MS);
  return stage.pass(nowMs + END_MS);
}

/** What one destination hears, in order. */
function heard(words: readonly AlertWord[], name: string): string {
  return words
    .filter(({ told }) => told.notify.includes(name))
    .map(({ kind }) => kind[0])
    .join("");
}

describe("an alert under any terms, verdicts, times and quiet times", () => {
  test("tells each destination of fires and resolves in turn, and of updates only between", () => {
    fc.assert(
      fc.property(life, (input) => {
        const { words } = play(input);
        for (const name of NAMES) expect(heard(words, name)).toMatch(/^(fu*r)*(fu*)?$/);
      }),
      { numRuns: 1000 },
    );
  });

  test("rises by one with each episode, and never tells of one in another's", () => {
    fc.assert(
      fc.property(life, (input) => {
        const stage = play(input);
        const fires = new Set(stage.words.map(({ firedAtMs }) => firedAtMs));
        expect(stage.alert.episode).toBeGreaterThanOrEqual(fires.size);
        for (const [index, word] of stage.words.entries()) {
          expect(word.firedAtMs).toBeGreaterThanOrEqual(stage.words[index - 1]?.firedAtMs ?? 0);
          expect(word.sinceMs).toBeLessThanOrEqual(word.firedAtMs);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("says the same at the same times, however often one looks between, and never sets a deadline that has passed", () => {
    const times = fc.array(fc.nat(700_000), { maxLength: 40 });
    fc.assert(
      fc.property(life, times, (input, between) => {
        const [seldom, often] = [play(input), play(input, { between })];
        expect(often.said).toEqual(seldom.said);
        expect(often.alert).toEqual(seldom.alert);
      }),
      { numRuns: 2000 },
    );
  });

  test("says nothing more and stays the same object when one looks twice at the same time", () => {
    fc.assert(
      fc.property(life, (input) => {
        const stage = new AlertStage(input.terms, input.quietTimes);
        let nowMs = 0;
        for (const { waitMs, verdict } of input.looks) {
          stage.see((nowMs += waitMs), verdict);
          expect(stage.peek(nowMs)).toEqual({ alert: stage.alert, words: [], deadlineMs: stage.deadlineMs });
          expect(stage.peek(nowMs)?.alert).toBe(stage.alert);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("goes on after a restart at any step as if there had been none", () => {
    fc.assert(
      fc.property(life, (input) => {
        expect(play(input, { restarts: true }).said).toEqual(play(input).said);
      }),
      { numRuns: 500 },
    );
  });

  test("waits for nothing longer than it takes, wherever the clock is set back to", () => {
    const back = fc.integer({ min: 1, max: 1_000_000 });
    fc.assert(
      fc.property(life, back, ({ terms: asked, looks: inputs }, backMs) => {
        const stage = new AlertStage(asked);
        let nowMs = 2_000_000;
        for (const { waitMs, verdict } of inputs) stage.see((nowMs += waitMs), verdict);
        nowMs -= backMs;
        stage.look(nowMs);
        const { forMs = 0, keepFiringForMs = 0, cooldownMs = 0, repeatMs = 0, damping } = asked;
        const longestMs = Math.max(
          forMs,
          keepFiringForMs,
          cooldownMs,
          repeatMs,
          damping?.withinMs ?? 0,
          10_000,
        );
        const first = stage.deadlineMs;
        if (first === undefined) return;
        expect(first).toBeLessThanOrEqual(nowMs + longestMs);
        const between = Math.floor((nowMs + first) / 2);
        expect(stage.look(between).deadlineMs).toBe(first);
      }),
      { numRuns: 1000 },
    );
  });
});
