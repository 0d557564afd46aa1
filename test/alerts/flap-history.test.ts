import { describe, expect, test } from "vitest";
import {
  advanceFlaps,
  flapDeadlineMs,
  type FlapHistory,
  type FlapTerms,
  recentChanges,
} from "../../src/alerts/flap-history.ts";
import type { Member } from "../../src/ring/ring.ts";
import { ruleMember, ruleRing } from "../rules/rule-fixtures.ts";

const terms = (fields: Partial<FlapTerms> = {}): FlapTerms => ({
  changes: 3,
  withinMs: 60_000,
  membership: "present",
  each: undefined,
  ...fields,
});
const up = (name: string, zone?: string) => ruleMember(name, { zone });
const down = (name: string, zone?: string) => ruleMember(name, { zone, ready: false, serving: false });

type Sight = readonly [atMs: number, members: readonly Member[]];

function history(asked: FlapTerms, ...sights: readonly Sight[]): FlapHistory {
  let flaps: FlapHistory | undefined;
  for (const [atMs, members] of sights) flaps = advanceFlaps(flaps, ruleRing(members), asked, atMs);
  if (!flaps) throw new Error("nothing was seen");
  return flaps;
}

/** One member that changes its readiness at these times, first seen at 0. */
function blinking(asked: FlapTerms, ...times: readonly number[]): FlapHistory {
  const sights = times.map((atMs, index): Sight => [atMs, [index % 2 === 0 ? down("a") : up("a")]]);
  return history(asked, [0, [up("a")]], ...sights);
}

test("members that count only since the rule was edited have not changed", () => {
  const before = history(terms({ changes: 2 }), [0, [up("a"), down("b"), down("c")]]);
  const edited = terms({ changes: 2, membership: "serving" });
  const after = advanceFlaps(before, ruleRing([up("a"), down("b"), down("c")]), edited, 1000);
  expect(recentChanges(after, "", edited, 1000)).toBe(0);
  const changed = advanceFlaps(after, ruleRing([up("a"), up("b"), down("c")]), edited, 2000);
  expect(recentChanges(changed, "", edited, 2000)).toBe(1);
});

describe("what counts as a change", () => {
  test.each([
    ["nothing at first sight", [[0, [up("a"), down("b")]]], 0],
    [
      "nothing while a ring stays",
      [
        [0, [up("a")]],
        [1, [up("a")]],
      ],
      0,
    ],
    [
      "a member that joins",
      [
        [0, []],
        [1, [up("a")]],
      ],
      1,
    ],
    [
      "a member that leaves",
      [
        [0, [up("a")]],
        [1, []],
      ],
      1,
    ],
    [
      "a member that becomes unready",
      [
        [0, [up("a")]],
        [1, [down("a")]],
      ],
      1,
    ],
    [
      "a member that terminates, once",
      [
        [0, [up("a")]],
        [1, [ruleMember("a", { ready: false, terminating: true })]],
        [2, []],
      ],
      1,
    ],
    [
      "each member for itself",
      [
        [0, [up("a"), up("b")]],
        [1, [down("b"), up("c")]],
      ],
      3,
    ],
  ] as const satisfies readonly (readonly [string, readonly Sight[], number])[])(
    "%s",
    (_, sights, changes) => {
      expect(recentChanges(history(terms(), ...sights), "", terms(), 10)).toBe(changes);
    },
  );

  test("readiness is membership where members must serve", () => {
    const serving = terms({ membership: "serving" });
    expect(
      recentChanges(history(serving, [0, [up("a")]], [1, [down("a")]], [2, [up("a")]]), "", serving, 10),
    ).toBe(2);
  });

  test("each member counts for itself, or for its zone, where the rule asks so", () => {
    const sights: Sight[] = [
      [0, [up("a", "z1"), up("b", "z1"), up("c", "z2")]],
      [1, [down("a", "z1"), down("b", "z1"), up("c", "z2")]],
      [2, [up("a", "z1"), down("b", "z1"), down("c", "z2")]],
    ];
    const member = terms({ each: "member" });
    const zone = terms({ each: "zone" });
    const of = (asked: FlapTerms, item: string) => recentChanges(history(asked, ...sights), item, asked, 10);
    expect(["data/a", "data/b", "data/c", ""].map((item) => of(member, item))).toEqual([2, 1, 1, 0]);
    expect(["z1", "z2"].map((item) => of(zone, item))).toEqual([3, 1]);
  });

  test.each(["constructor", "__proto__"])("a zone may be called %s", (name) => {
    const zone = terms({ each: "zone" });
    const flaps = history(zone, [0, [up("a", name)]], [1, [down("a", name)]], [2, [up("a", name)]]);
    expect(recentChanges(flaps, name, zone, 10)).toBe(2);
    expect(recentChanges(flaps, "toString", zone, 10)).toBe(0);
  });
});

describe("how long a change counts", () => {
  test.each([
    [60_999, 3],
    [61_000, 2],
    [70_999, 2],
    [71_000, 1],
    [80_999, 1],
    [81_000, 0],
  ])("at %i ms, of changes at 1, 11 and 21 s, %i count", (nowMs, changes) => {
    expect(recentChanges(blinking(terms(), 1_000, 11_000, 21_000), "", terms(), nowMs)).toBe(changes);
  });

  test.each([
    ["too few changes", [1_000, 11_000], 12_000, undefined],
    ["as many as are asked for", [1_000, 11_000, 21_000], 22_000, 61_000],
    ["one more: the first does not matter any more", [1_000, 11_000, 21_000, 31_000], 32_000, 71_000],
    ["one millisecond before it ends", [1_000, 11_000, 21_000], 60_999, 61_000],
    ["when it has ended", [1_000, 11_000, 21_000], 61_000, undefined],
  ])("sets a deadline for %s", (_, times, nowMs, deadlineMs) => {
    expect(flapDeadlineMs(blinking(terms(), ...times), terms(), nowMs)).toBe(deadlineMs);
  });

  test("keeps no more times than it counts, and none that is over", () => {
    const often = blinking(terms(), ...Array.from({ length: 500 }, (_, index) => 1_000 + index));
    expect(often.timesMs).toEqual({ "": [1_497, 1_498, 1_499] });
    expect(blinking(terms(), 1_000, 61_000).timesMs).toEqual({ "": [61_000] });
    expect(blinking(terms(), 1_000, 60_999).timesMs).toEqual({ "": [1_000, 60_999] });
  });

  test("is the same object while nothing changes", () => {
    const flaps = blinking(terms(), 1_000);
    expect(advanceFlaps(flaps, ruleRing([down("a")]), terms(), 9_000)).toBe(flaps);
  });

  test("is not longer on a clock that is set back, however often one looks", () => {
    const before = blinking(terms(), 1_000_000, 1_000_001, 1_000_002);
    const ring = ruleRing([down("a")]);
    const back = advanceFlaps(before, ring, terms(), 5_000);
    expect(flapDeadlineMs(back, terms(), 5_000)).toBe(65_000);
    const later = advanceFlaps(back, ring, terms(), 35_000);
    expect(flapDeadlineMs(later, terms(), 35_000)).toBe(65_000);
    expect(recentChanges(later, "", terms(), 65_000)).toBe(0);
  });
});
