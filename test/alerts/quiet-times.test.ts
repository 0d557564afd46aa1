import { describe, expect, test } from "vitest";
import { QuietTimes } from "../../src/alerts/quiet-times.ts";
import type { Silence } from "../../src/alerts/silence.ts";
import { SilenceBook } from "../../src/alerts/silence-book.ts";
import {
  readSilencedUntil,
  SILENCED_UNTIL_LABEL,
  silencedUntilMs,
  UnreadableLabels,
} from "../../src/alerts/silenced-until.ts";
import type { Ring } from "../../src/ring/ring.ts";
import { muteWindowSchema } from "../../src/rules/mute-window.ts";
import type { Rule } from "../../src/rules/rule.ts";

const at = (iso: string): number => Date.parse(iso);
const label = (value: string) => ({ [SILENCED_UNTIL_LABEL]: value });

describe("the label ringbell.dev/silenced-until", () => {
  test.each([
    ["2026-12-01T20.00.00Z", "2026-12-01T20:00:00Z"],
    ["2026-12-01T20.00Z", "2026-12-01T20:00:00Z"],
    ["2026-12-01T20-00-30Z", "2026-12-01T20:00:30Z"],
    ["2026-12-01T2000Z", "2026-12-01T20:00:00Z"],
    ["2026-12-01_20.00", "2026-12-01T20:00:00Z"],
    ["2026-12-01t20.00z", "2026-12-01T20:00:00Z"],
    ["2026-12-01", "2026-12-01T00:00:00Z"],
    ["1796155200", "2026-12-01T20:00:00Z"],
  ])("may be %s", (value, iso) => {
    expect(readSilencedUntil(label(value))).toEqual({ kind: "until", untilMs: at(iso) });
    expect(silencedUntilMs(label(value), at(iso) - 1)).toBe(at(iso));
    expect(silencedUntilMs(label(value), at(iso))).toBeUndefined();
  });

  test.each([
    "tomorrow",
    "2026-02-30",
    "2026-13-01T20.00Z",
    "2026-12-01T25.00Z",
    "2026-12-01T20.60Z",
    "2026-12-01T20",
    "12-01-2026",
    "2026-12-01T20.00.00-05.00",
    "17961552000",
    "true",
  ])("that is %s is reported, and not obeyed", (value) => {
    expect(readSilencedUntil(label(value))).toEqual({ kind: "unreadable", value });
    expect(silencedUntilMs(label(value), 0)).toBeUndefined();
  });

  test("that nobody can read is reported once for each Service and value", () => {
    const labels = new UnreadableLabels();
    const note = (key: string, value: string) => labels.note({ key, labels: label(value) });
    expect(note("data/a", "soon")).toBe(
      "Cannot read label ringbell.dev/silenced-until=soon of Service data/a, so it silences nothing: " +
        "wanted a time such as 2026-12-01T20.00.00Z, a date such as 2026-12-01, or epoch seconds",
    );
    expect(note("data/a", "soon")).toBeUndefined();
    expect(note("data/b", "soon")).toBeDefined();
    expect(note("data/a", "later")).toContain("=later");
    expect(note("data/a", "2026-12-01")).toBeUndefined();
    expect(note("data/a", "later")).toContain("=later");
    expect(labels.note({ key: "data/a", labels: {} })).toBeUndefined();
  });

  test("that is empty or not there asks for nothing", () => {
    expect(readSilencedUntil({})).toEqual({ kind: "none" });
    expect(readSilencedUntil(label(""))).toEqual({ kind: "none" });
  });
});

const ring = (labels: Record<string, string> = {}): Ring => ({
  key: "data/cassandra",
  source: "endpointslices",
  namespace: "data",
  service: "cassandra",
  present: true,
  labels,
  members: [],
  truncated: false,
});
const rule = (mute: readonly string[] = []): Rule =>
  ({ name: "r", severity: "info", labels: { team: "data" }, mute }) as unknown as Rule;

function silence(differs: Partial<Silence> = {}): Silence {
  const times = { startsAtMs: at("2026-12-01T20:00Z"), endsAtMs: at("2026-12-01T23:30Z"), createdAtMs: 0 };
  const matchers = [{ name: "rule", value: "r" }] as const;
  return { id: "s", matchers, author: "ann", reason: "upgrade", ...times, ...differs };
}

const windows = new Map([
  ["evening", muteWindowSchema.parse({ timeZone: "UTC", from: "21:00", to: "23:00" })],
  ["night", muteWindowSchema.parse({ timeZone: "UTC", from: "22:00", to: "06:00" })],
]);
const rules = { muteWindows: windows, destinations: new Map([["chat", { mute: ["evening"] }]]) };

describe("quiet times", () => {
  test("are by whatever holds longest: mute windows, silences, the Service's label", () => {
    const quiet = new QuietTimes(rules, new SilenceBook([silence()]));
    const hush = (iso: string, mute: readonly string[], labels = {}) =>
      quiet.hush(rule(mute), ring(labels), at(iso));
    expect(hush("2026-12-01T19:59:59.999Z", ["night"])).toBeUndefined();
    expect(hush("2026-12-01T21:30Z", ["evening"])).toEqual({
      untilMs: at("2026-12-01T23:30Z"),
      why: "silenced by ann (upgrade) until 2026-12-01T23:30:00.000Z",
    });
    expect(hush("2026-12-01T22:30Z", ["evening", "night"])).toEqual({
      untilMs: at("2026-12-02T06:00Z"),
      why: "muted by night until 2026-12-02T06:00:00.000Z",
    });
    expect(hush("2026-12-01T22:30Z", ["night"], label("2026-12-02T07.00Z"))).toEqual({
      untilMs: at("2026-12-02T07:00Z"),
      why: "silenced by the label ringbell.dev/silenced-until until 2026-12-02T07:00:00.000Z",
    });
  });

  test("of a destination are its own mute windows, and silences that name it", () => {
    const only = silence({ matchers: [{ name: "destination", value: "chat" }] });
    const quiet = new QuietTimes(rules, new SilenceBook([only]));
    const untilMs = (name: string, iso: string) =>
      quiet.destinationHush(name, rule(), ring(), at(iso))?.untilMs;
    expect(quiet.hush(rule(), ring(), at("2026-12-01T21:30Z"))).toBeUndefined();
    expect(untilMs("chat", "2026-12-01T21:30Z")).toBe(at("2026-12-01T23:30Z"));
    expect(untilMs("chat", "2026-12-02T21:30Z")).toBe(at("2026-12-02T23:00Z"));
    expect(untilMs("on-call", "2026-12-01T21:30Z")).toBeUndefined();
    expect(quiet.mutedUntilMs("chat", at("2026-12-01T21:30Z"))).toBe(at("2026-12-01T23:00Z"));
    expect(quiet.mutedUntilMs("on-call", at("2026-12-01T21:30Z"))).toBeUndefined();
  });

  test("ask for the rule's labels, and not for those with holes", () => {
    const labels = { team: { parts: [] }, tier: "1" };
    const withHoles = { ...rule(), labels } as unknown as Rule;
    const asks = (value: string): QuietTimes =>
      new QuietTimes(rules, new SilenceBook([silence({ matchers: [{ name: "label.team", value }] })]));
    const nowMs = at("2026-12-01T20:30Z");
    expect(asks("data").hush(rule(), ring(), nowMs)).toBeDefined();
    expect(asks("data").hush(withHoles, ring(), nowMs)).toBeUndefined();
  });

  test("are exact within a second, however often they are asked for", () => {
    const quiet = new QuietTimes(rules, new SilenceBook([]));
    const startMs = at("2026-12-01T22:00Z");
    const answers = [-1, 0, 1, 999, 1000].map(
      (ms) => quiet.hush(rule(["night"]), ring(), startMs + ms)?.untilMs,
    );
    const endMs = at("2026-12-02T06:00Z");
    expect(answers).toEqual([undefined, endMs, endMs, endMs, endMs]);
    const atEnd = [-1, 0, 1].map((ms) => quiet.hush(rule(["night"]), ring(), endMs + ms)?.untilMs);
    expect(atEnd).toEqual([endMs, undefined, undefined]);
  });

  test("follow an edit of the rules file", () => {
    const quiet = new QuietTimes(rules, new SilenceBook([]));
    quiet.replaceRules({ muteWindows: new Map(), destinations: new Map() });
    expect(quiet.hush(rule(["night"]), ring(), at("2026-12-01T22:30Z"))).toBeUndefined();
    expect(quiet.mutedUntilMs("chat", at("2026-12-01T22:30Z"))).toBeUndefined();
  });
});
