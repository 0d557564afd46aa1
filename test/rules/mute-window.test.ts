import { describe, expect, test } from "vitest";
import { loadRules } from "../../src/rules/load-rules.ts";
import type { LoadResult } from "../../src/rules/load-rules.ts";
import { TEST_KINDS } from "../support/test-kinds.ts";

/** A rules file with these lines below `muteWindows`, this beside the kind of destination a, and this in its rule. */
function load(windows: string, { destination = "", rule = "", defaults = "" } = {}): LoadResult {
  const text = `version: 1
destinations: { a: { slack: { webhookUrl: { env: A } }${destination} } }
${windows === "" ? "" : `muteWindows:\n${windows.replaceAll(/^/gm, "  ")}\n`}${defaults}
rules: [{ name: r, ring: { namespace: data }, on: [left], notify: [a]${rule} }]
`;
  return loadRules(text, "rules.yaml", TEST_KINDS);
}

function said(result: LoadResult): string[] {
  const problems = result.ok ? result.warnings : result.problems;
  return problems.map(({ severity, message, hint }) => `${severity}: ${message}${hint ? ` (${hint})` : ""}`);
}

const NIGHTS = 'nights: { timeZone: Europe/Berlin, days: mon-fri, from: "22:00", to: "06:00" }';

describe("a mute window that is wrong is told with what would be right", () => {
  test.each([
    [
      "timeZone: Europe/Berln, days: mon",
      '"timeZone" must be an IANA time zone such as Europe/Berlin or UTC, not "Europe/Berln": did you mean "Europe/Berlin"?',
    ],
    [
      "timeZone: new york, days: mon",
      '"timeZone" must be an IANA time zone such as Europe/Berlin or UTC, not "new york": did you mean "America/New_York"?',
    ],
    [
      'timeZone: "+01:00", days: mon',
      '"timeZone" must be an IANA time zone such as Europe/Berlin or UTC, not "+01:00"',
    ],
    ["days: mon", 'missing key "timeZone"'],
    ["timeZone: UTC, days: monday", '"days" must be days such as [mon, wed] or mon-fri, not "monday"'],
    ['timeZone: UTC, from: "24:00", to: "06:00"', '"from" must be a time of day such as 22:00, not "24:00"'],
    ['timeZone: UTC, from: "22:00"', '"nights" must have a "to" beside its "from"'],
    ['timeZone: UTC, to: "22:00"', '"nights" must have a "from" beside its "to"'],
    [
      'timeZone: UTC, from: "6:00", to: "06:00"',
      '"to" must differ from "from"; for whole days leave both out',
    ],
    ["timeZone: UTC", '"nights" must hold "days", "from" and "to", or "start" and "end"'],
    ["timeZone: UTC, start: 2026-12-01T20:00", '"nights" must have an "end" beside its "start"'],
    ["timeZone: UTC, end: 2026-12-01T20:00", '"nights" must have a "start" beside its "end"'],
    ["timeZone: UTC, start: 2026-02-29T20:00, end: 2026-12-01T20:00", "there is no such day or time"],
    [
      "timeZone: UTC, start: 2026-12-01T20:00Z, end: 2026-12-01T21:00",
      "by the clocks of the time zone, such as 2026-12-01T20:00, not",
    ],
    ["timeZone: UTC, start: 2026-12-01T20:00, end: 2026-12-01T20:00", '"end" must be later than "start"'],
    [
      "timeZone: UTC, start: 2026-12-01T20:00, end: 2026-12-01T21:00, days: mon",
      '"days": does not go with "start" and "end"',
    ],
    [
      "timeZone: Mars, start: 2026-12-01T20:00, end: 2026-12-01T21:00",
      '"timeZone" must be an IANA time zone',
    ],
    ["timeZone: UTC, until: 5", 'unknown key "until"'],
  ])("%s", (span, message) => {
    expect(said(load(`nights: { ${span} }`, { rule: ", mute: [nights]" })).join("\n")).toContain(message);
  });

  test("each span of a list for itself", () => {
    const windows = "nights:\n  - { timeZone: UTC, days: mon }\n  - { timeZone: Mars, days: mon }";
    expect(said(load(windows, { rule: ", mute: [nights]" }))).toEqual([
      'error: "timeZone" must be an IANA time zone such as Europe/Berlin or UTC, not "Mars"',
    ]);
  });
});

describe("names of mute windows", () => {
  test("are known to rules, defaults and destinations", () => {
    for (const use of [
      { rule: ", mute: [nights]" },
      { destination: ", mute: [nights]" },
      { defaults: "defaults: { mute: [nights] }" },
    ]) {
      const result = load(NIGHTS, use);
      expect(said(result)).toEqual([]);
      expect(result.ok && [...result.file.muteWindows.keys()]).toEqual(["nights"]);
    }
    const result = load(NIGHTS, { destination: ", mute: [nights]" });
    expect(result.ok && result.file.destinations.get("a")?.mute).toEqual(["nights"]);
  });

  test("that no window has are errors, with the nearest one, and hide no misspelt window as unused", () => {
    for (const use of [
      { rule: ", mute: [nihgts]" },
      { destination: ", mute: [nihgts]" },
      { defaults: "defaults: { mute: [nihgts] }" },
    ]) {
      expect(said(load(NIGHTS, use))).toEqual([
        'error: unknown mute window "nihgts", did you mean "nights"?',
      ]);
    }
    expect(said(load("", { rule: ", mute: [weekend]" }))).toEqual([
      'error: unknown mute window "weekend" (mute windows in this file: none; they stand below muteWindows)',
    ]);
  });

  test("that stand twice are errors", () => {
    expect(said(load(NIGHTS, { rule: ", mute: [nights, nights]" }))).toEqual([
      'error: mute window "nights" stands twice in this list',
    ]);
  });

  test("that nobody uses are warned about", () => {
    expect(said(load(NIGHTS))).toEqual(['warning: no rule and no destination names mute window "nights"']);
  });
});

describe("the group of a destination", () => {
  const group = (text: string): LoadResult => load("", { destination: `, group: ${text}` });

  test("has half a minute and five minutes where it says nothing", () => {
    const result = group("{ by: [node, namespace] }");
    expect(result.ok && result.file.destinations.get("a")?.group).toEqual({
      by: ["namespace", "node"],
      waitMs: 30_000,
      intervalMs: 300_000,
    });
    const own = group("{ by: [], wait: 0s, interval: 1m }");
    expect(own.ok && own.file.destinations.get("a")?.group).toEqual({
      by: [],
      waitMs: 0,
      intervalMs: 60_000,
    });
    const none = load("");
    expect(none.ok && none.file.destinations.get("a")?.group).toBeUndefined();
  });

  test.each([
    ["[node]", '"group" must be a map such as { by: [node], wait: 30s, interval: 5m }, not a list'],
    ["{ wait: 5s }", 'missing key "by"'],
    ["{ by: node }", '"by" must be a list of namespace, service, rule, zone, node, severity'],
    [
      "{ by: [nod] }",
      '"by[0]" must be one of namespace, service, rule, zone, node, severity, did you mean "node"?',
    ],
    ["{ by: [node, node] }", '"by": holds a word twice'],
    ["{ by: [node], wait: 2h }", '"wait" must be at most 1h'],
    ["{ by: [node], interval: 0s }", '"interval" must be at least 1s'],
    ["{ by: [node], waits: 1s }", 'unknown key "waits", did you mean "wait"?'],
  ])("%s is an error", (text, message) => {
    expect(said(group(text))).toEqual([`error: ${message}`]);
  });

  test("goes beside the kind only", () => {
    const text = `version: 1
destinations: { a: { slack: { webhookUrl: { env: A }, group: { by: [node] } } } }
rules: [{ name: r, ring: { namespace: data }, on: [left], notify: [a] }]
`;
    expect(said(loadRules(text, "rules.yaml", TEST_KINDS)).join()).toContain('unknown key "group"');
  });
});
