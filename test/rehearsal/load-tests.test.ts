import { describe, expect, test } from "vitest";
import { STEP_WORDS } from "../../src/rehearsal/step-words.ts";
import { formatProblems } from "../../src/rules/format-problems.ts";
import { load, loaded, RULES } from "./test-files.ts";

function said(text: string, files: Readonly<Record<string, string>> = {}): string {
  const result = load(text, files);
  return result.ok ? "" : formatProblems(result.problems, false);
}

/** What is wrong with it, without the frames. */
function heads(text: string, files: Readonly<Record<string, string>> = {}): string[] {
  const result = load(text, files);
  return result.ok
    ? []
    : result.problems.map(({ path, line, column, message }) => `${path}:${line}:${column} ${message}`);
}

describe("loadTests()", () => {
  test("builds a test with all that may be left out", () => {
    const [built] = loaded("  - { name: a, silent: true }").tests;
    expect(built).toMatchObject({
      name: "a",
      startMs: Date.UTC(2026, 0, 1),
      freshStart: false,
      steps: [],
      forMs: undefined,
      expected: [],
      mayHoldMore: false,
      silent: true,
    });
    expect(built?.rings).toMatchObject([
      { namespace: "data", service: "cassandra", pods: [{ name: "cassandra-0" }, {}, {}], absent: false },
    ]);
  });

  test("expects a notice from all whom its rule tells, unless it names them", () => {
    const [one] = loaded(`
  - name: a
    expect:
      - { at: 1s, rule: left }
      - { at: 2s, destination: pager }
      - { at: 3s, rule: ringbell/blind }`).tests;
    expect(one?.expected.map(({ atMs, destination }) => [atMs, destination])).toEqual([
      [1_000, "hook"],
      [1_000, "pager"],
      [2_000, "pager"],
      [3_000, "hook"],
    ]);
  });

  test("keeps the words of a step in the order of the file", () => {
    const [one] = loaded(`
  - name: a
    timeline: [{ at: 1s, ready: cassandra-1, add: cassandra-3, ring: data/cassandra }]
    silent: true`).tests;
    expect(one?.steps[0]?.acts.map(({ word }) => word)).toEqual(["ready", "add"]);
    expect(one?.steps[0]?.text).toBe("ready: cassandra-1, add: cassandra-3, ring: data/cassandra");
  });

  test("lets a test's own rings stand in for those of the file", () => {
    const [one] = loaded(`
  - name: a
    rings: { data/cassandra: { members: [{ name: x, zone: a, ready: false }, y] }, shop/api: { members: 1 } }
    silent: true`).tests;
    expect(one?.rings.map(({ namespace, pods }) => [namespace, pods])).toEqual([
      ["data", [{ name: "x", zone: "a", ready: false }, { name: "y" }]],
      ["shop", [{ name: "api-0" }]],
    ]);
  });

  test("takes a test's begin in any time zone", () => {
    const [one] = loaded('  - { name: a, silent: true, startAt: "2026-03-29T01:30:00+01:00" }').tests;
    expect(one?.startMs).toBe(Date.UTC(2026, 2, 29, 0, 30));
  });

  test("reads rules that stand within, and gives their places in the whole file", () => {
    const within = (on: string): string => `rules:
  version: 1
  destinations: { hook: { webhook: { url: "http://x/" } } }
  rules:
    - { name: left, ring: { namespace: data }, on: [${on}], notify: [hook] }
tests:
  - { name: a, silent: true }
`;
    expect(load(within("left")).ok).toBe(true);
    expect(heads(within("lefft"))).toEqual([
      expect.stringMatching(/^tests\/a\.test\.yaml:5:53 "on\[0\]" must be one of .* did you mean "left"\?$/),
    ]);
    const flow = `rules: { version: 1, destinations: {}, rules: [] }\ntests: [{ name: a, silent: true }]\n`;
    expect(heads(flow)).toEqual([expect.stringMatching(/^tests\/a\.test\.yaml:1:47 .*at least one rule/)]);
  });

  test("never shows a secret that stands in rules within, whatever else is wrong", () => {
    const text = `rules:
  version: 1
  destinations: { a: { slack: { webhookUrl: "https://hooks.slack.com/services/T0/B0/geheim" } } }
testz: []
`;
    expect(said(text)).toContain('unknown key "testz"');
    expect(said(text)).not.toContain("geheim");
  });

  describe("rules that a step goes over to", () => {
    const reload = (rules: string, expectation: string): string => `rules: ../rules.yaml
rings: { data/cassandra: { members: 3 } }
tests:
  - name: a
    timeline:
      - { at: 1m, reload: ${rules} }
    expect: [${expectation}]
`;
    const other = (on: string): string =>
      `{ version: 1, destinations: { new: { webhook: { url: "http://n/" } } }, rules: [{ name: later, ring: { namespace: data }, on: [${on}], notify: [new] }] }`;

    test("are read, and their names may be expected beside those of before", () => {
      const expectations = "{ at: 2m, rule: later }, { at: 2m, destination: new }, { at: 2m, rule: quorum }";
      for (const files of [{}, { "tests/later.yaml": other("left") }]) {
        const named = "tests/later.yaml" in files ? "later.yaml" : other("left");
        const result = load(reload(named, expectations), files);
        const [one] = result.ok ? result.file.tests : [];
        expect(one?.expected.map(({ destination }) => destination)).toEqual(["new", "new", "hook", "pager"]);
        expect(one?.laterRules?.map(({ rules }) => rules.map(({ name }) => name))).toEqual([["later"]]);
      }
    });

    test("are checked, with their places in the whole file, and then no name is said to be wrong", () => {
      expect(heads(reload(other("lefft"), "{ at: 2m, rule: whatever }"))).toEqual([
        expect.stringMatching(
          /^tests\/a\.test\.yaml:6:\d+ "rules\[0\]\.on\[0\]" must be one of|^tests.*"on\[0\]"/,
        ),
      ]);
      expect(heads(reload("none.yaml", "{ at: 2m, rule: quorum }"))).toEqual([
        "tests/a.test.yaml:6:27 cannot read the rules file none.yaml: there is no such file",
      ]);
      expect(heads(reload(other("left"), "{ at: 2m, rule: whatever }"))).toEqual([
        expect.stringContaining('no rule "whatever"'),
      ]);
    });

    test("show no secret either", () => {
      const bad =
        '{ version: 1, destinations: { a: { slack: { webhookUrl: "https://hooks.slack.com/services/T0/B0/geheim" } } } }';
      expect(said(reload(bad, "{ at: 2m, rule: quorum }"))).toContain("webhookUrl");
      expect(said(reload(bad, "{ at: 2m, rule: quorum }"))).not.toContain("geheim");
    });
  });

  test("lets notices of groups be expected by their name", () => {
    expect(
      heads(
        "rules: ../rules.yaml\ntests:\n  - { name: a, expect: [{ at: 1s, destination: hook, rule: group/node=x }] }\n",
      ),
    ).toEqual([]);
  });

  test("tells what is wrong in the rules file by that file's own path", () => {
    const text = "rules: ../rules.yaml\ntests: [{ name: a, silent: true }]\n";
    expect(heads(text, { "rules.yaml": RULES.replace("on: [left]", "on: [lefft]") })).toEqual([
      expect.stringMatching(/^rules\.yaml:8:/),
    ]);
  });

  test("says which file it cannot read", () => {
    expect(heads("rules: ../none.yaml\ntests: [{ name: a, silent: true }]\n")).toEqual([
      "tests/a.test.yaml:1:8 cannot read the rules file ../none.yaml: there is no such file",
    ]);
  });

  test.each([
    ["", "tests/a.test.yaml:1:1 the file must be a map, and is empty"],
    ["[]", "tests/a.test.yaml:1:1 the file must be a map, not a list"],
    ["a: [", "tests/a.test.yaml:1:4 "],
  ])("says of %j what it is not", (text, head) => {
    expect(heads(text)[0]).toContain(head);
  });

  test("refuses a file that nobody wrote by hand", () => {
    expect(heads(`#${"x".repeat(1024 * 1024)}`)).toEqual([expect.stringContaining("larger than 1 MiB")]);
  });

  test("tells everything that is wrong with the parts at once", async () => {
    const text = `rules: ../rules.yaml
ring: {}
rings:
  data/cassandra: { members: three }
  kafka: { membrs: 3 }
tests:
  - name: times and words
    startAt: yesterday
    timeline:
      - { at: 10, remove: cassandra-2 }
      - { at: 5s, delete: cassandra-2, scale: many, restart: { for: 5m } }
    expect:
      - { at: 41s, rule: left, kind: fired }
  - nam: b
    expect: left
    silent: [3]
`;
    await expect(said(text)).toMatchFileSnapshot("golden/parts.golden");
  });

  test("tells everything that is wrong between the parts at once", async () => {
    const text = `rules: ../rules.yaml
rings:
  data/cassandra: { members: 3 }
  data/kafka: { members: 3 }
tests:
  - name: a
    timeline:
      - { at: 10s, remove: cassandra-2 }
      - { at: 5s, ring: data/casandra, add: cassandra-2 }
      - { at: 20s }
      - { at: 20s, destinationDown: { name: hok, for: 5m } }
      - { at: 20s, recording: none.jsonl }
    expect:
      - { at: 41s, rule: lef, destination: hok }
      - { at: 41s, kind: fire, title: { matches: "(" }, alert: { since: { at: 5 } } }
    silent: [nobody]
  - name: a
  - name: both
    expect: { includes: [{ at: 1s, rule: left, change: { left: [{ key: { matches: "[" } }] } }] }
    silent: true
`;
    await expect(said(text)).toMatchFileSnapshot("golden/between.golden");
  });
});

test("every word of a step has its own schema's words for what it does not take", () => {
  for (const word of Object.keys(STEP_WORDS)) {
    const text = `rules: ../rules.yaml\nrings: { data/c: { members: 1 } }\ntests: [{ name: a, silent: true, timeline: [{ at: 0s, ${word}: -1.5 }] }]\n`;
    expect(heads(text), word).toEqual([expect.stringMatching(/^tests\/a\.test\.yaml:3:\d+ "\w+" must be /)]);
  }
});
