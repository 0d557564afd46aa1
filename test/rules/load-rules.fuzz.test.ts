import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDocument } from "yaml";
import { formatProblems } from "../../src/rules/format-problems.ts";
import { loadRules } from "../../src/rules/load-rules.ts";
import { BROKEN_RULES, GOOD_RULES } from "../support/broken-rules.ts";
import { TEST_KINDS } from "../support/test-kinds.ts";

const FULL = `version: 1
destinations:
  data-team:
    slack: { webhookUrl: { env: SLACK_WEBHOOK_URL } }
  rebalancer:
    webhook: { url: https://example.com, signingSecret: { file: /run/s }, retryFor: 15m }
defaults: { severity: info, notify: [data-team] }
rules:
  - name: below-quorum
    ring: { namespace: data, service: [cassandra, "k*"], labels: { tier: storage } }
    when: { readyBelow: 3 }
    for: 30s
    title: "{{ ring.service }} is down"
    message: |
      Members: {{ ring.members.map(m, m.name).join(", ") }}
  - name: left
    ring: { namespace: "*" }
    on: [left]
    settle: 10s
    notify: [rebalancer]
`;

/** Cuts a piece out, and puts another text in its place. */
const mutations = fc.record({
  at: fc.nat({ max: FULL.length }),
  length: fc.nat({ max: 12 }),
  text: fc.oneof(
    fc.string({ maxLength: 6 }),
    fc.string({ unit: "binary", maxLength: 4 }),
    fc.constantFrom(
      "\n",
      "  ",
      "\t",
      ": ",
      "- ",
      "{",
      "}",
      "[",
      "]",
      '"',
      "'",
      "|",
      ">",
      "&a ",
      "*a",
      "!!x ",
      "#",
      "---\n",
      "{{",
      "}}",
    ),
  ),
});

const mutated = fc.array(mutations, { minLength: 1, maxLength: 4 }).map((list) => {
  let text = FULL;
  for (const { at, length, text: inserted } of list)
    text = text.slice(0, at) + inserted + text.slice(at + length);
  return text;
});

describe("loadRules on files that nobody meant to write", () => {
  test("never crashes, and tells problems that lie within the file", () => {
    fc.assert(
      fc.property(fc.oneof(mutated, fc.string(), fc.constantFrom(...Object.values(BROKEN_RULES))), (text) => {
        const result = loadRules(text, "rules.yaml", TEST_KINDS);
        const problems = result.ok ? result.warnings : result.problems;
        if (!result.ok) expect(problems.some((problem) => problem.severity === "error")).toBe(true);
        const lines = text.split("\n");
        for (const { line, column, message } of problems) {
          expect(message).not.toBe("");
          expect(line).toBeGreaterThanOrEqual(1);
          expect(line).toBeLessThanOrEqual(lines.length);
          expect(column).toBeGreaterThanOrEqual(1);
          expect(column).toBeLessThanOrEqual((lines[line - 1]?.length ?? 0) + 1);
        }
        const order = problems.map(({ line, column }) => line * 1e6 + column);
        expect(order).toEqual(order.toSorted((a, b) => a - b));
        expect(typeof formatProblems(problems, true)).toBe("string");
      }),
      { numRuns: 1500 },
    );
  });

  const paths = [
    [],
    ["destinations", "data-team"],
    ["destinations", "data-team", "slack"],
    ["destinations", "data-team", "slack", "webhookUrl"],
    ["destinations", "rebalancer", "webhook"],
    ["defaults"],
    ["rules", 0],
    ["rules", 0, "ring"],
    ["rules", 0, "when"],
    ["rules", 1],
  ];
  const known =
    /^(?:version|destinations|defaults|rules|slack|pagerduty|webhook|retryFor|webhookUrl|env|file|url|signingSecret|headers|method|severity|notify|source|settle|for|membership|labels|name|ring|when|on|maxWait|title|message|runbook|namespace|service|readyBelow|membersBelow|noneReady|missing)$/;
  const keys = fc
    .oneof(
      fc.string({ minLength: 1, maxLength: 12 }),
      fc.constantFrom(
        "__proto__",
        "constructor",
        "toString",
        "hasOwnProperty",
        "prototype",
        "<<",
        "0",
        "x-note",
      ),
    )
    .filter((key) => !known.test(key));

  test("never accepts an unknown key, wherever it stands", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...paths),
        keys,
        fc.constantFrom<unknown>(1, "x", true, null),
        (path, key, value) => {
          const document = parseDocument(FULL);
          document.setIn([...path, key], value);
          const result = loadRules(document.toString(), "rules.yaml", TEST_KINDS);
          expect(result.ok).toBe(false);
        },
      ),
      { numRuns: 600 },
    );
  });

  test("never shows a literal that stands where a secret belongs", () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9+/=_-]{8,60}$/).filter((text) => !FULL.includes(text));
    const shape = fc.constantFrom(
      (text: string) => `"${text}"`,
      (text: string) => `'${text}'`,
      (text: string) => `{ value: "${text}" }`,
      (text: string) => `["${text}"]`,
      (text: string) => `{ env: { name: "${text}" } }`,
      (text: string) => `|\n      ${text}\n     `,
      (text: string) => `"${text}" oops: [`,
    );
    fc.assert(
      fc.property(secret, shape, fc.boolean(), (text, write, breakElsewhere) => {
        const file = GOOD_RULES.replace(
          "slack: { webhookUrl: { env: SLACK_WEBHOOK_URL } }",
          () => `slack:\n      webhookUrl: ${write(text)}`,
        );
        const result = loadRules(breakElsewhere ? `${file}\t- @\n` : file, "rules.yaml", TEST_KINDS);
        expect(result.ok).toBe(false);
        expect(JSON.stringify(result)).not.toContain(text);
      }),
      { numRuns: 500 },
    );
  });

  test("keeps the good file good", () => {
    expect(loadRules(FULL, "rules.yaml", TEST_KINDS)).toMatchObject({ ok: true, warnings: [] });
  });
});
