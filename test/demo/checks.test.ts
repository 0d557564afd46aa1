import { describe, expect, test } from "vitest";
import { judge, type Seen } from "../../src/demo/checks.ts";
import type { ChapterId } from "../../src/demo/story.ts";

type Told = Seen["receipts"][number];

const told = (chapter: ChapterId, atMs: number, about: Partial<Told>): Told => ({
  chapter,
  atMs,
  destination: "data-team",
  kind: "slack",
  status: 200,
  word: "firing",
  dedupKey: undefined,
  left: [],
  generation: undefined,
  signatureFault: undefined,
  ...about,
});

const pager = { destination: "on-call", kind: "pagerduty", status: 202, dedupKey: "one" } as const;
const HOOK: Told = told("scaleDown", 3, {
  destination: "rebalancer",
  kind: "webhook",
  status: 204,
  word: "change",
  left: ["cassandra-3", "cassandra-4"],
  generation: 1,
});
const ALL: Seen = {
  receipts: [
    told("crash", 1, {}),
    told("crash", 1, { ...pager, word: "trigger" }),
    told("crash", 2, { ...pager, word: "resolve" }),
    told("crash", 2, { word: "resolved" }),
    HOOK,
    told("scaleDown", 3, { word: "changed" }),
  ],
  replacedSilently: 5,
  longestAwayMs: 8_000,
  problems: [],
};

const without = (dropped: Told | undefined): Seen => ({
  ...ALL,
  receipts: ALL.receipts.filter((receipt) => receipt !== dropped),
});
const withHook = (about: Partial<Told>): Seen => ({
  ...ALL,
  receipts: ALL.receipts.map((receipt) => (receipt === HOOK ? { ...HOOK, ...about } : receipt)),
});
const faults = (seen: Seen): string[] =>
  judge(seen).flatMap(({ ok, title, text }) => (ok ? [] : [`${title}: ${text}`]));

describe("the demo's own check", () => {
  test("finds nothing where all was told as it should be", () => {
    expect(faults(ALL)).toEqual([]);
    expect(judge(ALL).map(({ title }) => title)).toEqual([
      "Steady state",
      "Rolling restart",
      "Crash",
      "Scale-down",
    ]);
    expect(judge(ALL)[1]?.text).toContain("5 members replaced, each back within 8 s");
  });

  test.each(
    ALL.receipts.map((receipt) => [receipt.chapter, `${receipt.destination} ${receipt.word}`, receipt]),
  )("in %s misses: %s", (_chapter, name, receipt) => {
    expect(faults(without(receipt))).toEqual([expect.stringContaining(`expected`)]);
    expect(faults(without(receipt)).join()).toContain(name);
  });

  test("hears one notice too many, in any chapter", () => {
    for (const chapter of ["steady", "restart", "crash", "scaleDown"] as const) {
      const more = { ...ALL, receipts: [...ALL.receipts, told(chapter, 4, { word: "changed" })] };
      expect(faults(more), chapter).toHaveLength(1);
    }
  });

  test("wants the fire before the resolve", () => {
    const swapped = ALL.receipts.map((receipt) =>
      receipt.chapter === "crash" ? { ...receipt, atMs: 3 - receipt.atMs } : receipt,
    );
    expect(faults({ ...ALL, receipts: swapped })).toHaveLength(1);
  });

  test("wants one dedup_key for the trigger and its resolve", () => {
    const receipts = ALL.receipts.map((receipt) =>
      receipt.word === "resolve" ? { ...receipt, dedupKey: "another" } : receipt,
    );
    expect(faults({ ...ALL, receipts })).toEqual([
      "Crash: PagerDuty got 2 different dedup_keys, expected one",
    ]);
  });

  test("reads the webhook: who left, which generation, and whether its signature holds", () => {
    expect(faults(withHook({ left: ["cassandra-4"] })).join()).toContain("names cassandra-4 as left");
    expect(faults(withHook({ generation: 2 })).join()).toContain("its generation is 2, expected 1");
    expect(faults(withHook({ signatureFault: "no webhook-signature matches" })).join()).toContain(
      "its signature does not hold: no webhook-signature matches",
    );
    expect(faults(withHook({ status: 500 })).join()).toContain("rebalancer answered 500");
  });

  test("does not take a restart that never came for a quiet one", () => {
    expect(faults({ ...ALL, replacedSilently: 4 })).toEqual([
      "Rolling restart: 4 members were seen as replaced, expected 5",
    ]);
  });

  test("shows what Ringbell's own log complains of", () => {
    expect(faults({ ...ALL, problems: ["Watch failing: no route"] })).toEqual([
      "Ringbell's log: Watch failing: no route",
    ]);
  });
});
