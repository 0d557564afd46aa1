import { describe, expect, test } from "vitest";
import type { Alert, Phase } from "../../src/alerts/alert.ts";
import { type Baseline, unseenBaseline } from "../../src/alerts/baseline.ts";
import { memberChanges } from "../../src/demo/member-changes.ts";
import {
  alertReason,
  baselineReasons,
  type ChangeRule,
  type ConditionRule,
  replacedSilently,
} from "../../src/demo/reasons.ts";
import type { Member } from "../../src/ring/ring.ts";
import { member } from "../support/notices.ts";
import { rulesFile } from "../support/rules-file.ts";

const [quorum, left] = rulesFile(`
  - { name: quorum, ring: { namespace: data, service: cassandra }, when: { readyBelow: 3 }, for: 15s }
  - { name: left, ring: { namespace: data, service: cassandra }, on: [left], settle: 30s }
`).rules as unknown as [ConditionRule, ChangeRule];

const alert = (phase: Phase): Alert => ({ rule: "quorum", ring: "data/cassandra", episode: 0, phase });
const membersOf = (...members: Member[]): Baseline["members"] =>
  new Map(members.map((each) => [each.key, each]));
const [zero, one] = [member("cassandra-0"), member("cassandra-1")];
const seen: Baseline = {
  ...unseenBaseline("left", "data/cassandra"),
  presence: "present",
  members: membersOf(zero, one),
};
const deviating = (signature: string, sinceMs: number): Baseline => ({
  ...seen,
  deviations: new Map([[one.key, { signature, sinceMs, whileAway: false }]]),
});
const texts = (before: Baseline | undefined, after: Baseline, nowMs = 0): string[] =>
  baselineReasons(left, before, after, nowMs).map(({ text }) => text);

describe("why an alert is silent", () => {
  test("while it is pending", () => {
    const pending = alert({ kind: "pending", sinceMs: 0 });
    expect(alertReason(quorum, undefined, pending, "2 of 5 ready", 0)?.text).toBe(
      "quorum pending for 15 s: 2 of 5 ready",
    );
  });

  test("when its hold was not long enough", () => {
    const before = alert({ kind: "pending", sinceMs: 1_000 });
    expect(alertReason(quorum, before, alert({ kind: "inactive" }), "5 of 5 ready", 7_000)?.text).toBe(
      "quorum: over after 6 s of 15 s: nobody is told",
    );
  });

  test("is left to its notice when it fires or resolves", () => {
    const firing = alert({
      kind: "firing",
      sinceMs: 0,
      firedAtMs: 15_000,
      told: { notify: [], severity: "info" },
    });
    expect(alertReason(quorum, alert({ kind: "pending", sinceMs: 0 }), firing, "", 15_000)).toBeUndefined();
    expect(alertReason(quorum, firing, alert({ kind: "inactive" }), "", 20_000)).toBeUndefined();
  });
});

describe("why a change is not told", () => {
  test("at first sight", () => {
    expect(texts({ ...unseenBaseline("left", "data/cassandra") }, seen)).toEqual([
      "left: first sight of 2 members: nobody is told",
    ]);
  });

  test("while a member is away", () => {
    expect(texts(seen, deviating("absent", 0))).toEqual(["left: cassandra-1 is away, has left after 30 s"]);
    expect(texts(deviating("absent", 0), deviating("absent", 0))).toEqual([]);
  });

  test("when it is back in time, as itself or as a new Pod", () => {
    const back = ["left: cassandra-1 back after 8 s of 30 s: never left"];
    expect(texts(deviating("absent", 1_000), deviating("replaced uid-2", 9_000), 9_000)).toEqual(back);
    expect(texts(deviating("absent", 1_000), seen, 9_000)).toEqual(back);
  });

  test("when what has settled is not what the rule asks for", () => {
    const after = { ...seen, members: membersOf(zero, { ...one, uid: "uid-2" }) };
    expect(texts(deviating("replaced uid-2", 0), after, 30_000)).toEqual([
      "left: 1 replaced; it asks only for left: nobody is told",
    ]);
    expect(replacedSilently(seen, after)).toBe(1);
  });

  test("is left to the notice when it is told", () => {
    const after = { ...seen, generation: 1, members: membersOf(zero) };
    expect(texts(deviating("absent", 0), after, 30_000)).toEqual([]);
    expect(replacedSilently(seen, after)).toBe(0);
  });
});

describe("what happened to the members", () => {
  const said = (before: Member[], after: Member[]): string[] =>
    memberChanges(before, after).map(({ text }) => text);
  const down = { ready: false, serving: false };

  test("is said of each, and of those that share a fate together", () => {
    expect(said([], [zero, one])).toEqual(["2 members are ready"]);
    expect(said([zero, one], [zero, one])).toEqual([]);
    expect(
      said(
        [zero, one],
        [
          { ...zero, ...down },
          { ...one, ...down },
        ],
      ),
    ).toEqual(["cassandra-0 and cassandra-1 are not ready"]);
    expect(said([{ ...zero, ...down }, one], [zero])).toEqual([
      "cassandra-1 is gone",
      "cassandra-0 is ready",
    ]);
  });

  test("tells a Pod that terminates from one that fails, and says it once", () => {
    const ending = { ...one, ready: false, terminating: true };
    expect(said([zero, one], [zero, ending])).toEqual(["cassandra-1 is terminating"]);
    expect(said([zero, ending], [zero, { ...ending, serving: false }])).toEqual([]);
  });

  test("knows a new Pod by its uid", () => {
    expect(said([zero, one], [zero, { ...one, ...down, uid: "uid-2" }])).toEqual([
      "cassandra-1 is a new Pod, not ready yet",
    ]);
  });
});
