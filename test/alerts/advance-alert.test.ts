import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { advanceAlert, type AlertTerms, endAlert } from "../../src/alerts/advance-alert.ts";
import type { Alert, Phase } from "../../src/alerts/alert.ts";

const FOR_MS = 30_000;
const told = { notify: ["on-call"], severity: "critical" } as const;
const terms: AlertTerms = {
  forMs: FOR_MS,
  keepFiringForMs: 0,
  repeatMs: undefined,
  cooldownMs: 0,
  damping: undefined,
  told,
};
const holds = { holds: true, fact: "2 of 5 ready, wanted at least 3", badness: [] };
const clear = { holds: false, fact: "5 of 5 ready, wanted at least 3", badness: [] };
const alert = (phase: Phase, episode = 0): Alert => ({
  rule: "quorum",
  ring: "data/cassandra",
  episode,
  phase,
});
const pending = (sinceMs: number) => alert({ kind: "pending", sinceMs });
const firing = alert(
  { kind: "firing", sinceMs: 0, firedAtMs: FOR_MS, told, toldAtMs: FOR_MS, badness: [] },
  1,
);

describe("advanceAlert()", () => {
  test("becomes pending when the condition begins to hold", () => {
    const step = advanceAlert(alert({ kind: "inactive" }), holds, terms, 5);
    expect(step).toEqual({ alert: pending(5), words: [], deadlineMs: 5 + FOR_MS });
  });

  test("stays silent one millisecond before the hold ends", () => {
    expect(advanceAlert(pending(0), holds, terms, FOR_MS - 1).words).toEqual([]);
  });

  test("fires when the hold ends, with its first episode", () => {
    const step = advanceAlert(pending(0), holds, terms, FOR_MS);
    expect(step.words).toEqual([{ kind: "fire", sinceMs: 0, firedAtMs: FOR_MS, told, reason: holds.fact }]);
    expect(step.alert).toEqual(firing);
  });

  test("fires at once without a hold", () => {
    expect(advanceAlert(alert({ kind: "inactive" }), holds, { ...terms, forMs: 0 }, 7).words).toMatchObject([
      { kind: "fire", sinceMs: 7, firedAtMs: 7 },
    ]);
  });

  test("forgets a pending alert whose condition ends", () => {
    expect(advanceAlert(pending(0), clear, terms, 10)).toEqual({
      alert: alert({ kind: "inactive" }),
      words: [],
      deadlineMs: undefined,
    });
  });

  test("says nothing more while it fires", () => {
    expect(advanceAlert(firing, holds, terms, 999_999)).toEqual({
      alert: firing,
      words: [],
      deadlineMs: undefined,
    });
  });

  test("resolves when the condition ends, and keeps the number of the episode", () => {
    const step = advanceAlert(firing, clear, terms, 60_000);
    expect(step.words).toMatchObject([
      { kind: "resolve", sinceMs: 0, resolvedAtMs: 60_000, reason: clear.fact },
    ]);
    expect(step.alert).toEqual({ ...alert({ kind: "inactive" }, 1), resolvedAtMs: 60_000 });
  });

  test("ends with a reason when the ring is no longer the rule's affair, telling those who heard of it", () => {
    expect(endAlert(firing, "removed", 60_000).words).toMatchObject([
      { kind: "resolve", reason: "removed", told },
    ]);
    expect(endAlert(pending(0), "removed", 60_000)).toEqual({
      alert: alert({ kind: "inactive" }),
      words: [],
      deadlineMs: undefined,
    });
  });

  test("is not held longer by a clock that is set back", () => {
    const back = advanceAlert(pending(3_600_000), holds, terms, 1_000);
    expect(back.alert).toEqual(pending(1_000));
    expect(back.deadlineMs).toBe(31_000);
  });

  test("counts a second fire as the second episode", () => {
    expect(advanceAlert(alert({ kind: "inactive" }, 1), holds, { ...terms, forMs: 0 }, 0).alert.episode).toBe(
      2,
    );
  });

  test("has a deadline only while it is pending", () => {
    expect(advanceAlert(pending(100), holds, terms, 200).deadlineMs).toBe(30_100);
    expect(advanceAlert(firing, holds, terms, FOR_MS).deadlineMs).toBeUndefined();
  });

  test("fires and resolves in turn, whatever happens", () => {
    const steps = fc.array(fc.record({ waitMs: fc.nat(40_000), verdict: fc.constantFrom(holds, clear) }));
    fc.assert(
      fc.property(steps, (inputs) => {
        let now = 0;
        let state = alert({ kind: "inactive" });
        const words: string[] = [];
        for (const { waitMs, verdict } of inputs) {
          now += waitMs;
          const step = advanceAlert(state, verdict, terms, now);
          state = step.alert;
          words.push(...step.words.map(({ kind }) => kind));
        }
        expect(words).toEqual(words.map((_, i) => (i % 2 === 0 ? "fire" : "resolve")));
        expect(state.episode).toBe(words.filter((word) => word === "fire").length);
      }),
    );
  });
});
