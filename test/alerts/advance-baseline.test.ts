import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { advanceBaseline, type Asked, type BaselineStep } from "../../src/alerts/advance-baseline.ts";
import { type Baseline, unseenBaseline } from "../../src/alerts/baseline.ts";
import type { ReportedChange } from "../../src/alerts/report-change.ts";
import type { Endpoint } from "../../src/cluster/slice.ts";
import { mergeSlices } from "../../src/ring/merge-slices.ts";
import { absentRing } from "../../src/ring/ring-book.ts";
import type { Member, Ring } from "../../src/ring/ring.ts";
import type { ChangeWord, Membership } from "../../src/rules/rule.ts";
import { changeTrigger } from "../rules/rule-fixtures.ts";
import { endpoint, slice } from "../support/slices.ts";

const KEY = "data/cassandra";
const gone = absentRing(KEY, "endpointslices");

type Pod = string | readonly [string, Partial<Endpoint>];

function ring(...pods: readonly Pod[]): Ring {
  const endpoints = pods.map((pod) => (typeof pod === "string" ? endpoint(pod) : endpoint(...pod)));
  return { ...gone, present: true, members: mergeSlices([slice("a", endpoints)]) };
}

/** One change rule on one ring, driven by hand. Deadlines that pass between two inputs are kept, as the book does. */
class Watcher {
  readonly #asked: Asked;
  #baseline: Baseline = unseenBaseline("rule", KEY);
  #deadlineMs: number | undefined;
  #ring: Ring | undefined;
  readonly told: ReportedChange[] = [];

  constructor(
    on: readonly ChangeWord[],
    {
      settleMs = 10_000,
      maxWaitMs = 60_000,
      membership = "present",
    }: { settleMs?: number; maxWaitMs?: number; membership?: Membership } = {},
  ) {
    this.#asked = { ...changeTrigger({ on, settleMs, maxWaitMs }), membership };
  }

  see(nowMs: number, seen: Ring, whileAway = false): this {
    this.pass(nowMs);
    this.#ring = seen;
    this.#take(advanceBaseline(this.#baseline, seen, this.#asked, nowMs, whileAway));
    return this;
  }

  pass(untilMs: number): this {
    while (this.#ring && this.#deadlineMs !== undefined && this.#deadlineMs <= untilMs) {
      this.#take(advanceBaseline(this.#baseline, this.#ring, this.#asked, this.#deadlineMs, false));
    }
    return this;
  }

  get deadlineMs(): number | undefined {
    return this.#deadlineMs;
  }

  #take(step: BaselineStep): void {
    this.#baseline = step.baseline;
    this.#deadlineMs = step.deadlineMs;
    if (step.report) this.told.push(step.report);
  }
}

const summary = (changes: readonly ReportedChange[]) =>
  changes.map(({ joined, left, replaced, moved, becameReady, becameUnready, removed, generation }) => {
    const names = (members: readonly Member[]) => members.map((m) => m.name);
    const said = {
      joined: names(joined),
      left: names(left),
      replaced: names(replaced.map((c) => c.after)),
      moved: names(moved.map((c) => c.after)),
      becameReady: names(becameReady),
      becameUnready: names(becameUnready),
    };
    return {
      generation,
      ...(removed && { removed }),
      ...Object.fromEntries(Object.entries(said).filter(([, n]) => n.length > 0)),
    };
  });

describe("a change rule", () => {
  test("says nothing of a ring's first settled state", () => {
    const watcher = new Watcher(["changed"]).see(0, ring("c-0")).see(5_000, ring("c-0", "c-1")).pass(100_000);
    expect(watcher.told).toEqual([]);
  });

  test("tells who left when the settle time has passed, not a millisecond before", () => {
    const watcher = new Watcher(["left"]).see(0, ring("c-0", "c-1")).pass(50_000).see(60_000, ring("c-0"));
    expect(watcher.pass(69_999).told).toEqual([]);
    expect(summary(watcher.pass(70_000).told)).toEqual([{ generation: 1, left: ["c-1"] }]);
  });

  test("never says that a Pod left which is back one millisecond before the settle time ends", () => {
    const watcher = new Watcher(["left"])
      .see(0, ring("c-0"))
      .see(60_000, ring())
      .see(69_999, ring("c-0"))
      .pass(200_000);
    expect(watcher.told).toEqual([]);
  });

  test("calls a Pod that is back with another uid replaced", () => {
    const watcher = new Watcher(["changed"]).see(0, ring("c-0")).see(60_000, ring());
    watcher.see(65_000, ring(["c-0", { uid: "new", address: "10.0.9.9" }]));
    expect(summary(watcher.pass(74_999).told)).toEqual([]);
    expect(summary(watcher.pass(75_000).told)).toEqual([{ generation: 1, replaced: ["c-0"] }]);
  });

  test("waits for other members to settle and reports them as one", () => {
    const watcher = new Watcher(["left"]).see(0, ring("c-0", "c-1", "c-2"));
    watcher.see(60_000, ring("c-0", "c-1")).see(65_000, ring("c-0"));
    expect(watcher.pass(74_999).told).toEqual([]);
    expect(summary(watcher.pass(75_000).told)).toEqual([{ generation: 1, left: ["c-1", "c-2"] }]);
  });

  test("speaks after maxWait while others are still settling, and only of those that count", () => {
    const watcher = new Watcher(["left"], { settleMs: 10_000, maxWaitMs: 20_000 }).see(
      0,
      ring("c-0", "c-1", "c-2"),
    );
    watcher.see(60_000, ring("c-0", "c-1"));
    // c-1 crashes and comes back as another Pod, again and again: it never stands still.
    for (let at = 65_000; at <= 90_000; at += 5_000) {
      watcher.see(at, ring("c-0", ["c-1", { uid: `crash-${at}` }]));
    }
    const [told] = watcher.told;
    expect(summary(watcher.told)).toEqual([{ generation: 1, left: ["c-2"] }]);
    expect(told).toMatchObject({ forced: true, firstChangeMs: 60_000, settledMs: 70_000 });
    expect(told?.after.map((m) => m.name)).toEqual(["c-0", "c-1"]);
  });

  test("never tells of a Pod that is away for 20 s in an hour-long rolling restart, however maxWait falls", () => {
    const pods = Array.from({ length: 100 }, (_, i) => `c-${i}`);
    const fresh = new Map<string, Pod>();
    const now = () => ring(...pods.map((pod) => fresh.get(pod) ?? pod));
    const watcher = new Watcher(["left"], { settleMs: 30_000, maxWaitMs: 60_000 }).see(0, now());
    pods.forEach((pod, i) => {
      const at = 100_000 + i * 36_000;
      watcher.see(at, ring(...pods.filter((p) => p !== pod).map((p) => fresh.get(p) ?? p)));
      fresh.set(pod, [pod, { uid: `new-${pod}` }]);
      watcher.see(at + 20_000, now());
    });
    expect(watcher.pass(10_000_000).told).toEqual([]);
  });

  test("moves its baseline silently over what the rule does not ask for: on left hears of 3 to 5 to 3", () => {
    const three = ring("c-0", "c-1", "c-2");
    const five = ring("c-0", "c-1", "c-2", "c-3", "c-4");
    const watcher = new Watcher(["left"]).see(0, three).see(60_000, five).see(120_000, three).pass(200_000);
    expect(summary(watcher.told)).toEqual([{ generation: 1, left: ["c-3", "c-4"] }]);
  });

  test("reports a Service that is gone as removed, with its members in before and nobody as left", () => {
    const watcher = new Watcher(["left"]).see(0, ring("c-0", "c-1")).see(60_000, gone);
    expect(watcher.pass(69_999).told).toEqual([]);
    expect(summary(watcher.pass(70_000).told)).toEqual([{ generation: 1, removed: true }]);
    expect(watcher.told[0]?.before.map((m) => m.name)).toEqual(["c-0", "c-1"]);
  });

  test("says nothing of a Service made again before the settle time ends", () => {
    const watcher = new Watcher(["changed"]).see(0, ring("c-0")).see(60_000, gone).see(69_999, ring("c-0"));
    expect(watcher.pass(200_000).told).toEqual([]);
  });

  test("reports a Service that returns after its removal as all joined", () => {
    const watcher = new Watcher(["changed"])
      .see(0, ring("c-0"))
      .see(60_000, gone)
      .see(100_000, ring("c-0", "c-1"));
    expect(summary(watcher.pass(200_000).told)).toEqual([
      { generation: 1, removed: true },
      { generation: 2, joined: ["c-0", "c-1"] },
    ]);
  });

  test("goes on with a member's settling over a short absence of the Service", () => {
    const watcher = new Watcher(["left"]).see(0, ring("c-0", "c-1"));
    watcher.see(60_000, ring("c-0")).see(62_000, gone).see(63_000, ring("c-0"));
    expect(summary(watcher.pass(70_000).told)).toEqual([{ generation: 1, left: ["c-1"] }]);
  });

  test("counts a terminating Pod as gone", () => {
    const watcher = new Watcher(["left"])
      .see(0, ring("c-0", "c-1"))
      .see(60_000, ring("c-0", ["c-1", { terminating: true }]));
    expect(summary(watcher.pass(70_000).told)).toEqual([{ generation: 1, left: ["c-1"] }]);
  });

  test("counts an unready Pod as gone only where membership is serving", () => {
    const unready = ring("c-0", ["c-1", { serving: false }]);
    const present = new Watcher(["left"]).see(0, ring("c-0", "c-1")).see(60_000, unready).pass(99_000);
    expect(present.told).toEqual([]);
    const serving = new Watcher(["left"], { membership: "serving" })
      .see(0, ring("c-0", "c-1"))
      .see(60_000, unready);
    expect(summary(serving.pass(99_000).told)).toEqual([{ generation: 1, left: ["c-1"] }]);
  });

  test("tells of readiness where it is asked for, and settles it too", () => {
    const watcher = new Watcher(["unready", "ready"]).see(0, ring("c-0")).pass(20_000);
    watcher
      .see(60_000, ring(["c-0", { serving: false }]))
      .see(65_000, ring("c-0"))
      .pass(90_000);
    expect(watcher.told).toEqual([]);
    watcher
      .see(100_000, ring(["c-0", { serving: false }]))
      .see(200_000, ring("c-0"))
      .pass(300_000);
    expect(summary(watcher.told)).toEqual([
      { generation: 1, becameUnready: ["c-0"] },
      { generation: 2, becameReady: ["c-0"] },
    ]);
  });

  test("tells each leaving and each return without a settle time", () => {
    const watcher = new Watcher(["changed"], { settleMs: 0, maxWaitMs: 0 });
    watcher.see(0, ring("c-0")).see(1, ring()).see(2, ring("c-0"));
    expect(summary(watcher.told)).toEqual([
      { generation: 1, left: ["c-0"] },
      { generation: 2, joined: ["c-0"] },
    ]);
  });

  test("says nobody left while the API does not show all members", () => {
    const watcher = new Watcher(["changed"])
      .see(0, ring("c-0", "c-1"))
      .see(60_000, { ...ring("c-0"), truncated: true });
    expect(watcher.pass(200_000).told).toEqual([]);
  });

  test("marks what happened while Ringbell was not running", () => {
    const watcher = new Watcher(["left"])
      .see(0, ring("c-0", "c-1"))
      .pass(50_000)
      .see(60_000, ring("c-0"), true);
    expect(watcher.pass(70_000).told).toMatchObject([{ whileAway: true }]);
  });

  test("adds up: the reported changes lead from the first baseline to the last settled ring", () => {
    const pods = fc.uniqueArray(fc.nat(6));
    const steps = fc.array(fc.record({ waitMs: fc.nat(30_000), pods }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(pods, steps, (first, inputs) => {
        const named = (numbers: readonly number[]) => ring(...numbers.map((n) => `c-${n}`));
        const watcher = new Watcher(["changed"]).see(0, named(first)).pass(100_000);
        let at = 100_000;
        for (const step of inputs) watcher.see((at += step.waitMs), named(step.pods));
        watcher.pass(at + 1_000_000);
        const keys = new Set(named(first).members.map((m) => m.name));
        watcher.told.forEach((change, i) => {
          expect(change.generation).toBe(i + 1);
          expect(change.previousGeneration).toBe(i);
          expect(change.before.map((m) => m.name)).toEqual([...keys].sort());
          for (const m of change.left) keys.delete(m.name);
          for (const m of change.joined) keys.add(m.name);
          expect(change.after.map((m) => m.name)).toEqual([...keys].sort());
        });
        const last = inputs.at(-1)?.pods ?? first;
        expect([...keys].sort()).toEqual(named(last).members.map((m) => m.name));
        expect(watcher.deadlineMs).toBeUndefined();
      }),
    );
  });
});
