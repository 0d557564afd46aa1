import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileCondition } from "../../src/rules/cel-condition.ts";
import type { CelCondition } from "../../src/rules/cel-condition.ts";
import { conditionContext, conditionItems } from "../../src/rules/cel-context.ts";
import { CelError } from "../../src/rules/cel-error.ts";
import type { Member } from "../../src/ring/ring.ts";
import type { Membership } from "../../src/rules/rule.ts";
import { conditionRule, ruleMember, ruleRing } from "./rule-fixtures.ts";

type Each = "member" | "zone" | undefined;

const MEMBERS = [
  ruleMember("cass-0", { zone: "a", node: "n1" }),
  ruleMember("cass-1", { zone: "a", node: "n2", ready: false, serving: false }),
  ruleMember("cass-2", { zone: "b", node: "n1", ready: false, serving: false }),
  ruleMember("cass-3", { zone: "b", node: "n3", ready: false, serving: true, terminating: true }),
  ruleMember("cass-4"),
];
const NOW = Date.parse("2026-11-21T12:00:00Z");

function compiled(source: string, each?: Each): CelCondition {
  const result = compileCondition(source, each);
  if (!result.ok) throw new Error(result.issues.map((issue) => issue.message).join("; "));
  return result.condition;
}

function contextOf(members: readonly Member[] = MEMBERS, membership: Membership = "present") {
  const ring = ruleRing(members, { labels: { app: "db", constructor: "odd" } });
  return conditionContext(conditionRule([], {}, { membership }), ring, { expected: 5, nowMs: NOW });
}

const holds = (source: string): boolean => compiled(source).holds(contextOf());

function issueOf(source: string, each?: Each): string {
  const result = compileCondition(source, each);
  if (result.ok) return "";
  const [issue] = result.issues;
  return issue ? `${issue.span.start}-${issue.span.end} ${issue.message}` : "no issue";
}

describe("a condition holds", () => {
  test.each([
    "ring.ready == 2 && ring.total == 4 && ring.serving == 3 && ring.terminating == 1",
    "ring.expected == 5 && ring.present",
    "ring.ready < 3",
    "100 * ring.ready / ring.expected < 50",
    "double(ring.ready) / double(ring.total) <= 0.5",
    'ring.key == "data/cassandra" && ring.namespace == "data" && ring.service == "cassandra"',
    'ring.labels.app == "db" && ring.labels["constructor"] == "odd"',
    '!("team" in ring.labels) && !has(ring.labels.team) && has(ring.labels.app)',
    "ring.members.size() == 4",
    "ring.zones.exists(z, z.ready == 0)",
    'ring.zones.map(z, z.name).join() == "ab"',
    "ring.zones.map(z, z.total) == [2, 1] && ring.zones.map(z, z.serving) == [1, 1]",
    "ring.zones.exists(z, z.members.exists(m, !m.ready))",
    'ring.zones.filter(z, z.ready == 0).map(z, z.name) == ["b"]',
    'ring.nodes.map(n, n.name + n.zone).join(" ") == "n1a n2a"',
    "ring.nodes[0].total == 2 && ring.nodes[0].ready == 1",
    "ring.nodes.map(n, n.total).max() == 2 && ring.zones.map(z, z.ready).min() == 0",
    "ring.zones.map(z, z.total).sum() == 3",
    "[1.5, 2.5].sum() == 4.0 && [1.5, 2.5].max() == 2.5",
    "[now, now - duration('1m')].min() < now",
    'ring.members.all(m, m.name.re("^cass-[0-9]+$"))',
    '!ring.service.re("^db") && ring.service.re("sand") && ring.service.re("(?i)CASS")',
    'rule.name == "test-rule" && rule.severity == "warning"',
    'now == timestamp("2026-11-21T12:00:00Z")',
    'now.getHours("Europe/Berlin") == 13 && now.getDayOfWeek() == 6',
    '"a-b-c".replace("-", ".") == "a.b.c" && "a".replace("a", "$&") == "$&"',
    'int(timestamp("1969-12-31T23:59:59.500Z")) == -1 && int(3u) == 3',
    "[1, 2].exists_one(x, x > 1)",
    "{'a': 1}.exists(k, k == 'a')",
    "ring.members.filter(m, m.ready)[0] in ring.members",
  ])("%s", (source) => {
    expect(holds(source)).toBe(true);
  });

  test("or not", () => {
    expect(holds("ring.ready > 3")).toBe(false);
  });

  test("by the rule's membership", () => {
    const { ring } = contextOf(MEMBERS, "serving");
    expect([ring.total, ring.members.length, ring.zones.length, ring.nodes.length]).toEqual([2n, 2, 2, 1]);
  });

  test("for an empty ring", () => {
    const empty = contextOf([]);
    expect(
      compiled("ring.total == 0 && ring.zones.size() == 0 && ring.members.all(m, m.ready)").holds(empty),
    ).toBe(true);
  });

  test("with zones and nodes in order of name, and 0 where nobody knows the size", () => {
    const members = ["c", "a", "b"].map((name, i) =>
      ruleMember(`m-${i}`, { zone: `z${name}`, node: `n${name}` }),
    );
    const context = conditionContext(conditionRule([]), ruleRing(members), { expected: undefined, nowMs: 0 });
    expect(context.ring.zones.map((zone) => zone.name)).toEqual(["za", "zb", "zc"]);
    expect(context.ring.nodes.map((node) => node.name)).toEqual(["na", "nb", "nc"]);
    expect(context.ring.expected).toBe(0n);
  });

  test("again and again, each time by the values of then", () => {
    const condition = compiled("ring.zones.exists(z, z.ready == 0)");
    const allReady = MEMBERS.map((member) => ({ ...member, ready: true }));
    expect(
      [contextOf(), contextOf(allReady), contextOf()].map((context) => condition.holds(context)),
    ).toEqual([true, false, true]);
  });
});

describe("beside each", () => {
  const held = (source: string, each: "member" | "zone"): string[] => {
    const condition = compiled(source, each);
    return [...conditionItems(contextOf(), each)].flatMap(([item, context]) =>
      condition.holds(context) ? [item] : [],
    );
  };

  test("member is each member that counts", () => {
    expect(held("!member.ready", "member")).toEqual(["data/cass-1", "data/cass-2"]);
    expect(held("member in ring.members", "member")).toHaveLength(4);
    expect(held('member.zone == "" && member.node == ""', "member")).toEqual(["data/cass-4"]);
  });

  test("zone is each zone with a member that counts", () => {
    expect(held("zone.ready == 0", "zone")).toEqual(["b"]);
    expect(held("zone.members.exists(m, m.ready) && ring.total == 4", "zone")).toEqual(["a"]);
  });
});

describe("what is wrong with a condition", () => {
  test.each<[string, Each, string]>([
    ["", undefined, "0-1 the expression is empty"],
    ["  \n", undefined, "0-1 the expression is empty"],
    ["rnig.ready < 3", undefined, '0-4 unknown name "rnig", did you mean "ring"?'],
    ["ring.redy < 3", undefined, '5-9 no field "redy", did you mean "ready"?'],
    ["ring.zones.exists(z, z.reddy == 0)", undefined, '23-28 no field "reddy", did you mean "ready"?'],
    ["ring.nodes.exists(n, n.serving == 0)", undefined, '23-30 no field "serving"'],
    ["ring.ready < '3'", undefined, "0-16 < does not go with int and string"],
    [" ring.ready\n", undefined, "1-11 a condition must give true or false, not int"],
    ["ring.key", undefined, "0-8 a condition must give true or false, not string"],
    ["ring.zones", undefined, "0-10 a condition must give true or false, not list<Zone>"],
    ["dyn(true)", undefined, "0-9 a condition must give true or false, and this may give any"],
    ["change.left.size() > 0", undefined, '0-6 "change" is known only in rules with "on"'],
    ["alert.resolved", undefined, '0-5 "alert" is known only in texts of rules with "when"'],
    ["member.ready", undefined, '0-6 "member" is known only in "when" beside each: member'],
    ["member.ready", "zone", '0-6 "member" is known only in "when" beside each: member'],
    ["zone.ready == 0", undefined, '0-4 "zone" is known only in "when" beside each: zone'],
    ["zone.ready == 0", "member", '0-4 "zone" is known only in "when" beside each: zone'],
    ['notice.rule == ""', undefined, '0-6 "notice" is known only in the "body" of a webhook'],
    ["'a'.matches('b')", undefined, "0-16 matches() is not allowed"],
    ["matches('a', 'b')", undefined, "0-17 matches() is not allowed"],
    ["ring.key.re('(a')", undefined, "12-16 not an RE2 pattern: missing closing ): `(a`"],
    [
      "ring.key.re('(?=a)')",
      undefined,
      "12-19 not an RE2 pattern: invalid or unsupported Perl syntax: `(?=`",
    ],
    ["ring.key.re(ring.service)", undefined, "12-24 the pattern of re() must be written out, as a string"],
    ["ring.total.re('a')", undefined, "0-10 re() tests a string, not int"],
    [`ring.key.re('${"a".repeat(1001)}')`, undefined, "12-1015 the pattern may have 1000 characters at most"],
    ["ring.key.re('(a{500}){2}')", undefined, "12-25 the pattern costs too much: repeat less, or less often"],
    ["ring.key.starsWith('a')", undefined, '0-23 unknown function "starsWith", did you mean "startsWith"?'],
    ["b'{}'.json() == b'{}'.json()", undefined, '0-12 unknown function "json", did you mean "join"?'],
    ["ring.total.string() == ''", undefined, "0-19 string is called as string(…)"],
    ["join(['a']) == ''", undefined, "0-11 join is called as ….join(…)"],
    ["[].all(x, x > 0)", undefined, "0-2 all() of a list that is always empty"],
    ["1 == 1.0", undefined, "0-8 == does not go with int and double"],
    ["ring.members[0] == ring.members[0]", undefined, "0-34 == does not go with Member and Member"],
    ["ring.ready <", undefined, "11-12 the expression ends too early"],
    ["!ring.ready", undefined, "0-11 ! does not go with int"],
    ["now > duration('1h')", undefined, "0-20 > does not go with timestamp and duration"],
    ["true false", undefined, '5-10 unexpected "false"'],
    ["ring.ready = 3", undefined, '11-12 unexpected "="'],
    ["ring.ready < 3 and true", undefined, '15-18 unexpected "and"'],
    ["ring.ready <> 3", undefined, '12-13 unexpected ">"'],
    ["(ring.ready < 3", undefined, '14-15 ")" is missing at the end'],
    ["ring.zones.exists(z z.ready == 0)", undefined, '20-21 ")" is missing before "z"'],
    ["if true", undefined, '0-2 "if" is a word that CEL reserves'],
    [
      "ring.zones.all(z)",
      undefined,
      "0-17 all() takes a name of your own and what is asked of each item: all(m, …)",
    ],
    [
      "ring.zones.exists(z.x, true)",
      undefined,
      "20-21 the first argument of exists() must be a name of your own, such as m",
    ],
    [
      "ring.members.exists(m, m.name)",
      undefined,
      "25-29 exists() must be told true or false for each item, not string",
    ],
    ["ring.members.size < 3", undefined, '13-17 a list has no field "size"'],
    ["ring.namespace.name == ''", undefined, '15-19 a string has no field "name"'],
    [
      "ring.key.startsWith(3)",
      undefined,
      "0-22 no function string.startsWith(int): it takes other types, or another number of arguments",
    ],
  ])("%j beside %s", (source, each, expected) => {
    expect(issueOf(source, each)).toBe(expected);
  });

  test("may be its size", () => {
    expect(issueOf(`${"1 + ".repeat(600)}1 > 0`)).toBe(
      "0-2405 the expression is too large: it may have 500 names, values and calls",
    );
    expect(issueOf(`${"(".repeat(40)}true${")".repeat(40)}`)).toBe(
      "32-33 the expression is too deep: brackets and calls may be nested 32 deep",
    );
    expect(issueOf(`${"(".repeat(30)}true${")".repeat(30)}`)).toBe("");
    expect(issueOf(`${"1 + ".repeat(248)}1 > 0`)).toBe("");
  });

  test("comes with a hint", () => {
    const hintOf = (source: string): string | undefined => {
      const result = compileCondition(source, undefined);
      return result.ok ? "" : result.issues[0]?.hint;
    };
    expect(hintOf("x.ready")).toBe("known here: ring, rule, now");
    expect(hintOf("ring.ready")).toBe("compare it, such as … < 3");
    expect(hintOf("ring.ready = 3")).toBe("write == to compare");
    expect(hintOf("ring.key.matches('a')")).toContain('.re("…")');
    expect(hintOf("ring.ready / 2.0 < 1.0")).toBe("write double( ) around the other one");
    expect(hintOf("now - timestamp('2026-01-01T00:00:00Z') > 300")).toBe('write duration("5m")');
    expect(hintOf("ring.key == 'a' + ring.ready")).toBe("write string( ) around the other one");
    expect(hintOf("ring.members[0] == ring.members[1]")).toBe("compare their names");
    expect(hintOf("ring.zones")).toContain(".exists(x, …)");
    expect(hintOf("ring.nodes.exists(n, n.serving == 0)")).toBe("known here: name, zone, total, ready");
  });

  test("never is an exception, and always has its place", () => {
    const unit = fc.constantFrom(
      "ring",
      ".",
      "ready",
      "<",
      "3",
      "(",
      ")",
      "'",
      ".re",
      "\\",
      " ",
      "[",
      "]",
      "é",
      "\n",
      "!",
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 24 }), (source) => {
        const result = compileCondition(source, undefined);
        for (const { span } of result.ok ? [] : result.issues) {
          expect(span.start).toBeGreaterThanOrEqual(0);
          expect(span.end).toBeGreaterThan(span.start);
          expect(span.start).toBeLessThan(Math.max(1, source.length));
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("a condition that cannot be said now", () => {
  const saying = (source: string, members = MEMBERS): string => {
    try {
      return String(compiled(source).holds(contextOf(members)));
    } catch (error) {
      return error instanceof CelError ? error.message : "another error";
    }
  };

  test.each([
    ['ring.labels.team == ""', "No such key: team"],
    ["ring.members[9].ready", "No such key: index out of bounds, index 9 >= size 4"],
    ["1 / (ring.total - 4) > 0", "division by zero"],
    ["int(ring.members[0].name) > 0", "int() type error: cannot convert to int"],
    ["ring.zones.filter(z, z.total > 9).map(z, z.total).max() > 0", "max() of an empty list"],
    ["[1][0] + 9223372036854775807 > 0", "integer overflow: 9223372036854775808"],
  ])("%s says why", (source, expected) => {
    expect(saying(source)).toBe(expected);
  });

  test("is not said of the side that does not decide", () => {
    expect(holds('ring.total == 4 || ring.labels.team == ""')).toBe(true);
    expect(holds('ring.labels.team == "" || ring.total == 4')).toBe(true);
  });

  test("is one whose loops within loops would hold up the process", () => {
    const many = Array.from({ length: 2000 }, (_unused, i) => ruleMember(`m-${i}`, { zone: `z${i % 3}` }));
    const nested = "ring.members.all(a, ring.members.exists(b, a.name == b.name))";
    expect(saying(nested)).toBe("true");
    expect(saying(nested, many)).toBe("loops within loops are too much work for 2000 items");
    const list = Array.from({ length: 300 }, (_unused, i) => i).join(", ");
    const literal = `ring.members.all(a, [${list}].all(b, a.ready || b >= 0))`;
    expect(saying(literal)).toBe("true");
    expect(saying(literal, many)).toBe("loops within loops are too much work for 2000 items");
    expect(saying("ring.zones.all(z, z.members.all(m, m.ready))", many)).toBe("true");
    expect(saying("ring.members.all(a, [1, 2, 3].exists(b, b == 2 && a.ready))", many)).toBe("true");
  });
});

test("an attack on a backtracking matcher takes no time", () => {
  const long = `${"a".repeat(5000)}!`;
  const ring = ruleRing([], { labels: { x: long } });
  const context = conditionContext(conditionRule([]), ring, { expected: undefined, nowMs: 0 });
  const before = performance.now();
  expect(compiled("ring.labels.x.re('^(a+)+$')").holds(context)).toBe(false);
  expect(performance.now() - before).toBeLessThan(1000);
});

test("counts alone make no list", () => {
  const ring = ruleRing(MEMBERS);
  let asked = 0;
  const watched = new Proxy(MEMBERS, {
    get(target, key) {
      if (key === "filter" || key === "map") asked += 1;
      return Reflect.get(target, key) as unknown;
    },
  });
  const context = conditionContext(
    conditionRule([]),
    { ...ring, members: watched },
    { expected: 5, nowMs: 0 },
  );
  expect(compiled("ring.ready < 3 && ring.total > 0").holds(context)).toBe(true);
  expect(asked).toBe(0);
  expect(compiled("ring.members.size() == 4").holds(context)).toBe(true);
  expect(asked).toBe(1);
});
