import { describe, expect, test } from "vitest";
import { describeRings, describeTrigger } from "../../src/rules/describe-rule.ts";
import { loadRules } from "../../src/rules/load-rules.ts";
import type { ChangeTrigger, ConditionTrigger, Rule } from "../../src/rules/rule.ts";
import { TEST_KINDS } from "../support/test-kinds.ts";

const RING = "ring: { namespace: data, service: cassandra }";

/** One rule with these lines, beside another that is called `other`. */
function rule(lines: string, defaults = ""): Rule {
  const text = `version: 1
destinations: { a: { slack: { webhookUrl: { env: A } } }, b: { slack: { webhookUrl: { env: B } } } }
defaults: { notify: [a]${defaults} }
muteWindows: { nights: { from: "22:00", to: "06:00", timeZone: Europe/Berlin } }
rules:
  - name: test
${lines.replaceAll(/^/gm, "    ")}
  - { name: other, ring: { namespace: data }, when: { missing: true }, mute: [nights], notify: [b] }
`;
  const result = loadRules(text, "rules.yaml", TEST_KINDS);
  if (!result.ok) throw new Error(JSON.stringify(result.problems, undefined, 1));
  const [first] = result.file.rules;
  if (!first) throw new Error("no rule");
  return first;
}

const condition = (lines: string, defaults?: string): ConditionTrigger =>
  rule(`${RING}\n${lines}`, defaults).trigger as ConditionTrigger;
const change = (lines: string, defaults?: string): ChangeTrigger =>
  rule(`${RING}\non: [left]\n${lines}`, defaults).trigger as ChangeTrigger;

describe("shorthands of when", () => {
  test.each([
    ["readyBelow: 3", { kind: "readyBelow", threshold: { kind: "count", count: 3 } }],
    ["readyBelow: 1", { kind: "readyBelow", threshold: { kind: "count", count: 1 } }],
    ["readyBelow: 1%", { kind: "readyBelow", threshold: { kind: "percent", percent: 1 } }],
    ["membersBelow: 100%", { kind: "membersBelow", threshold: { kind: "percent", percent: 100 } }],
    ["notReadyAbove: 0", { kind: "notReadyAbove", threshold: { kind: "count", count: 0 } }],
    ["notReadyAbove: 33%", { kind: "notReadyAbove", threshold: { kind: "percent", percent: 33 } }],
    ["zoneWithoutReady: true", { kind: "zoneWithoutReady" }],
    ["zonesBelow: 2", { kind: "zonesBelow", count: 2 }],
    ["nodeShareAbove: 50%", { kind: "nodeShareAbove", percent: 50 }],
    ["flapping: { changes: 2, within: 1s }", { kind: "flapping", changes: 2, withinMs: 1000 }],
    ["flapping: { changes: 100, within: 1h }", { kind: "flapping", changes: 100, withinMs: 3_600_000 }],
  ])("%s", (when, built) => {
    expect(condition(`when: { ${when} }`).conditions).toEqual([built]);
  });

  test.each(["member", "zone"])("go with each: %s where they can be asked of one", (each) => {
    expect(
      condition(`when: { noneReady: true, flapping: { changes: 3, within: 5m } }\neach: ${each}`),
    ).toMatchObject({ each });
  });

  test("go with each: zone and percent where these are not of the expected size", () => {
    expect(condition("when: { nodeShareAbove: 50% }\neach: zone").each).toBe("zone");
  });

  test("give way to an expression", () => {
    const built = condition('when: "ring.ready < 3"');
    expect(built).toMatchObject({ conditions: [], expression: { source: "ring.ready < 3" } });
    expect(condition('when: "!member.ready"\neach: member').each).toBe("member");
  });
});

describe("times of alerts", () => {
  const LINES =
    "when: { noneReady: true }\nkeepFiringFor: 5m\nrepeat: 4h\ncooldown: 10m\ndamping: { changes: 6, within: 10m }";
  const DEFAULTS = ", keepFiringFor: 1m, repeat: 1m, cooldown: 1m, damping: { changes: 2, within: 1m }";
  const own = {
    keepFiringForMs: 300_000,
    repeatMs: 14_400_000,
    cooldownMs: 600_000,
    damping: { changes: 6, withinMs: 600_000 },
  };

  test("are the rule's own, whatever the defaults", () => {
    expect(condition(LINES)).toMatchObject(own);
    expect(condition(LINES, DEFAULTS)).toMatchObject(own);
  });

  test("are the defaults' where the rule says nothing", () => {
    expect(condition("when: { noneReady: true }", DEFAULTS)).toMatchObject({
      keepFiringForMs: 60_000,
      repeatMs: 60_000,
      cooldownMs: 60_000,
      damping: { changes: 2, withinMs: 60_000 },
    });
  });

  test("can be taken back to none", () => {
    expect(condition("when: { noneReady: true }\nkeepFiringFor: 0s\ncooldown: 0s", DEFAULTS)).toMatchObject({
      keepFiringForMs: 0,
      cooldownMs: 0,
    });
  });

  test("of the defaults are nothing to change rules but for the cooldown", () => {
    expect(change("settle: 10s", DEFAULTS)).toMatchObject({ cooldownMs: 60_000 });
    expect(change("cooldown: 2m", DEFAULTS)).toMatchObject({ cooldownMs: 120_000 });
  });
});

describe("settle by reason", () => {
  test.each([
    ["settle: { scaledDown: 5s, default: 10m }", 600_000, { scaledDown: 5_000 }, 6_000_000],
    ["settle: { scaledDown: 5s }", 10_000, { scaledDown: 5_000 }, 100_000],
    ["settle: { crashed: 20m }", 10_000, { crashed: 1_200_000 }, 12_000_000],
    ["settle: { scaledDown: 0s, default: 0s }", 0, { scaledDown: 0 }, 0],
    ["settle: { scaledDown: 5s, default: 1m }\nmaxWait: 1m", 60_000, { scaledDown: 5_000 }, 60_000],
  ])("%s", (lines, settleMs, settleByReason, maxWaitMs) => {
    expect(change(`reasons: true\n${lines}`)).toMatchObject({ settleMs, settleByReason, maxWaitMs });
  });

  test("takes its default from the defaults, and its reasons too", () => {
    expect(change("settle: { scaledDown: 5s }", ", settle: 30s, reasons: true")).toMatchObject({
      settleMs: 30_000,
    });
    expect(rule(`${RING}\non: [left]`, ", reasons: true").reasons).toBe(true);
    expect(rule(`${RING}\non: [left]\nreasons: false`, ", reasons: true").reasons).toBe(false);
  });

  test("beside a default of settle 0s waits as long as ten times the longest", () => {
    expect(change("reasons: true\nsettle: { crashed: 1m, default: 0s }")).toMatchObject({
      settleMs: 0,
      maxWaitMs: 600_000,
    });
  });
});

describe("what a change rule hears of", () => {
  test.each([
    ["reason: scaledDown", ["scaledDown"]],
    ["reason: [scaledDown, nodeLost]", ["scaledDown", "nodeLost"]],
    ["settle: 1m", undefined],
  ])("%s", (lines, reasons) => {
    expect(change(`reasons: true\n${lines}`).reasons).toEqual(reasons);
  });

  test.each([
    ["during: { rollout: hold }", 3_600_000],
    ["during: { rollout: { hold: 20m } }", 1_200_000],
    ["settle: 1m", undefined],
  ])("%s", (lines, rolloutHoldMs) => {
    expect(change(`reasons: true\n${lines}`).rolloutHoldMs).toBe(rolloutHoldMs);
  });

  test.each([
    ["guard: { minMembers: 3 }", { minMembers: 3, maxLost: undefined, otherwise: [] }],
    ["guard: { maxLost: 0 }", { minMembers: undefined, maxLost: { kind: "count", count: 0 }, otherwise: [] }],
    [
      "guard: { minMembers: 1, maxLost: 50%, otherwise: [b] }",
      { minMembers: 1, maxLost: { kind: "percent", percent: 50 }, otherwise: ["b"] },
    ],
  ])("%s", (lines, guard) => {
    expect(change(lines).guard).toEqual(guard);
  });
});

describe("which rings, and who speaks", () => {
  test.each([
    ["except: { service: canary-* }", [{ namespaces: [], services: ["canary-*"], labels: {} }]],
    [
      'except: [{ namespace: [a, b] }, { labels: { tier: test }, service: "*" }]',
      [
        { namespaces: ["a", "b"], services: [], labels: {} },
        { namespaces: [], services: [], labels: { tier: "test" } },
      ],
    ],
  ])("%s", (lines, except) => {
    expect(rule(`ring: { namespace: "*", ${lines} }\non: [left]`).ring.except).toEqual(except);
  });

  test("namespaceLabels", () => {
    expect(
      rule('ring: { namespace: "*", namespaceLabels: { team: data } }\non: [left]').ring.namespaceLabels,
    ).toEqual({
      team: "data",
    });
  });

  test("suppressedBy is about the same ring unless it says otherwise", () => {
    const { suppressedBy } = rule(`${RING}\non: [left]\nsuppressedBy: [other]`);
    expect(suppressedBy).toEqual([{ rule: "other", same: "ring" }]);
    const byNode = rule(`${RING}\non: [left]\nsuppressedBy: [{ rule: other, same: node }]`);
    expect(byNode.suppressedBy).toEqual([{ rule: "other", same: "node" }]);
    expect(rule(`${RING}\non: [left]\nsuppressedBy: [{ rule: other }]`).suppressedBy).toEqual(suppressedBy);
  });

  test("mute is the rule's own or the defaults'", () => {
    expect(rule(`${RING}\non: [left]\nmute: [nights]`).mute).toEqual(["nights"]);
    expect(rule(`${RING}\non: [left]`, ", mute: [nights]").mute).toEqual(["nights"]);
  });
});

describe("in the check's table", () => {
  test.each([
    ["when: { readyBelow: 60% }", "fewer than 60% ready of the largest size of the last day, at once"],
    ["when: { readyBelow: 60% }\nreasons: true", "fewer than 60% ready of the desired replicas, at once"],
    [
      "when: { notReadyAbove: 2 }\nfor: 30s\nkeepFiringFor: 5m",
      "more than 2 not ready, for 30s, until over for 5m",
    ],
    ["when: { noneReady: true }\neach: zone\nrepeat: 4h", "none ready for a zone, at once, again every 4h"],
    [
      "when: { zonesBelow: 2 }\ndamping: { changes: 6, within: 10m }",
      "fewer than 2 zones with a ready member, at once, damped at 6 turns within 10m",
    ],
    ['when: "ring.ready\\n  < 3"\nfor: 1m', "ring.ready < 3, for 1m"],
    [
      "on: [left]\nreasons: true\nreason: [nodeLost, crashed]",
      "left because of nodeLost or crashed, settled 10s, at most 1m40s",
    ],
    [
      "on: [left]\nreasons: true\nsettle: { scaledDown: 5s, default: 10m }",
      "left, settled 10m, 5s for scaledDown, at most 1h40m",
    ],
    ["on: [left]\nsettle: 0s", "left, at once"],
  ])("%s", (lines, said) => {
    expect(describeTrigger(rule(`${RING}\n${lines}`))).toBe(said);
  });

  test.each([
    ['{ namespace: "*", namespaceLabels: { team: data } }', "*/* with namespace team=data"],
    [
      "{ namespace: data, labels: { a: b }, except: { service: canary-* } }",
      "data/* with a=b except */canary-*",
    ],
    [
      "{ namespace: data, except: [{ labels: { tier: test } }, { namespace: x, service: y, labels: { q: r } }] }",
      "data/* except tier=test, x/y with q=r",
    ],
  ])("%s", (ring, said) => {
    expect(describeRings(rule(`ring: ${ring}\non: [left]`))).toBe(said);
  });
});
