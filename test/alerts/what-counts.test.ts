import { describe, expect, test } from "vitest";
import { type Baseline, type Deviation, unseenBaseline } from "../../src/alerts/baseline.ts";
import { type Settling, whatCounts } from "../../src/alerts/what-counts.ts";
import type { LeaveReason } from "../../src/ring/leave-reason.ts";
import { BaselineStage, seen } from "./baseline-stage.ts";

const asked = (fields: Partial<Settling> = {}): Settling => ({
  on: ["left"],
  settleMs: 10_000,
  settleByReason: {},
  maxWaitMs: 60_000,
  notBeforeMs: -Infinity,
  ...fields,
});
const away = (sinceMs: number, reason?: LeaveReason): Deviation => ({
  signature: "absent",
  sinceMs,
  whileAway: false,
  departure: reason && { reason, evidence: "" },
});
const baseline = (
  deviations: Readonly<Record<string, Deviation>>,
  fields: Partial<Baseline> = {},
): Baseline => ({
  ...unseenBaseline("rule", "data/cassandra"),
  presence: "present",
  deviations: new Map(Object.entries(deviations)),
  ...fields,
});

describe("whatCounts()", () => {
  test.each([
    ["nothing deviates", {}, {}, 50_000, false, undefined],
    ["one millisecond before it has settled", { a: away(0) }, {}, 9_999, false, 10_000],
    ["when it has settled", { a: away(0) }, {}, 10_000, true, undefined],
    ["while another still settles", { a: away(0), b: away(5_000) }, {}, 14_999, false, 15_000],
    ["when the other has settled too", { a: away(0), b: away(5_000) }, {}, 15_000, true, undefined],
    ["before maxWait, while another settles", { a: away(0), b: away(69_000) }, {}, 69_999, false, 70_000],
    ["at maxWait, while another settles", { a: away(0), b: away(69_000) }, {}, 70_000, true, undefined],
    ["before the time when it may", { a: away(0) }, { notBeforeMs: 30_000 }, 29_999, false, 30_000],
    ["at the time when it may", { a: away(0) }, { notBeforeMs: 30_000 }, 30_000, true, undefined],
    [
      "when it may only before it has settled",
      { a: away(25_000) },
      { notBeforeMs: 30_000 },
      26_000,
      false,
      35_000,
    ],
    ["when nobody knows when it may", { a: away(0) }, { notBeforeMs: Infinity }, 50_000, false, undefined],
    [
      "past maxWait, when it may not yet",
      { a: away(0), b: away(79_000) },
      { notBeforeMs: 85_000 },
      80_000,
      false,
      85_000,
    ],
  ] as const)("%s", (_, deviations, fields, nowMs, tell, deadlineMs) => {
    const due = whatCounts(baseline(deviations), asked(fields), nowMs);
    expect(due.tell).toBe(tell);
    if (!tell) expect(due.deadlineMs).toBe(deadlineMs);
  });

  test.each([
    ["scaledDown", 4_999, 5_000],
    ["crashed", 599_999, 600_000],
    ["deleted", 9_999, 10_000],
    [undefined, 9_999, 10_000],
  ] as const)("a member that left because of %s counts at its own settle time", (reason, beforeMs, atMs) => {
    const terms = asked({ settleByReason: { scaledDown: 5_000, crashed: 600_000 } });
    const left = baseline({ a: away(0, reason) });
    expect(whatCounts(left, terms, beforeMs)).toMatchObject({ tell: false, deadlineMs: atMs });
    expect(whatCounts(left, terms, atMs)).toMatchObject({ tell: true, firstChangeMs: 0, settledMs: atMs });
  });

  test("a reason with a settle time of zero counts at once", () => {
    expect(
      whatCounts(baseline({ a: away(7, "scaledDown") }), asked({ settleByReason: { scaledDown: 0 } }), 7)
        .tell,
    ).toBe(true);
  });

  test("a Service that is gone settles as one, whatever its members did", () => {
    const gone = baseline({ a: away(0, "scaledDown") }, { presenceDeviation: away(8_000) });
    const due = whatCounts(gone, asked({ settleByReason: { scaledDown: 1_000 } }), 17_999);
    expect(due).toMatchObject({ tell: false, deadlineMs: 18_000 });
    expect(due.counted.members.size).toBe(0);
  });

  test("the first settled state of a ring is taken whatever the hour", () => {
    const first = baseline({ a: { signature: "new", sinceMs: 0, whileAway: false } }, { presence: "unseen" });
    expect(whatCounts(first, asked({ notBeforeMs: Infinity }), 10_000).tell).toBe(true);
  });
});

describe("the cooldown of a change rule", () => {
  const stage = () => new BaselineStage({ cooldownMs: 60_000 }).see(0, seen("a", "b", "c", "d")).pass(50_000);

  test("does not hold back the first report", () => {
    expect(
      stage()
        .see(100_000, seen("a", "b", "c"))
        .pass(110_000).said,
    ).toEqual(["110000 left d"]);
  });

  test.each([
    [169_999, []],
    [170_000, ["170000 left c"]],
  ])("holds back the next until %i ms: %j", (untilMs, said) => {
    const next = stage()
      .see(100_000, seen("a", "b", "c"))
      .see(120_000, seen("a", "b"));
    expect(next.pass(untilMs).said.slice(1)).toEqual(said);
  });

  test("is over in time when one looks while it lasts", () => {
    const next = stage()
      .see(100_000, seen("a", "b", "c"))
      .see(120_000, seen("a", "b"))
      .look(140_000);
    expect(next.deadlineMs).toBe(170_000);
    expect(next.pass(500_000).said.slice(1)).toEqual(["170000 left c"]);
  });

  test("tells the net change when it is over, and nothing when there is none", () => {
    const net = stage()
      .see(100_000, seen("a", "b", "c"))
      .see(120_000, seen("a", "b"))
      .see(140_000, seen("a"));
    expect(net.pass(500_000).said.slice(1)).toEqual(["170000 left b,c"]);
    const none = stage()
      .see(100_000, seen("a", "b", "c"))
      .see(120_000, seen("a", "b"))
      .see(169_999, seen("a", "b", "c"));
    expect(none.pass(500_000).said.slice(1)).toEqual([]);
  });

  test("is over when the next has settled after it", () => {
    const next = stage()
      .see(100_000, seen("a", "b", "c"))
      .see(165_000, seen("a", "b"));
    expect(next.pass(500_000).said.slice(1)).toEqual(["175000 left c"]);
  });

  test("is not longer on a clock that is set back, however often one looks", () => {
    const back = stage()
      .see(1_000_000, seen("a", "b", "c"))
      .pass(1_010_000)
      .see(1_020_000, seen("a", "b"))
      .look(5_000);
    expect(back.deadlineMs).toBe(65_000);
    expect(back.look(35_000).deadlineMs).toBe(65_000);
    expect(back.pass(65_000).said.slice(1)).toEqual(["65000 left c"]);
  });
});

describe("while a ring is to be quiet", () => {
  const stage = () => new BaselineStage().see(0, seen("a", "b", "c")).pass(50_000);

  test("nothing is told and the baseline stands still, then the net change is told at once", () => {
    const hushed = stage().hush(100_000, 200_000).see(110_000, seen("a", "b")).see(150_000, seen("a"));
    expect([...hushed.pass(199_999).baseline.members.keys()].length).toBe(3);
    expect(hushed.said).toEqual([]);
    expect(hushed.pass(200_000).said).toEqual(["200000 left b,c"]);
    expect(hushed.reports[0]).toMatchObject({ generation: 1, firstChangeMs: 110_000, forced: false });
  });

  test("what came and went meanwhile is told to nobody", () => {
    const hushed = stage()
      .hush(100_000, 200_000)
      .see(110_000, seen("a", "b"))
      .see(199_999, seen("a", "b", "c"));
    expect(hushed.pass(500_000).said).toEqual([]);
  });

  test("what has not settled at its end settles first", () => {
    const hushed = stage().hush(100_000, 200_000).see(195_000, seen("a", "b"));
    expect(hushed.deadlineMs).toBe(205_000);
    expect(hushed.pass(500_000).said).toEqual(["205000 left c"]);
  });

  test("without a known end there is no deadline, and one look after it tells", () => {
    const hushed = stage().hush(100_000, Infinity).see(110_000, seen("a", "b"));
    expect(hushed.pass(900_000).deadlineMs).toBeUndefined();
    expect(hushed.hush(900_000, undefined).said).toEqual(["900000 left c"]);
  });

  test("the first settled state of a ring is taken all the same", () => {
    const first = new BaselineStage().hush(0, 200_000).see(0, seen("a")).see(100_000, seen("a", "b"));
    expect(first.pass(500_000).said).toEqual(["200000 joined b"]);
  });
});

describe("settle by reason", () => {
  const stage = () =>
    new BaselineStage({ settleMs: 600_000, settleByReason: { scaledDown: 5_000 }, maxWaitMs: 6_000_000 });

  test("a scale-down is told after its own time, others after theirs", () => {
    const scaled = stage().see(0, seen("a", "b")).pass(700_000);
    scaled.reasons.set("b", "scaledDown");
    expect(scaled.see(1_000_000, seen("a")).pass(1_004_999).said).toEqual([]);
    expect(scaled.pass(1_005_000).said).toEqual(["1005000 left b"]);
    expect(scaled.reports[0]?.departures).toEqual([
      { key: "data/b", name: "b", reason: "scaledDown", evidence: "told by scaledDown" },
    ]);
  });

  test("a reason that is known later counts from when the member left", () => {
    const late = stage().see(0, seen("a", "b")).pass(700_000).see(1_000_000, seen("a")).pass(1_060_000);
    late.reasons.set("b", "scaledDown");
    expect(late.look(1_060_000).said).toEqual(["1060000 left b"]);
  });

  test("a reason that was known is kept when nothing is known any more", () => {
    const kept = stage().see(0, seen("a", "b")).pass(700_000);
    kept.reasons.set("b", "scaledDown");
    kept.see(1_000_000, seen("a"));
    kept.reasons.set("b", "unknown");
    expect(kept.pass(1_005_000).reports[0]?.departures).toMatchObject([{ reason: "scaledDown" }]);
  });
});
