import { describe, expect, test } from "vitest";
import type { Notice, NoticeAlert } from "../../src/alerts/notice.ts";
import { memberChangeLine, memberGroups, memberLine } from "../../src/destinations/member-words.ts";
import { factsOf, messageOf, readyWords, titleOf } from "../../src/destinations/wording.ts";
import {
  changeNotice,
  fireNotice,
  member,
  resolveNotice,
  testNotice,
  updateNotice,
} from "../support/notices.ts";

describe("a notice without words of its own", () => {
  const none = { title: " \n", message: "" };
  test.each([
    [fireNotice(none), "cassandra-below-quorum fires for data/cassandra", "2 of 5 ready, wanted at least 3"],
    [
      updateNotice(none),
      "cassandra-below-quorum still fires for data/cassandra",
      "1 of 5 ready, wanted at least 3",
    ],
    [resolveNotice(none), "cassandra-below-quorum has resolved for data/cassandra", "5 of 5 ready"],
    [changeNotice(none), "data/cassandra: 1 left, 1 replaced", "1 left, 1 replaced"],
    [
      testNotice(none),
      "Test of cassandra-below-quorum for data/cassandra",
      "This is a test: nothing has happened",
    ],
  ])("gets a title and a message", (notice, title, message) => {
    expect([titleOf(notice), messageOf(notice)]).toEqual([title, message]);
  });
});

test("a title is one line, a message may be several", () => {
  const notice = fireNotice({ title: "a\nb\u0000", message: " a\nb\u001b[0m " });
  expect([titleOf(notice), messageOf(notice)]).toEqual(["a b", "a\nb [0m"]);
});

test("the reason is a fact where the message is another", () => {
  const names = (message: string): readonly string[] =>
    factsOf(fireNotice({ message })).map(({ name }) => name);
  expect(names("Call the data team")).toEqual([
    "Ring",
    "Ready",
    "Severity",
    "Rule",
    "Since",
    "Duration",
    "Reason",
  ]);
  expect(names("2 of 5 ready, wanted at least 3")).not.toContain("Reason");
  expect(factsOf(resolveNotice({ message: "Well again" })).slice(-4)).toEqual([
    { name: "Since", value: "2026-11-21T03:04:05.000Z", time: "2026-11-21T03:04:05.000Z" },
    { name: "Resolved", value: "2026-11-21T03:14:05.000Z", time: "2026-11-21T03:14:05.000Z" },
    { name: "Duration", value: "10m" },
    { name: "Ended by", value: "5 of 5 ready" },
  ]);
});

test("readiness names an absent ring and terminating members", () => {
  expect(readyWords(fireNotice())).toBe("2 of 5 ready");
  expect(readyWords(fireNotice({ counts: { total: 3, ready: 1, serving: 2, terminating: 2 } }))).toBe(
    "1 of 3 ready, 2 terminating",
  );
  expect(readyWords(fireNotice({ ring: { ...fireNotice().ring, present: false } }))).toMatch(/^absent/);
});

test("facts of a change say what is odd about it", () => {
  const facts = factsOf(changeNotice({}, { whileAway: true, forced: true }));
  expect(facts.map(({ name }) => name)).toEqual([
    "Ring",
    "Ready",
    "Severity",
    "Rule",
    "Generation",
    "First change",
    "Settled",
    "Note",
  ]);
  expect(facts.at(-1)?.value).toBe(
    "some of it happened while Ringbell was not running; reported at maxWait, other members are still changing",
  );
});

describe("a member's line", () => {
  test.each([
    [member("a"), "a (zone eu-1a, node node-1, 10.0.0.10)"],
    [member("a", { zone: undefined, node: undefined, addresses: [] }), "a"],
    [member("a", { zone: undefined, node: undefined, ready: false }), "a (10.0.0.10, not ready)"],
    [
      member("a", { zone: undefined, node: undefined, ready: false, terminating: true }),
      "a (10.0.0.10, terminating)",
    ],
    [member("a\nb\u202e"), "a b  (zone eu-1a, node node-1, 10.0.0.10)"],
  ])("is one line", (member, line) => expect(memberLine(member)).toBe(line));

  test("of a change shows what differs", () => {
    const before = member("a", { zone: undefined });
    expect(memberChangeLine({ before, after: { ...before, addresses: ["10.9.9.9"] } })).toBe(
      "a (node node-1, 10.0.0.10 → 10.9.9.9)",
    );
    expect(memberChangeLine({ before, after: { ...before, node: undefined, ready: false } })).toBe(
      "a (node node-1 → none, 10.0.0.10, not ready)",
    );
    expect(memberChangeLine({ before, after: before })).toBe("a (node node-1, 10.0.0.10)");
  });
});

test("members come in groups, the urgent first, and a removed Service's are those of before", () => {
  const all = [member("a"), member("b"), member("c")];
  const change = { removed: true, left: [], replaced: [], before: all, joined: [member("d")] };
  const groups = memberGroups(changeNotice({}, change), 2);
  expect(groups.map(({ word, total, lines, more }) => [word, total, lines.length, more])).toEqual([
    ["Gone with the Service", 3, 2, 1],
    ["Joined", 1, 1, 0],
  ]);
  expect(memberGroups(fireNotice(), 2).map(({ word, total }) => [word, total])).toEqual([["Not ready", 1]]);
});

describe("a rule's own words need not say", () => {
  const note = (notice: Notice): string | undefined =>
    factsOf(notice).find(({ name }) => name === "Note")?.value;

  test.each<[string, Partial<NoticeAlert>]>([
    ["comes and goes: from now on only its calming down is told", { flapping: true }],
    ["told late: it was to be quiet", { late: true }],
    ["worse than was told", { update: "worse" }],
    ["told again", { update: "repeat" }],
    ["does not come and go any more", { update: "calm" }],
    ["it ended while Ringbell was not running", { whileAway: true }],
  ])("%s", (words, differs) => {
    const notice = fireNotice({ title: "Mine", message: "Mine" });
    if (!notice.alert) throw new Error("no alert");
    expect(note(notice)).toBeUndefined();
    expect(note({ ...notice, alert: { ...notice.alert, ...differs } })).toBe(words);
  });

  test("that a guard held a change back, and why members left: Ringbell's own say both", () => {
    const guarded = "fewer than 3 are left";
    const departures = [
      { key: "data/c-2", name: "c-2", reason: "nodeLost" as const, evidence: "node n7 is not heard of" },
    ];
    const own = changeNotice({ message: "Mine" }, { guarded, departures });
    expect(factsOf(own).slice(-2)).toEqual([
      { name: "Why they left", value: "c-2: nodeLost, node n7 is not heard of" },
      { name: "Note", value: `held back by the guard: ${guarded}` },
    ]);
    const said = `Held back by the guard: ${guarded}\nc-2: nodeLost, node n7 is not heard of`;
    const names = factsOf(changeNotice({ message: said }, { guarded, departures })).map(({ name }) => name);
    expect(names).not.toContain("Note");
    expect(names).not.toContain("Why they left");
  });
});
