import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { formatProblems } from "../../src/rules/format-problems.ts";
import { formatResult } from "../../src/rehearsal/format-result.ts";
import { runTest } from "../../src/rehearsal/run-test.ts";
import { STEP_WORDS } from "../../src/rehearsal/step-words.ts";
import { load } from "./test-files.ts";

const DOCS = readFileSync("docs/testing-rules.md", "utf8");
const BLOCKS = [...DOCS.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, block = ""]) => block);
const RULES = readFileSync("rules.example.yaml", "utf8");

/** A block of the page, made whole where it shows a part of a file. */
function whole(block: string): string {
  if (block.startsWith("rules:")) return block;
  const test = "tests:\n  - name: a\n";
  const rings = block.startsWith("rings:") ? block : "";
  return `rules: rules.yaml\n${rings}${test}${rings === "" ? block : "    silent: true\n"}`;
}

describe("docs/testing-rules.md", () => {
  test.each(BLOCKS.map((block) => [block.split("\n").slice(0, 2).join(" "), block]))(
    "shows files that are right: %s",
    (_start, block) => {
      const result = load(whole(block), { "tests/rules.yaml": RULES });
      expect(result.ok ? "" : formatProblems(result.problems, false)).toBe("");
    },
  );

  test("begins with tests that pass", () => {
    const loaded = load(BLOCKS[0] ?? "", { "tests/rules.yaml": RULES });
    const results = loaded.ok ? loaded.file.tests.map((one) => runTest(loaded.file.rules, one)) : [];
    expect(results.map(({ passed }) => passed)).toEqual([true, true]);
  });

  test("shows what a test that fails prints", () => {
    const wrong = (BLOCKS[0] ?? "")
      .replace("[cassandra-4]", "[cassandra-3]")
      .replace("destination: data-team", "destination: on-call");
    const loaded = load(wrong, { "tests/rules.yaml": RULES });
    const shown = loaded.ok
      ? loaded.file.tests.map((one) => formatResult(runTest(loaded.file.rules, one), 4, false)).at(-1)
      : "";
    expect(DOCS).toContain((shown ?? "").replace("tests/a.test.yaml", "rules.test.yaml"));
  });

  test("names every word that a step may hold", () => {
    expect(Object.keys(STEP_WORDS).filter((word) => !DOCS.includes(`\`${word}: `))).toEqual([]);
  });
});
