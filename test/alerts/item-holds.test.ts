import { describe, expect, test } from "vitest";
import { holdOf, nextItemMs } from "../../src/alerts/item-holds.ts";
import { AlertStage, clear, holds, holdsFor } from "./alert-stage.ts";

const FOR = 30_000;
const each = () => new AlertStage({ forMs: FOR });

describe("the hold of a ring as a whole", () => {
  test.each([
    ["begins now", holds(), undefined, { holds: true, stands: true, sinceMs: 5_000 }],
    ["goes on from its start", holds(), { sinceMs: 1_000 }, { sinceMs: 1_000 }],
    ["is not older than now, on a clock that was set back", holds(), { sinceMs: 9_000 }, { sinceMs: 5_000 }],
    ["is none", clear, { sinceMs: 1_000 }, { holds: false, stands: false }],
  ])("%s", (_, verdict, before, expected) => {
    expect(holdOf(verdict, before, FOR, 5_000)).toMatchObject(expected);
  });
});

describe("the holds of members or zones", () => {
  test("each begin at their own time", () => {
    const hold = holdOf(holdsFor("a", "b"), { sinceMs: 1_000, items: { a: 1_000, c: 2_000 } }, FOR, 5_000);
    expect(hold).toMatchObject({ items: { a: 1_000, b: 5_000 }, sinceMs: 1_000, holds: true, stands: false });
  });

  test.each([
    [1_000 + FOR - 1, [], false],
    [1_000 + FOR, ["a"], true],
    [2_000 + FOR - 1, ["a"], true],
    [2_000 + FOR, ["a", "b"], true],
  ])("stand at %i ms for %j", (nowMs, names, stands) => {
    const hold = holdOf(holdsFor("a", "b"), { sinceMs: 1_000, items: { a: 1_000, b: 2_000 } }, FOR, nowMs);
    expect(hold).toMatchObject({ names, stands, badness: [names.length] });
  });

  test("tell the facts of those that stand, else how long they would have to, else those of the ring", () => {
    const before = { sinceMs: 0, items: { a: 0, b: 1 } };
    expect(holdOf(holdsFor("a", "b"), before, FOR, FOR).fact).toBe("a: down");
    expect(holdOf(holdsFor("a", "b"), before, FOR, FOR - 1).fact).toBe("none for 30s");
    expect(holdOf(holdsFor(), before, FOR, FOR).fact).toBe("none of 9 members");
  });

  test("are the same object while none begins or ends", () => {
    const items = { a: 1_000, b: 2_000 };
    expect(holdOf(holdsFor("b", "a"), { sinceMs: 1_000, items }, FOR, 5_000).items).toBe(items);
    expect(holdOf(holdsFor("a"), { sinceMs: 1_000, items }, FOR, 5_000).items).toEqual({ a: 1_000 });
  });

  test("come due one by one", () => {
    const hold = holdOf(holdsFor("a", "b"), { sinceMs: 1_000, items: { a: 1_000, b: 2_000 } }, FOR, 5_000);
    expect(nextItemMs(hold, FOR, 1_000 + FOR - 1)).toBe(1_000 + FOR);
    expect(nextItemMs(hold, FOR, 1_000 + FOR)).toBe(2_000 + FOR);
    expect(nextItemMs(hold, FOR, 2_000 + FOR)).toBeUndefined();
  });

  test.each(["constructor", "toString", "__proto__"])("may belong to a member that is called %s", (name) => {
    const first = holdOf(holdsFor(name), { sinceMs: 0, items: { a: 0 } }, FOR, 5_000);
    expect(first.sinceMs).toBe(5_000);
    const stored = JSON.parse(JSON.stringify({ sinceMs: first.sinceMs, items: first.items })) as typeof first;
    const later = holdOf(holdsFor(name), stored, FOR, 5_000 + FOR);
    expect(later).toMatchObject({ sinceMs: 5_000, stands: true, names: [name] });
  });
});

describe("an alert with each", () => {
  test("fires when the first has held for long enough, naming that one", () => {
    const stage = each().see(0, holdsFor("a")).see(10_000, holdsFor("a", "b"));
    expect(stage.pass(29_999).said).toEqual([]);
    expect(stage.pass(30_000).said).toEqual(["30000 fire on-call"]);
    expect(stage.words[0]).toMatchObject({ items: ["a"], reason: "a: down", sinceMs: 0 });
  });

  test("never adds up members that take turns", () => {
    const stage = each();
    for (let atMs = 0; atMs < 600_000; atMs += 20_000) stage.see(atMs, holdsFor(`m-${atMs}`));
    expect(stage.said).toEqual([]);
  });

  test("goes on while one stands, and resolves when none does", () => {
    const stage = each().see(0, holdsFor("a")).see(5_000, holdsFor("a", "b")).pass(40_000);
    stage.see(50_000, holdsFor("b")).see(60_000, holdsFor());
    expect(stage.said).toEqual(["30000 fire on-call", "45000 update worse on-call", "60000 resolve on-call"]);
  });

  test("tells of one more after that has stood for ten seconds", () => {
    const stage = each().see(0, holdsFor("a")).see(20_000, holdsFor("a", "b"));
    expect(stage.pass(59_999).said).toEqual(["30000 fire on-call"]);
    expect(stage.pass(60_000).said.slice(1)).toEqual(["60000 update worse on-call"]);
    expect(stage.words.at(-1)).toMatchObject({ items: ["a", "b"] });
  });

  test("resolves when the one that stood ends, and the others go on from their own start", () => {
    const stage = each().see(0, holdsFor("a")).see(20_000, holdsFor("a", "b")).pass(30_000);
    stage.see(40_000, holdsFor("b"));
    expect(stage.said.slice(1)).toEqual(["40000 resolve on-call"]);
    expect(stage.alert.phase).toEqual({ kind: "pending", sinceMs: 20_000, items: { b: 20_000 } });
    expect(stage.deadlineMs).toBe(50_000);
    expect(stage.pass(49_999).said.slice(2)).toEqual([]);
    expect(stage.pass(50_000).said.slice(2)).toEqual(["50000 fire on-call"]);
    expect(stage.words.at(-1)).toMatchObject({ sinceMs: 20_000, items: ["b"] });
  });

  test("does not resolve while it is kept firing and another comes to stand in time", () => {
    const stage = new AlertStage({ forMs: FOR, keepFiringForMs: 15_000 });
    stage.see(0, holdsFor("a")).see(20_000, holdsFor("a", "b")).pass(30_000).see(36_000, holdsFor("b"));
    expect(stage.deadlineMs).toBe(50_000);
    expect(stage.pass(500_000).said).toEqual(["30000 fire on-call"]);
  });

  test("has a cooldown that the others wait for", () => {
    const stage = new AlertStage({ forMs: FOR, cooldownMs: 60_000 });
    stage.see(0, holdsFor("a")).see(20_000, holdsFor("a", "b")).pass(30_000).see(40_000, holdsFor("b"));
    expect(stage.deadlineMs).toBe(100_000);
    expect(stage.pass(100_000).said.slice(2)).toEqual(["100000 fire on-call"]);
  });
});
