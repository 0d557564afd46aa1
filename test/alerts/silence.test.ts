import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatMatcher, parseMatcher } from "../../src/alerts/parse-matcher.ts";
import {
  type Matcher,
  type Silence,
  type Silenceable,
  silenceMatches,
  silenceState,
} from "../../src/alerts/silence.ts";

const about: Silenceable = {
  rule: "pod-left-ring",
  ring: { namespace: "data", service: "cassandra", labels: { app: "cassandra", tier: "storage" } },
  severity: "warning",
  labels: { team: "data", tier: "1" },
};

function silence(...matchers: readonly Matcher[]): Silence {
  return {
    id: "s",
    matchers,
    author: "ann",
    reason: "why",
    startsAtMs: 100,
    endsAtMs: 200,
    createdAtMs: 100,
  };
}

const matches = (text: string, to = about): boolean => {
  const parsed = text.split(" ").map((each) => parseMatcher(each));
  return silenceMatches(silence(...parsed.map((each) => (each.ok ? each.matcher : never(each.issue)))), to);
};
const never = (issue: string): never => {
  throw new Error(issue);
};

describe("a silence", () => {
  test.each([
    ["rule=pod-left-ring", true],
    ["rule=pod-*", true],
    ["rule=left", false],
    ["namespace=data service=cassandra severity=warning", true],
    ["namespace=data service=kafka", false],
    ["service=cass?ndra", true],
    ["service!=kafka*", true],
    ["service!=cass*", false],
    ["severity!=critical", true],
    ["label.team=data", true],
    ["label.app=cassandra", true],
    ["label.tier=1", true],
    ["label.tier=storage", false],
    ["label.owner=", true],
    ["label.owner=*", true],
    ["label.owner=x", false],
    ["label.owner!=x", true],
    ["label.toString=", true],
  ])("with %s matches: %s", (text, expected) => {
    expect(matches(text)).toBe(expected);
  });

  test("that names a destination counts for that one only, and never for all together", () => {
    const to = (destination: string): Silenceable => ({ ...about, destination });
    expect(matches("destination=on-call")).toBe(false);
    expect(matches("destination!=on-call")).toBe(false);
    expect(matches("destination=on-call", to("on-call"))).toBe(true);
    expect(matches("destination=on-call", to("chat"))).toBe(false);
    expect(matches("destination!=on-call", to("chat"))).toBe(true);
    expect(matches("destination=on-* rule=other", to("on-call"))).toBe(false);
    expect(matches("rule=pod-*", to("on-call"))).toBe(true);
  });

  test("is active from its start until just before its end, or until somebody ended it", () => {
    const one = silence();
    const states = [99, 100, 199, 200].map((nowMs) => silenceState(one, nowMs));
    expect(states).toEqual(["pending", "active", "active", "expired"]);
    const ended = { ...one, expiredAtMs: 150 };
    expect([149, 150].map((nowMs) => silenceState(ended, nowMs))).toEqual(["active", "expired"]);
    expect(silenceState({ ...one, expiredAtMs: 50 }, 120)).toBe("expired");
  });
});

describe("parseMatcher()", () => {
  test.each([
    ["rule", '"rule" is no matcher: wanted NAME=VALUE or NAME!=VALUE, as in service=cass*'],
    ["=x", '"=x" is no matcher: wanted NAME=VALUE or NAME!=VALUE, as in service=cass*'],
    ["rule=", "the value of rule is empty"],
    ["servise=x", 'unknown matcher name "servise", did you mean "service"?'],
    [
      "team=data",
      'unknown matcher name "team"; known: rule, namespace, service, severity, destination, label.KEY',
    ],
    [
      "label.=x",
      'unknown matcher name "label."; known: rule, namespace, service, severity, destination, label.KEY',
    ],
    ["severity=critcal", 'unknown severity "critcal", did you mean "critical"?'],
  ])("says what is wrong with %s", (text, issue) => {
    expect(parseMatcher(text)).toEqual({ ok: false, issue });
  });

  test("keeps what stands behind the first sign", () => {
    expect(parseMatcher("label.a/b=x=y!=z")).toEqual({
      ok: true,
      matcher: { name: "label.a/b", value: "x=y!=z" },
    });
    expect(parseMatcher(" rule != a ")).toEqual({
      ok: true,
      matcher: { name: "rule", value: "a", negate: true },
    });
  });

  test("reads what formatMatcher() writes", () => {
    const name = fc.constantFrom("rule", "service", "label.team") as fc.Arbitrary<Matcher["name"]>;
    const value = fc.string({ minLength: 1 }).filter((text) => text.trim() === text);
    fc.assert(
      fc.property(name, value, fc.boolean(), (name, value, negate) => {
        const matcher: Matcher = { name, value, ...(negate && { negate: true }) };
        expect(parseMatcher(formatMatcher(matcher))).toEqual({ ok: true, matcher });
      }),
    );
  });
});
