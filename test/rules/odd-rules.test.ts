import { describe, expect, test } from "vitest";
import { formatProblems } from "../../src/rules/format-problems.ts";
import { loadRules } from "../../src/rules/load-rules.ts";
import { EVEN_RULES, ODD_RULES } from "../support/odd-rules.ts";
import { TEST_KINDS } from "../support/test-kinds.ts";

function warnings(text: string): string {
  const result = loadRules(text, "rules.yaml", TEST_KINDS);
  if (!result.ok) throw new Error(formatProblems(result.problems, false));
  return formatProblems(result.warnings, false);
}

describe("what is said about rules files that are legal and surely not meant", () => {
  test.each(Object.entries(ODD_RULES))("%s", async (name, text) => {
    const said = warnings(text);
    expect(said).toContain("warning:");
    expect(said).not.toContain("hunter2");
    await expect(said).toMatchFileSnapshot(`golden/${name}.golden`);
  });
});

describe("nothing is said about", () => {
  test.each(Object.entries(EVEN_RULES))("%s", (_name, text) => {
    expect(warnings(text)).toBe("");
  });
});
