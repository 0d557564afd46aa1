import { describe, expect, test } from "vitest";
import { asksExpected } from "../../../src/rules/conditions/asks-expected.ts";
import { loadRules } from "../../../src/rules/load-rules.ts";
import { TEST_KINDS } from "../../support/test-kinds.ts";

function asks(lines: string): boolean {
  const text = `version: 1
destinations: { chat: { slack: { webhookUrl: { env: A } } } }
rules:
  - name: asks
    ring: { namespace: data, service: cassandra }
    notify: [chat]
${lines.replaceAll(/^/gm, "    ")}
`;
  const result = loadRules(text, "rules.yaml", TEST_KINDS);
  const [rule] = result.ok ? result.file.rules : [];
  if (!rule) throw new Error(JSON.stringify(result));
  return asksExpected(rule);
}

describe("a rule needs the expected size", () => {
  test.each([
    ["for percent", "when: { noneReady: true, membersBelow: 50% }"],
    ["for an expression", "when: ring.ready < ring.expected"],
    ["for its title", 'when: { readyBelow: 3 }\ntitle: "{{ ring.ready }} of {{ ring.expected }}"'],
    ["for its message", 'on: [left]\nmessage: "{{ ring.expected }} expected"'],
    ["for a label", 'when: { readyBelow: 3 }\nlabels: { size: "{{ string(ring.expected) }}" }'],
  ])("%s", (_why, lines) => {
    expect(asks(lines)).toBe(true);
  });

  test.each([
    ["numbers", "when: { readyBelow: 3 }"],
    ["the share of a node", "when: { nodeShareAbove: 50% }"],
    ["other texts", 'when: ring.ready < 3\ntitle: "{{ ring.ready }}"\nlabels: { team: data }'],
  ])("but not for %s", (_why, lines) => {
    expect(asks(lines)).toBe(false);
  });
});
