import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { destinationKinds } from "../../src/destinations/registry.ts";
import { loadRules } from "../../src/rules/load-rules.ts";
import type { LoadResult, RulesFile } from "../../src/rules/load-rules.ts";
import type { Problem } from "../../src/rules/problem.ts";
import type { Rule } from "../../src/rules/rule.ts";
import { GOOD_RULES } from "../support/broken-rules.ts";
import { TEST_KINDS } from "../support/test-kinds.ts";

const load = (text: string): LoadResult => loadRules(text, "rules.yaml", TEST_KINDS);

function loaded(text: string): RulesFile {
  const result = load(text);
  if (!result.ok) throw new Error(JSON.stringify(result.problems, undefined, 1));
  return result.file;
}

function problems(text: string): readonly Problem[] {
  const result = load(text);
  return result.ok ? result.warnings : result.problems;
}

/** One rule with these lines, and with these lines of defaults. */
function rule(lines: string, defaults = ""): Rule {
  const text = `version: 1
destinations: { a: { slack: { webhookUrl: { env: A } } }, b: { slack: { webhookUrl: { env: B } } } }
defaults: { notify: [a]${defaults} }
rules:
  - name: test
${lines.replaceAll(/^/gm, "    ")}
`;
  const [first] = loaded(text).rules;
  if (!first) throw new Error("no rule");
  return first;
}

const RING = "ring: { namespace: data, service: cassandra }";

describe("a rule that says only what it must", () => {
  test("gets the documented defaults, for a condition", () => {
    expect(rule(`${RING}\nwhen: { readyBelow: 3 }`)).toEqual({
      name: "test",
      source: "endpointslices",
      ring: {
        namespaces: ["data"],
        services: ["cassandra"],
        labels: {},
        namespaceLabels: {},
        except: [],
      },
      membership: "present",
      severity: "warning",
      notify: ["a"],
      title: undefined,
      message: undefined,
      runbook: undefined,
      labels: {},
      reasons: false,
      mute: [],
      suppressedBy: [],
      trigger: {
        kind: "condition",
        conditions: [{ kind: "readyBelow", threshold: { kind: "count", count: 3 } }],
        expression: undefined,
        each: undefined,
        forMs: 0,
        keepFiringForMs: 0,
        repeatMs: undefined,
        cooldownMs: 0,
        damping: undefined,
      },
    });
  });

  test("settles 10 s and waits ten times that, for a change", () => {
    const { trigger } = rule(`${RING}\non: [left]`);
    expect(trigger).toEqual({
      kind: "change",
      on: ["left"],
      settleMs: 10_000,
      settleByReason: {},
      maxWaitMs: 100_000,
      cooldownMs: 0,
      reasons: undefined,
      rolloutHoldMs: undefined,
      guard: undefined,
    });
  });
});

describe("a rule that says everything", () => {
  test("keeps all of it", () => {
    const lines = `ring: { namespace: [data, "sh?p"], service: ["*-db", kafka], labels: { tier: storage } }
when: { readyBelow: 3, membersBelow: 4, noneReady: true, missing: true }
for: 1h30m
severity: critical
notify: [b, a]
title: "{{ ring.key }}"
message: plain
runbook: https://example.com/wiki
labels: { team: data }
source: endpoints
membership: serving`;
    expect(rule(lines)).toMatchObject({
      source: "endpoints",
      ring: { namespaces: ["data", "sh?p"], services: ["*-db", "kafka"], labels: { tier: "storage" } },
      membership: "serving",
      severity: "critical",
      notify: ["b", "a"],
      title: { source: "{{ ring.key }}" },
      message: { source: "plain" },
      runbook: "https://example.com/wiki",
      labels: { team: "data" },
      trigger: {
        forMs: 5_400_000,
        conditions: [
          { kind: "readyBelow", threshold: { kind: "count", count: 3 } },
          { kind: "membersBelow", threshold: { kind: "count", count: 4 } },
          { kind: "noneReady" },
          { kind: "missing" },
        ],
      },
    });
  });
});

describe("defaults", () => {
  const DEFAULTS =
    ", severity: info, source: endpoints, settle: 30s, for: 5m, membership: serving, labels: { a: x, b: y }";

  test("fill what a rule leaves out", () => {
    expect(rule(`${RING}\nwhen: { noneReady: true }`, DEFAULTS)).toMatchObject({
      severity: "info",
      source: "endpoints",
      membership: "serving",
      labels: { a: "x", b: "y" },
      trigger: { forMs: 300_000 },
    });
    expect(rule(`${RING}\non: [left]`, DEFAULTS).trigger).toMatchObject({
      settleMs: 30_000,
      maxWaitMs: 300_000,
    });
  });

  test("give way to the rule, labels one by one", () => {
    const lines = `${RING}\non: [left]\nseverity: error\nsource: endpointslices\nsettle: 5s\nlabels: { b: z }\nnotify: [b]`;
    expect(rule(lines, DEFAULTS)).toMatchObject({
      severity: "error",
      source: "endpointslices",
      labels: { a: "x", b: "z" },
      notify: ["b"],
      trigger: { settleMs: 5000, maxWaitMs: 50_000 },
    });
  });

  test("say nothing about timing that a rule could not say", () => {
    expect(rule(`${RING}\non: [left]`, ", for: 5m").trigger.kind).toBe("change");
    expect(rule(`${RING}\nwhen: { noneReady: true }`, ", settle: 0s").trigger.kind).toBe("condition");
  });
});

describe("timing of changes", () => {
  test.each([
    ["settle: 1m", 60_000, 600_000],
    ["settle: 1m\nmaxWait: 1m", 60_000, 60_000],
    ["maxWait: 10s", 10_000, 10_000],
    ["settle: 0s", 0, 0],
    ["settle: 0s\nmaxWait: 5m", 0, 0],
  ])("%j", (lines, settleMs, maxWaitMs) => {
    expect(rule(`${RING}\non: [left]\n${lines}`).trigger).toMatchObject({ settleMs, maxWaitMs });
  });
});

describe("all namespaces", () => {
  test("are asked for by a star alone, also within a list", () => {
    expect(rule('ring: { namespace: "*" }\non: [left]').ring).toEqual({
      namespaces: [],
      services: [],
      labels: {},
      namespaceLabels: {},
      except: [],
    });
    expect(rule('ring: { namespace: [data, "*"], service: "**" }\non: [left]').ring.namespaces).toEqual([]);
  });
});

describe("destinations", () => {
  const file = (lines: string): string => `version: 1
destinations:
  a:
${lines.replaceAll(/^/gm, "    ")}
rules:
  - { name: r, ring: { namespace: data }, on: [left], notify: [a] }
`;

  test("carry what the kind's schema made of their settings, without retryFor", () => {
    const lines = "webhook:\n  url: https://example.com\n  retryFor: 15m";
    expect(loaded(file(lines)).destinations.get("a")).toEqual({
      name: "a",
      kind: "webhook",
      config: { url: "https://example.com", method: "POST" },
      retryForMs: 900_000,
      mute: [],
      group: undefined,
    });
  });

  test("take retryFor beside the kind as well, and need none", () => {
    const slack = "slack: { webhookUrl: { file: /run/secret } }";
    expect(loaded(file(`${slack}\nretryFor: 1h`)).destinations.get("a")?.retryForMs).toBe(3_600_000);
    expect(loaded(file(slack)).destinations.get("a")?.retryForMs).toBeUndefined();
  });

  test("take a URL from a secret", () => {
    expect(loaded(file("webhook: { url: { env: URL } }")).destinations.get("a")?.config).toMatchObject({
      url: { env: "URL" },
    });
  });

  test("that no rule tells are warned about", () => {
    const text = GOOD_RULES.replace(
      "destinations:",
      "destinations:\n  spare: { slack: { webhookUrl: { env: B } } }",
    );
    const result = load(text);
    expect(result.ok).toBe(true);
    expect(result.ok && result.warnings).toMatchObject([
      { severity: "warning", line: 3, column: 3, message: 'no rule tells destination "spare"' },
    ]);
  });
});

describe("warnings", () => {
  test("do not take a destination for unused that only a guard tells", () => {
    const text = GOOD_RULES.replace(
      "destinations:",
      "destinations:\n  spare: { slack: { webhookUrl: { env: B } } }",
    ).replace("when: { readyBelow: 3 }", "on: [left]\n    guard: { minMembers: 3, otherwise: [spare] }");
    expect(load(text)).toMatchObject({ ok: true, warnings: [] });
  });

  test("tell what settle 0s means", () => {
    const text = GOOD_RULES.replace("when: { readyBelow: 3 }", "on: [left]\n    settle: 0s");
    expect(problems(text)).toMatchObject([{ severity: "warning", line: 9, column: 13 }]);
  });
});

describe("files as they come", () => {
  test("may have a byte order mark, CRLF line ends, JSON syntax and anchors", () => {
    expect(load(`\uFEFF${GOOD_RULES}`).ok).toBe(true);
    expect(load(GOOD_RULES.replaceAll("\n", "\r\n")).ok).toBe(true);
    const shared = GOOD_RULES.replace("ring: {", "ring: &cass {");
    const [, second] = loaded(
      `${shared}  - { name: two, ring: *cass, on: [left], notify: [data-team] }\n`,
    ).rules;
    expect(second?.ring.services).toEqual(["cassandra"]);
    const json = `{"version":1,"destinations":{"a":{"slack":{"webhookUrl":{"env":"A"}}}},"rules":[{"name":"r","ring":{"namespace":"data"},"on":["left"],"notify":["a"]}]}`;
    expect(load(json).ok).toBe(true);
  });

  test("have right columns behind CRLF line ends", () => {
    const text = GOOD_RULES.replace("readyBelow", "readyBelw").replaceAll("\n", "\r\n");
    expect(problems(text)).toMatchObject([{ line: 8, column: 13 }]);
  });

  test("are refused above 1 MiB, counted in bytes", () => {
    const filled = (bytes: number): string =>
      `${GOOD_RULES}#${"é".repeat((bytes - GOOD_RULES.length - 2) / 2)}\n`;
    expect(Buffer.byteLength(filled(1024 * 1024))).toBeLessThanOrEqual(1024 * 1024);
    expect(load(filled(1024 * 1024)).ok).toBe(true);
    expect(problems(filled(1024 * 1024 + 4))).toEqual([
      {
        severity: "error",
        path: "rules.yaml",
        line: 1,
        column: 1,
        message: "the file is larger than 1 MiB: a rules file is some kilobytes",
      },
    ]);
  });

  test("of thousands of problems tell a hundred and count the rest", () => {
    const lines = Array.from({ length: 2000 }, (_unused, i) => `x${i}: 1`).join("\n");
    const told = problems(`version: 1\ndestinations: {}\nrules: []\n${lines}\n`);
    expect(told).toHaveLength(101);
    expect(told.at(-1)?.message).toBe("and 1901 more problems");
  });

  test("nested without end are refused and not crashed on", () => {
    expect(load("[".repeat(20_000)).ok).toBe(false);
    expect(load(`a: ${"{b: ".repeat(5000)}`).ok).toBe(false);
  });

  test("cannot move the cursor of a terminal", () => {
    const told = JSON.stringify(problems(`"x\\e[2J": 1 # \u001B[2J\n`));
    expect(told).toContain("unknown key");
    expect(told).not.toMatch(/\\u001b/i);
  });
});

describe("rules.example.yaml", () => {
  const text = readFileSync(new URL("../../rules.example.yaml", import.meta.url), "utf8");

  test("is right for the real destination kinds, without a warning", () => {
    const result = loadRules(text, "rules.example.yaml", destinationKinds);
    expect(result).toMatchObject({ ok: true, warnings: [] });
    expect(result.ok && result.file.rules.map((example) => example.name)).toEqual([
      "cassandra-below-quorum",
      "zone-dark",
      "pod-left-ring",
      "api-down",
      "api-degraded",
      "payment-service-missing",
      "kafka-broker-replaced",
      "node-carries-too-much",
      "crash-loop",
      "legacy-endpoints-shrunk",
    ]);
  });
});

describe("docs/rules.md", () => {
  const text = readFileSync(new URL("../../docs/rules.md", import.meta.url), "utf8");
  const blocks = [...text.matchAll(/```yaml\n(.*?)```/gs)].map((match) => match[1] ?? "");
  const frame = `version: 1
destinations:
  data-team: { slack: { webhookUrl: { env: A } } }
  on-call: { pagerduty: { routingKey: { env: B } } }
  rebalancer: { webhook: { url: http://rebalancer } }
`;

  test.each(blocks)("example %#", (block) => {
    let file = block;
    if (block.startsWith("  - name:")) file = `${frame}defaults: { notify: [data-team] }\nrules:\n${block}`;
    else if (/^(?:destinations|defaults|rules|selfNotify|muteWindows):/.test(block)) {
      const missing = frame.slice(0, block.includes("destinations:") ? "version: 1\n".length : undefined);
      const rules = "rules: [{ name: r, ring: { namespace: data }, on: [left], notify: [data-team] }]\n";
      file = `${missing}${block}${block.includes("rules:") ? "" : rules}`;
    }
    const result = loadRules(file, "docs.yaml", destinationKinds);
    const told = result.ok ? result.warnings : result.problems;
    const ofFrame = /^no rule tells destination|^no rule and no destination names mute window/;
    expect(told.filter(({ message }) => !ofFrame.test(message))).toEqual([]);
  });

  test("explains every key of a rule and of the defaults", async () => {
    const { defaultsSchema, ruleSchema } = await import("../../src/rules/schema.ts");
    const keys = [...Object.keys(ruleSchema.shape), ...Object.keys(defaultsSchema.shape)];
    expect(keys.filter((key) => !text.includes(`\`${key}\``))).toEqual([]);
  });
});
