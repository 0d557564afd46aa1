import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CelScope } from "../../src/rules/cel-fields.ts";
import { compileTemplate, renderTemplate } from "../../src/rules/template.ts";
import type { Template } from "../../src/rules/template.ts";
import { templateContext } from "../../src/rules/template-context.ts";
import type { TriggerFacts } from "../../src/rules/template-context.ts";
import { conditionRule, ruleMember, ruleRing } from "./rule-fixtures.ts";

const MEMBERS = [
  ruleMember("cass-0", { zone: "a", node: "n1" }),
  ruleMember("cass-1", { ready: false, serving: false }),
  ruleMember("cass-2", { ready: false, terminating: true }),
];
const RING = ruleRing(MEMBERS, { labels: { app: "db", constructor: "odd" } });
const KNOWN = { expected: 3, nowMs: 120_500 };
const ALERT: TriggerFacts = {
  alert: {
    sinceMs: 0,
    firedAtMs: 90_000,
    reason: "1 of 2 ready",
    episode: 4,
    resolved: false,
    items: ["b", "c"],
  },
};
const CHANGE: TriggerFacts = {
  change: {
    joined: [],
    left: [ruleMember("cass-9"), ruleMember("cass-8")],
    replaced: [{ before: ruleMember("cass-3"), after: ruleMember("cass-3", { uid: "new" }) }],
    moved: [],
    becameReady: [],
    becameUnready: [],
    generation: 12,
    removed: false,
    whileAway: true,
    forced: true,
    departures: [{ key: "data/cass-9", name: "cass-9", reason: "evicted", evidence: "by its node" }],
    guarded: "3 members are left",
  },
};

function compiled(source: string, kind: CelScope = "condition"): Template {
  const result = compileTemplate(source, kind);
  if (!result.ok) throw new Error(result.issues.map((issue) => issue.message).join("; "));
  return result.template;
}

function render(source: string, facts: TriggerFacts = ALERT): string {
  const kind = "alert" in facts ? "condition" : "change";
  return renderTemplate(compiled(source, kind), templateContext(conditionRule([]), RING, facts, KNOWN));
}

function issuesOf(source: string, kind: CelScope = "condition"): readonly string[] {
  const result = compileTemplate(source, kind);
  return result.ok ? [] : result.issues.map(({ message, span }) => `${span.start}-${span.end} ${message}`);
}

describe("renderTemplate", () => {
  test.each([
    ["no hole", "no hole"],
    ["{{ring.key}}", "data/cassandra"],
    ["{{ ring.ready }} of {{ ring.total }}", "1 of 2"],
    ["{{ ring.serving }} {{ ring.terminating }} {{ ring.present }}", "2 1 true"],
    ["{{ rule.name }}/{{ rule.severity }}", "test-rule/warning"],
    ['{{ ring.labels["app"] }} {{ ring.labels.constructor }}', "db odd"],
    ['{{ ring.members.map(m, m.name + "@" + m.node).join(", ") }}', "cass-0@n1, cass-1@"],
    ["{{ ring.members[0].zone }}", "a"],
    ["{{ alert.since }}", "1970-01-01T00:00:00.000Z"],
    ["{{ alert.firedAt - alert.since }}", "1m30s"],
    ["{{ alert.since - alert.firedAt }}", "-1m30s"],
    ["{{ alert.duration }} until {{ now }}", "2m500ms until 1970-01-01T00:02:00.500Z"],
    ["{{ alert.items.join() }}", "bc"],
    ["{{ ring.expected - ring.total }} of {{ ring.zones.map(z, z.name).join() }}", "1 of a"],
    ["{{ string(now) }} {{ string(alert.since) }}", "1970-01-01T00:02:00.5Z 1970-01-01T00:00:00Z"],
    ["{{ int(1e99) }} {{ int(1e9) }}", "[integer overflow] 1000000000"],
    ["{{ alert.reason }} ({{ alert.episode }}){{ alert.resolved ? ' over' : '' }}", "1 of 2 ready (4)"],
    ["{{ double(ring.ready) / 4.0 }}", "0.25"],
    ["} }} {", "} }} {"],
    ["{{ '}}' + \"{{\" }}", "}}{{"],
    ["{{ {'a': {'b': 'c'}}['a']['b'] }}", "c"],
    ["{{ 'it\\'s' }}", "it's"],
    ['{{ "team" in ring.labels ? ring.labels.team : "nobody" }}', "nobody"],
    ["{{ r'\\d' }}", "\\d"],
    ["{{ ring.members.filter(m, !m.ready)[0].addresses[0] }}", "10.0.0.1"],
    ["{{ ring.members.exists(m, 'x' in m.addresses) ? ring.members[1].name : '' }}", ""],
    ["{{ [ring.members[0]].map(m, m.name).join() }}", "cass-0"],
    ["{{ '''a'b}}''' }}", "a'b}}"],
  ])("%s", (source, expected) => {
    expect(render(source)).toBe(expected);
  });

  test.each([
    ['{{ change.left.map(m, m.name).join(", ") }}', "cass-9, cass-8"],
    ["{{ change.replaced[0].after.name }} {{ change.left[1].name }}", "cass-3 cass-8"],
    ["{{ change.replaced.map(c, c.before.uid + '>' + c.after.uid).join() }}", "uid-cass-3>new"],
    ["{{ change.generation }} {{ change.removed }} {{ change.whileAway }}", "12 false true"],
    [
      "{{ change.departures.map(d, d.name + d.reason).join() }} {{ change.guarded }}",
      "cass-9evicted 3 members are left",
    ],
    ["{{ change.forced }} {{ change.departures[0].evidence }}", "true by its node"],
    ["{{ change.joined.size() + change.moved.size() }}", "0"],
    ["{{ change.becameReady.size() + change.becameUnready.size() }}", "0"],
  ])("%s", (source, expected) => {
    expect(render(source, CHANGE)).toBe(expected);
  });

  test("puts the reason in place of a hole that cannot be evaluated now, and goes on", () => {
    expect(render("{{ ring.labels.team }} has {{ ring.total }}")).toBe("[No such key: team] has 2");
    expect(render("{{ ring.total / (ring.total - 2) }}!")).toMatch(/^\[.+\]!$/);
    expect(render("{{ ring.members[7].name }}")).toMatch(/^\[.+\]$/);
  });

  test("shows nothing of JavaScript", () => {
    expect(render("{{ ring.labels.toString }}")).toBe("[No such key: toString]");
    expect(issuesOf("{{ ring.constructor }}")).toEqual(['8-19 no field "constructor"']);
    expect(issuesOf("{{ process.version }}")).toEqual(['3-10 unknown name "process"']);
  });
});

describe("compileTemplate", () => {
  test.each([
    ["ab {{ rnig.key }}", '6-10 unknown name "rnig", did you mean "ring"?'],
    ["{{ ring.nme }}", '8-11 no field "nme"'],
    ["{{ring.members.exists(m, m.nam == '')}}", '27-30 no field "nam", did you mean "name"?'],
    ["{{ ring.ready < '3' }}", "3-19 < does not go with int and string"],
    ["{{ ring.ready + }}", "14-15 the expression ends too early"],
    ["a {{ ring.key", "2-4 {{ is not closed by }}"],
    ["a {{ '}}", "2-4 {{ is not closed by }}"],
    ["{{}}", "0-4 {{ }} is empty"],
    ["{{ change.generation }}", '3-9 "change" is known only in rules with "on"'],
    ["{{ ring }}", "3-7 {{ }} must give one plain value, not Ring"],
    ["{{ ring.labels }}", "3-14 {{ }} must give one plain value, not map<string, string>"],
    ["{{ null }}", "3-7 {{ }} must give one plain value, not null"],
    ["{{ dyn(1) }}", "3-9 {{ }} must give one plain value, and this may give any"],
    ["{{ 'a'.matches('b') }}", "3-19 matches() is not allowed"],
    ["{{ [1].map(x, ''.matches('')).size() }}", "14-28 matches() is not allowed"],
  ])("%s", (source, expected) => {
    expect(issuesOf(source)).toEqual([expected]);
  });

  test("knows alert only in condition rules", () => {
    expect(issuesOf("{{ alert.reason }}", "change")).toEqual([
      '3-8 "alert" is known only in texts of rules with "when"',
    ]);
  });

  test("tells the problems of all holes", () => {
    expect(issuesOf("{{ a }} {{ ring.key }} {{ b }}")).toHaveLength(2);
  });

  test("refuses loops three deep, also in a bound value, and allows loops side by side", () => {
    const loop = (inner: string): string => `ring.members.exists(m, ${inner})`;
    expect(issuesOf(`{{ ${loop(loop("true"))} }}`)).toEqual([]);
    expect(issuesOf(`{{ ${loop(loop(loop("true")))} }}`)).toHaveLength(1);
    expect(issuesOf(`{{ ${loop(loop(`cel.bind(x, ${loop("true")}, x)`))} }}`)).toHaveLength(1);
    expect(issuesOf(`{{ ${loop(loop(`[${loop("true")}][0]`))} }}`)).toHaveLength(1);
    expect(issuesOf(`{{ ${loop("true")} && ${loop("true")} && ${loop("true")} }}`)).toEqual([]);
    expect(
      issuesOf("{{ ring.members.filter(m, m.ready).map(m, m.name).filter(n, n != '').size() }}"),
    ).toEqual([]);
  });

  test("refuses expressions that are too large or too deep", () => {
    expect(issuesOf(`{{ ${"1 + ".repeat(600)}1 }}`)).toHaveLength(1);
    expect(issuesOf(`{{ ${"(".repeat(100)}1${")".repeat(100)} }}`)).toHaveLength(1);
  });

  test("never throws, whatever the text, and points into it", () => {
    const unit = fc.constantFrom(
      "{{",
      "}}",
      "{",
      "}",
      "ring",
      ".",
      "ready",
      "'",
      '"',
      "\\",
      " ",
      "(",
      ")",
      "+",
      "1",
      "é",
      "\n",
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 30 }), (source) => {
        const result = compileTemplate(source, "condition");
        for (const { span } of result.ok ? [] : result.issues) {
          expect(span.start).toBeGreaterThanOrEqual(0);
          expect(span.end).toBeGreaterThan(span.start);
          expect(span.start).toBeLessThan(source.length);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
