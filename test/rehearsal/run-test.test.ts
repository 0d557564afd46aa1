import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { formatResult } from "../../src/rehearsal/format-result.ts";
import { runTest, type TestResult } from "../../src/rehearsal/run-test.ts";
import { load, played, RULES } from "./test-files.ts";

const FIXTURES = new URL("../fixtures/recordings/", import.meta.url);

/** Plays one test that is given from its second line on. */
function play(lines: string, files: Readonly<Record<string, string | Uint8Array>> = {}): TestResult {
  const [result] = played(`  - name: a\n${lines.replaceAll(/^/gm, "    ")}\n`, files);
  if (!result) throw new Error("no test");
  return result;
}

/** Plays the only test of a whole file. */
function playFile(text: string, files: Readonly<Record<string, string>>): TestResult {
  const result = load(text, files);
  const [test] = result.ok ? result.file.tests : [];
  if (!result.ok || !test) throw new Error("no test");
  return runTest(result.file.rules, test);
}

function wrong({ comparisons, faults }: TestResult): string[] {
  return [
    ...faults.map(({ place, message }) => `line ${place.line}: ${message}`),
    ...comparisons.filter(({ kind }) => kind !== "asExpected").map(({ kind }) => kind),
  ];
}

describe("runTest()", () => {
  test("passes when exactly what is expected was said", () => {
    const result = play(`timeline: [{ at: 10s, remove: cassandra-2 }]
expect:
  - { at: 10s, rule: quorum, kind: fire }
  - { at: 40s, rule: left, kind: change, change: { left: [cassandra-2] } }`);
    expect([result.passed, wrong(result)]).toEqual([true, []]);
  });

  test.each([
    ["what was said and not expected", "expect: [{ at: 10s, rule: quorum }]", ["unexpected", "unexpected"]],
    [
      "one destination of two that nobody expected",
      "expect: [{ at: 10s, rule: quorum }, { at: 40s, rule: left, destination: hook }]",
      ["unexpected"],
    ],
    [
      "a millisecond",
      "expect: [{ at: 10s1ms, rule: quorum }, { at: 40s, rule: left }]",
      ["differs", "differs"],
    ],
    ["any word where silence was expected", "silent: true", Array(4).fill("unexpected")],
  ])("fails for %s", (_name, expectation, kinds) => {
    const result = play(`timeline: [{ at: 10s, remove: cassandra-2 }]\n${expectation}`);
    expect([result.passed, wrong(result)]).toEqual([false, kinds]);
  });

  test("with `includes` lets others be told", () => {
    const lines =
      "timeline: [{ at: 10s, remove: cassandra-2 }]\nexpect: { includes: [{ at: 10s, rule: quorum }] }";
    expect(play(lines).passed).toBe(true);
    expect(wrong(play(lines.replace("at: 10s, rule", "at: 11s, rule")))).toEqual(["differs", "differs"]);
  });

  test("with names in `silent` looks at these alone, beside what is expected", () => {
    const lines = "timeline: [{ at: 10s, notReady: cassandra-2 }]\n";
    expect(play(`${lines}silent: [left]`).passed).toBe(true);
    expect(wrong(play(`${lines}silent: [pager]`))).toEqual([
      "line 5: not silent: pager heard fire of quorum at 10s",
    ]);
    expect(wrong(play(`${lines}silent: [pager]\nexpect: [{ at: 10s, destination: hook }]`))).toEqual([
      "line 5: not silent: pager heard fire of quorum at 10s",
      "unexpected",
    ]);
  });

  test("holds a checkpoint against all that was said since the step before", () => {
    const timeline = (checkpoint: string): string => `timeline:
  - { at: 10s, remove: cassandra-2 }
  - { at: 20s, restart: true }
  - { at: ${checkpoint}, silent: true }
expect: { includes: [{ at: 10s, rule: quorum }] }`;
    expect(wrong(play(timeline("39s999ms")))).toEqual([]);
    expect(wrong(play(timeline("40s")))).toEqual([
      "line 9: not silent up to 40s: hook heard change of left at 40s",
      "line 9: not silent up to 40s: pager heard change of left at 40s",
    ]);
  });

  test("has Ringbell watch for a day before, unless it is to start with the test", () => {
    const lines = "timeline: [{ at: 0s, remove: cassandra-2 }]\n";
    expect(wrong(play(`${lines}expect: [{ at: 0s, rule: quorum }, { at: 30s, rule: left }]`))).toEqual([]);
    // The first settled state is the baseline: it has never seen the Pod settled.
    expect(wrong(play(`${lines}freshStart: true\nexpect: [{ at: 0s, rule: quorum }]`))).toEqual([]);
  });

  test("says so when the rings speak before the test begins", () => {
    const result = play("rings: { data/cassandra: { members: 2 } }\nsilent: true");
    expect(formatResult(result, 1, false)).toContain(
      '+ -1d  hook   fire quorum data/cassandra "quorum fires for data/cassandra"  unexpected: the rings speak before the test begins',
    );
  });

  test("leaves out what rules say of Services that the test does not name", () => {
    const rings = "rings: { data/kafka: { members: 1 } }\nfor: 1m\nsilent: true";
    const rules = RULES.replaceAll("service: cassandra }", 'service: [cassandra, kafka, "k*"] }').replace(
      "readyBelow: 3",
      "noneReady: true",
    );
    const [text, files] = [
      `rules: ../rules.yaml\ntests:\n  - name: a\n${rings.replaceAll(/^/gm, "    ")}\n`,
      { "rules.yaml": rules },
    ];
    expect(wrong(playFile(text, files))).toEqual([]);
    expect(
      wrong(playFile(text.replace("kafka: { members: 1 }", "kafka: { members: 1, absent: true }"), files)),
    ).toEqual(["unexpected", "unexpected"]);
  });

  test("takes the words of a step for one write, but not over a restart", () => {
    const timeline = (step: string): string => `timeline: [{ at: 10s, ${step} }]\n`;
    expect(wrong(play(`${timeline("remove: cassandra-2, add: cassandra-3")}for: 5s\nsilent: true`))).toEqual(
      [],
    );
    const away = play(`${timeline("remove: cassandra-2, restart: { down: 5m }")}expect:
  - { at: 10s, rule: quorum }
  - { at: 5m10s, rule: left, change: { whileAway: false } }`);
    expect(wrong(away)).toEqual([]);
  });

  test("goes through the whole day before, though nothing happens in the test", () => {
    const rules = RULES.replace("readyBelow: 3 }", "readyBelow: 9 }, for: 2h");
    expect(wrong(play("silent: true", { "rules.yaml": rules }))).toEqual(["unexpected", "unexpected"]);
  });

  test("ends an hour after its last step when something is due for ever", () => {
    const rules = RULES.replace("readyBelow: 3 }", "readyBelow: 3 }, repeat: 10m");
    const result = play("timeline: [{ at: 1s, notReady: cassandra-0 }]\nsilent: true", {
      "rules.yaml": rules,
    });
    expect(wrong(result)).toHaveLength(14);
  });

  test("ends when nothing is due, or as long after the last step as it says", () => {
    const lines = (end: string): string =>
      `timeline: [{ at: 10s, remove: cassandra-2, add: cassandra-3 }]\n${end}`;
    expect(wrong(play(lines("expect: [{ at: 40s, rule: left }]")))).toEqual([]);
    expect(wrong(play(lines("for: 30s\nexpect: [{ at: 40s, rule: left }]")))).toEqual([]);
    expect(wrong(play(lines("for: 29s999ms\nsilent: true")))).toEqual([]);
  });

  test("lets what falls due in a millisecond come before what happens in it", () => {
    const lines = (back: string): string =>
      `timeline: [{ at: 10s, remove: cassandra-2, add: cassandra-3 }, { at: ${back}, add: cassandra-2 }]\n`;
    expect(wrong(play(`${lines("39s999ms")}silent: true`))).toEqual([]);
    expect(wrong(play(`${lines("40s")}expect: [{ at: 40s, rule: left }]`))).toEqual([]);
  });

  test("counts times from the moment that it is said to begin at", () => {
    const result = play(`startAt: 2026-03-29T00:59:59Z
timeline: [{ at: 1s, notReady: cassandra-2 }]
expect: [{ at: 1s, rule: quorum, time: "2026-03-29T01:00:00.000Z", alert: { since: { at: 1s } } }]`);
    expect(wrong(result)).toEqual([]);
  });

  test.each([
    [
      "{ at: 1s, remove: cassandra-7 }",
      "Cannot remove cassandra-7: ring data/cassandra has no such member now, it has cassandra-0, cassandra-1, cassandra-2",
    ],
    ["{ at: 1s, nodeDown: node-9 }", "Cannot find node node-9: Pods are in node-0, node-1, node-2"],
    ["{ at: 1s, zoneDown: a }", "Cannot find zone a: Pods are in no zone"],
    [
      "{ at: 1s, crashLoop: { member: x, every: 1m, times: 1 } }",
      "Cannot crash x: ring data/cassandra has no such member now, it has cassandra-0, cassandra-1, cassandra-2",
    ],
    [
      "{ at: 1s, silence: { rule: left, for: 1m }, unsilence: { rule: left, namespace: data } }",
      "Cannot end a silence: Ringbell is not running, or none was made with just this",
    ],
    [
      "{ at: 1s, restart: { down: 1m }, unsilence: true }",
      "Cannot end a silence: Ringbell is not running, or none was made with just this",
    ],
  ])("fails at a step that cannot be: %s", (step, message) => {
    expect(wrong(play(`timeline:\n  - ${step}\nsilent: true`))).toEqual([`line 7: ${message}`]);
  });

  test("ends the silences that were made with just the same, or all", () => {
    const lines = (asked: string, expectation: string): string => `timeline:
  - { at: 1s, silence: { rule: quorum, for: 1h } }
  - { at: 2s, silence: { rule: quorum, namespace: data, for: 1h } }
  - { at: 3s, notReady: cassandra-0 }
  - { at: 4s, unsilence: ${asked} }
for: 1m
${expectation}`;
    expect(wrong(play(lines("{ rule: quorum }", "silent: true")))).toEqual([]);
    expect(wrong(play(lines("true", "expect: [{ at: 4s, rule: quorum, kind: fire }]")))).toEqual([]);
  });

  test("takes a zone down in all rings, unless one is named", () => {
    const rings = `rings:
  data/cassandra: { members: 3, zones: [a, b, c] }
  shop/api: { members: 3, zones: [a, b, c] }`;
    const lines = (ring: string): string => `${rings}\ntimeline: [{ at: 1s, zoneDown: a${ring} }]\nfor: 1m\n`;
    expect(wrong(play(`${lines("")}expect: [{ at: 1s, rule: quorum, kind: fire }]`))).toEqual([]);
    expect(wrong(play(`${lines(", ring: shop/api")}silent: true`))).toEqual([]);
  });

  test("tells of a large ring, in several slices, when they have been quiet", () => {
    const result = play(`rings: { data/cassandra: { members: 250 } }
timeline: [{ at: 1s, scale: 120 }]
expect: [{ at: 31s100ms, within: 100ms, rule: left, change: { removed: false } }]`);
    expect(wrong(result)).toEqual([]);
  });

  test("plays a recording of a real API server, which begins as it began", () => {
    const [body, meta] = ["jsonl", "meta.json"].map((end) =>
      readFileSync(new URL(`scale-down-5-3.endpointslices.${end}`, FIXTURES)),
    );
    const { namespace, name } = serviceOf(String(body));
    const files = {
      "tests/r.jsonl": body ?? "",
      "tests/r.meta.json": meta ?? "",
      "rules.yaml": `version: 1
destinations: { hook: { webhook: { url: "http://x/" } } }
rules: [{ name: left, ring: { namespace: ${namespace}, service: ${name} }, on: [left], settle: 30s, notify: [hook] }]
`,
    };
    const result = play(
      `timeline: [{ at: 1m, recording: r.jsonl }]
expect: [{ at: 1m31s704ms, change: { left: [${name}-3], after: [${name}-0, ${name}-1, ${name}-2] } }]`,
      files,
    );
    expect(wrong(result)).toEqual([]);
  });
});

describe("formatResult()", () => {
  test("is one line for a test that passed", () => {
    expect(formatResult(play("silent: true"), 3.4, false)).toBe("  ✓ a (3 ms)\n");
  });

  test("shows on a timeline what is missing, unexpected and different", async () => {
    const result = play(`timeline:
  - { at: 10s, remove: cassandra-2 }
  - { at: 60s, add: cassandra-2 }
  - { at: 80s, notReady: [cassandra-1, cassandra-2] }
  - { at: 90s, silent: true }
  - { at: 100s, silent: [left] }
expect:
  - at: 41s
    rule: left
    destination: hook
    change: { left: [cassandra-1], joined: [] }
    request: { method: POST, body: { rule: right } }
  - { at: 10s, rule: quorum, kind: fire, destination: hook, title: { matches: ^data/cass } }
  - { at: 60s, within: 5s, rule: quorum, kind: resolve }
  - { at: 80s, rule: quorum, kind: resolve, destination: hook }
  - { at: 90s, rule: quorum, kind: resolve, destination: pager, severity: critical, alert: { episode: 2 } }`);
    await expect(formatResult(result, 12, false)).toMatchFileSnapshot("golden/timeline.golden");
  });

  test("colours only when asked to", () => {
    const result = play("expect: [{ at: 1s, rule: left }]");
    expect(formatResult(result, 1, false)).not.toContain("\u001B[");
    expect(formatResult(result, 1, true)).toContain("\u001B[31m");
  });
});

/** The Service of a recording's first Pod. */
function serviceOf(body: string): { readonly namespace: string; readonly name: string } {
  const metadata = body
    .split("\n")
    .filter((line) => line.includes('"targetRef"'))
    .map(
      (line) =>
        (JSON.parse(line) as { object: { metadata: { namespace: string; labels: Record<string, string> } } })
          .object.metadata,
    );
  return {
    namespace: metadata[0]?.namespace ?? "",
    name: metadata[0]?.labels["kubernetes.io/service-name"] ?? "",
  };
}
