import { describe, expect, test } from "vitest";
import { describeTrigger } from "../../src/rules/describe-rule.ts";
import { loadRules } from "../../src/rules/load-rules.ts";
import { TEST_KINDS } from "../support/test-kinds.ts";

function described(lines: string, ring = "{ namespace: data, service: cassandra }"): string {
  const text = `version: 1
destinations:
  chat: { slack: { webhookUrl: { env: A } } }
  pager: { pagerduty: { routingKey: { env: B } } }
muteWindows: { nights: { timeZone: UTC, from: "22:00", to: "06:00" } }
defaults: { notify: [chat] }
rules:
  - name: described
    ring: ${ring}
${lines.replaceAll(/^/gm, "    ")}
  - { name: other, ring: { namespace: data }, when: { noneReady: true } }
`;
  const result = loadRules(text, "rules.yaml", TEST_KINDS);
  const [rule] = result.ok ? result.file.rules : [];
  if (!rule) throw new Error(JSON.stringify(result));
  return describeTrigger(rule);
}

describe("what keeps a rule from speaking is told with when it speaks", () => {
  test.each([
    ["when: { noneReady: true }\ncooldown: 15m", "none ready, at once, at least 15m apart"],
    ["on: [left]\ncooldown: 1h", "left, settled 10s, at most 1m40s, at least 1h apart"],
    ["when: { noneReady: true }\nmute: [nights]", "none ready, at once, not in nights"],
    ["when: { noneReady: true }\nsuppressedBy: [other]", "none ready, at once, not while other fires"],
    [
      "on: [left]\nsettle: 0s\nsuppressedBy: [{ rule: other, same: node }]",
      "left, at once, not while other fires for its nodes",
    ],
    [
      "on: [left]\nreasons: true\nduring: { rollout: hold }",
      "left, settled 10s, at most 1m40s, in a rollout held for at most 1h",
    ],
    [
      "on: [left]\nguard: { minMembers: 3, maxLost: 50%, otherwise: [pager, chat] }",
      "left, settled 10s, at most 1m40s, to pager, chat if fewer than 3 are left or more than 50% are lost",
    ],
    [
      "on: [left]\nguard: { maxLost: 1, otherwise: [] }",
      "left, settled 10s, at most 1m40s, to nobody if more than 1 are lost",
    ],
  ])("%s", (lines, said) => {
    expect(described(lines)).toBe(said);
  });
});

test("a Service that no rule can name is missing once it was seen, and the others from the start", () => {
  expect(described("when: { missing: true }")).toBe("Service missing, at once");
  expect(
    described(
      "when: { missing: true }",
      "{ namespace: data, service: cassandra, namespaceLabels: { env: test } }",
    ),
  ).toBe("Service missing (once seen), at once");
});
