import { describe, expect, test } from "vitest";
import { planWatches } from "../../src/cluster/watch-plan.ts";
import type { Endpoint } from "../../src/cluster/slice.ts";
import { readHistory, type History } from "../../src/rehearsal/recorded-history.ts";
import { Recorder } from "../../src/rehearsal/recorder.ts";
import type { RecordedEvent } from "../../src/rehearsal/recording-format.ts";
import { replay } from "../../src/rehearsal/replay.ts";
import { destinationKinds } from "../../src/destinations/registry.ts";
import { formatProblems } from "../../src/rules/format-problems.ts";
import { loadRules } from "../../src/rules/load-rules.ts";
import { rulesFile } from "../support/rules-file.ts";
import { endpoint, slice } from "../support/slices.ts";

const START_MS = Date.UTC(2026, 0, 1);
const QUORUM = `
  - name: quorum
    ring: { namespace: data, service: cassandra }
    when: { readyBelow: 2 }
    for: 30s
`;
const LEFT = `
  - name: left
    ring: { namespace: data, service: cassandra }
    on: [left]
    settle: 30s
`;

const ring = (...endpoints: Endpoint[]): RecordedEvent => ({ kind: "changed", slice: slice("a", endpoints) });
const ready = (...names: string[]): RecordedEvent => ring(...names.map((name) => endpoint(name)));

/** A history in which data/cassandra has two ready members at first; `later` by seconds. */
function history(later: Readonly<Record<number, RecordedEvent>>, endSeconds: number): History {
  const lines: string[] = [];
  const recorder = new Recorder({
    version: "test",
    startedAtMs: START_MS,
    scopes: planWatches([{ source: "endpointslices", namespace: "data", service: "cassandra" }]),
    write: (line) => void lines.push(line),
  });
  const slices = [slice("a", [endpoint("c-0"), endpoint("c-1")])];
  recorder.event(0, { kind: "listed", slices }, START_MS);
  for (const [seconds, event] of Object.entries(later))
    recorder.event(0, event, START_MS + Number(seconds) * 1_000);
  recorder.end(START_MS + endSeconds * 1_000);
  return readHistory("r.jsonl", () => Buffer.from(lines.join("")));
}

const seconds = (ms: number): number => (ms - START_MS) / 1_000;
const sentOf = (rules: string, past: History) =>
  replay(rulesFile(rules), past).sent.map(({ atMs, notice, to }) => [
    seconds(atMs),
    notice.kind,
    notice.rule,
    to,
  ]);
const heldOf = (rules: string, past: History) =>
  replay(rulesFile(rules), past).heldBack.map(({ atMs, sinceMs, rule, why }) => [
    seconds(sinceMs),
    seconds(atMs),
    rule,
    why,
  ]);

describe("a replay", () => {
  test("says what would have been sent, when, and to whom", () => {
    const past = history({ 100: ready("c-0"), 200: ready("c-0", "c-1") }, 300);
    expect(sentOf(QUORUM, past)).toEqual([
      [130, "fire", "quorum", ["hook"]],
      [200, "resolve", "quorum", ["hook"]],
    ]);
    expect(heldOf(QUORUM, past)).toEqual([]);
    expect(sentOf(LEFT, past)).toEqual([[130, "change", "left", ["hook"]]]);
    // That it came back is nothing to this rule.
    expect(heldOf(LEFT, past)).toEqual([[200, 230, "left", "the rule does not tell of this: c-1"]]);
  });

  test("names each notice once, with all who would have got it", () => {
    const text = `version: 1
destinations: { one: { webhook: { url: "http://127.0.0.1:9/" } }, two: { webhook: { url: "http://127.0.0.1:9/" } } }
defaults: { notify: [one, two] }
rules: ${QUORUM}`;
    const loaded = loadRules(text, "rules.yaml", destinationKinds);
    const sent = loaded.ok ? replay(loaded.file, history({ 10: ready("c-0") }, 60)).sent : [];
    expect(sent.map(({ to }) => to)).toEqual([["one", "two"]]);
  });

  test("tells once of a hold that went on with other members", () => {
    const rules = QUORUM.replace("readyBelow: 2", "noneReady: true").replace(
      "for:",
      "each: member\n    for:",
    );
    const down = (...names: string[]): RecordedEvent =>
      ring(...["c-0", "c-1"].map((name) => endpoint(name, { serving: !names.includes(name) })));
    const past = history({ 100: down("c-1"), 105: down("c-0", "c-1"), 110: down("c-0"), 115: down() }, 300);
    expect(heldOf(rules, past)).toEqual([[105, 115, "quorum", "held for 10s, and for is 30s"]]);
  });

  test("tells of a hold that ended before `for`", () => {
    const past = history({ 100: ready("c-0"), 129: ready("c-0", "c-1") }, 300);
    expect(sentOf(QUORUM, past)).toEqual([]);
    expect(heldOf(QUORUM, past)).toEqual([[100, 129, "quorum", "held for 29s, and for is 30s"]]);
  });

  test("tells of a member that came back before the settle time", () => {
    const past = history({ 100: ready("c-0"), 120: ready("c-0", "c-1") }, 300);
    expect(sentOf(LEFT, past)).toEqual([]);
    expect(heldOf(LEFT, past)).toEqual([[100, 120, "left", "settled back after 20s: c-1"]]);
  });

  test("tells of a change that the rule does not ask for", () => {
    const past = history({ 100: ready("c-0", "c-1", "c-2") }, 300);
    expect(sentOf(LEFT, past)).toEqual([]);
    expect(heldOf(LEFT, past)).toEqual([[100, 130, "left", "the rule does not tell of this: c-2"]]);
  });

  test("tells of a Service that was gone for a moment", () => {
    const past = history({ 100: { kind: "deleted", key: "data/a" }, 110: ready("c-0", "c-1") }, 300);
    expect(heldOf(LEFT, past)).toContainEqual([100, 110, "left", "the Service was gone for 10s only"]);
  });

  test("says where each rule stands at the end", () => {
    const standing = (past: History) =>
      replay(rulesFile(QUORUM + LEFT), past).standings.map(({ rule, phase, sinceMs, next }) => [
        rule,
        phase,
        sinceMs === undefined ? undefined : seconds(sinceMs),
        next && [next.what, seconds(next.atMs)],
      ]);
    expect(standing(history({ 100: ready("c-0") }, 110))).toEqual([
      ["quorum", "pending", 100, ["fire", 130]],
      ["left", "settling", 100, ["report", 130]],
    ]);
    expect(standing(history({ 100: ready("c-0") }, 200))).toEqual([
      ["quorum", "firing", 100, undefined],
      ["left", "settled", undefined, undefined],
    ]);
  });

  test("decides nothing while the API server was silent", () => {
    const blind: RecordedEvent = { kind: "blind", sinceMs: 105_000 };
    const listed: RecordedEvent = {
      kind: "listed",
      slices: [slice("a", [endpoint("c-0"), endpoint("c-1")])],
    };
    const past = history({ 100: ready("c-0"), 165: blind, 400: listed }, 500);
    const during = replay(rulesFile(QUORUM.replace("30s", "2m")), past);
    expect(during.sent).toEqual([]);
  });

  test("warns of rules about what was not recorded", () => {
    const other = QUORUM.replace("cassandra", "kafka");
    expect(replay(rulesFile(other), history({}, 10)).warnings).toEqual([
      "endpointslices:data/kafka was not recorded: rules about it see no ring there",
    ]);
    expect(replay(rulesFile(QUORUM), history({}, 10)).warnings).toEqual([]);
    expect(
      replay(rulesFile(QUORUM.replace("service: cassandra", "")), history({}, 10)).warnings,
    ).toHaveLength(1);
  });
});

describe("a replay says why nobody was told", () => {
  const NIGHT = `muteWindows: { night: { timeZone: UTC, from: "00:00", to: "00:05" } }\n`;
  const DOWN =
    "  - { name: quorum, ring: { namespace: data, service: cassandra }, when: { readyBelow: 2 } }\n";
  // Away for a minute in the night, and from its middle until after it.
  const past = history({ 60: ready("c-0"), 120: ready("c-0", "c-1"), 200: ready("c-0") }, 290);

  function held(rules: string, options: { readonly top?: string; readonly hook?: string } = {}, from = past) {
    const { top = "", hook = "" } = options;
    const text = `version: 1
${top}destinations: { hook: { webhook: { url: "http://127.0.0.1:9/" }${hook} } }
defaults: { notify: [hook] }
rules:
${rules}`;
    const loaded = loadRules(text, "rules.yaml", destinationKinds);
    if (!loaded.ok) throw new Error(formatProblems(loaded.problems, false));
    return replay(loaded.file, from).heldBack.map(({ atMs, rule, why }) => [seconds(atMs), rule, why]);
  }

  const muted = "muted by night until 2026-01-01T00:05:00.000Z";
  const alerts = [
    [60, "quorum", `hook is not told now: ${muted}`],
    [120, "quorum", "resolved before hook heard of it"],
    [200, "quorum", `hook is not told now: ${muted}`],
  ];

  test("by the mute window of the rule", () => {
    expect(held(DOWN.replace(" }\n", ", mute: [night] }\n"), { top: NIGHT })).toEqual(alerts);
  });

  test("by the mute window of the destination", () => {
    expect(held(DOWN, { top: NIGHT, hook: ", mute: [night]" })).toEqual(alerts);
  });

  test("by the label of the Service", () => {
    const silent = (...names: string[]): RecordedEvent => ({
      kind: "changed",
      slice: slice(
        "a",
        names.map((name) => endpoint(name)),
        { serviceLabels: { "ringbell.dev/silenced-until": "2026-01-01T00.05.00Z" } },
      ),
    });
    const labelled = history({ 30: silent("c-0", "c-1"), 60: silent("c-0"), 120: silent("c-0", "c-1") }, 290);
    const why = "silenced by the label ringbell.dev/silenced-until until 2026-01-01T00:05:00.000Z";
    expect(held(DOWN, {}, labelled)).toEqual([
      [60, "quorum", `hook is not told now: ${why}`],
      [120, "quorum", "resolved before hook heard of it"],
    ]);
  });

  test("by the rule that speaks for it", () => {
    const fewer = `  - { name: fewer, ring: { namespace: data }, when: { membersBelow: 2 }, suppressedBy: [quorum] }\n`;
    expect(held(DOWN + fewer)).toEqual([
      [60, "fewer", "hook is not told now: quorum speaks for it"],
      [120, "fewer", "resolved before hook heard of it"],
      [200, "fewer", "hook is not told now: quorum speaks for it"],
    ]);
    const elsewhere = DOWN.replace("service: cassandra", "service: kafka");
    expect(held(elsewhere + fewer)).toEqual([]);
  });

  test("of a change that would have settled", () => {
    const left = `${LEFT.replace("\n", "")}    mute: [night]\n`;
    expect(held(left, { top: NIGHT })).toEqual([[120, "left", `settled back after 1m: c-1 (${muted})`]]);
  });

  test("by its group, which had not spoken yet", () => {
    expect(held(DOWN, { hook: ", group: { by: [service], wait: 61s }" })).toEqual([
      [120, "quorum", "resolved before its group service=cassandra spoke to hook"],
    ]);
  });

  test("by its flapping", () => {
    const flapping = DOWN.replace(" }\n", ", damping: { changes: 3, within: 10m } }\n");
    expect(held(flapping)).toEqual([
      [200, "quorum", "it flaps: neither its ends nor its beginnings are told"],
    ]);
  });
});
