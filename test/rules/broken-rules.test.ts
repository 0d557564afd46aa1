import { describe, expect, test } from "vitest";
import { formatProblems } from "../../src/rules/format-problems.ts";
import { loadRules } from "../../src/rules/load-rules.ts";
import { BROKEN_RULE_KEYS } from "../support/broken-rule-keys.ts";
import { BROKEN_RULES } from "../support/broken-rules.ts";
import { TEST_KINDS } from "../support/test-kinds.ts";

describe("what is said about broken rules files", () => {
  test.each(Object.entries({ ...BROKEN_RULES, ...BROKEN_RULE_KEYS }))("%s", async (name, text) => {
    const result = loadRules(text, "rules.yaml", TEST_KINDS);
    expect(result.ok).toBe(false);
    if (result.ok) return;
    const said = formatProblems(result.problems, false);
    expect(said).not.toContain("hunter2");
    await expect(said).toMatchFileSnapshot(`golden/${name}.golden`);
  });
});
