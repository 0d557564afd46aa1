import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { destinationKinds } from "../../src/destinations/registry.ts";
import { formatResult } from "../../src/rehearsal/format-result.ts";
import { loadTests } from "../../src/rehearsal/load-tests.ts";
import { runTest } from "../../src/rehearsal/run-test.ts";
import type { TestFile } from "../../src/rehearsal/test-case.ts";
import { CONDITION_KINDS } from "../../src/rules/conditions/condition-kinds.ts";
import { formatProblems } from "../../src/rules/format-problems.ts";
import { CHANGE_WORDS } from "../../src/rules/rule.ts";
import { ruleSchema } from "../../src/rules/schema.ts";
import { STEP_WORDS } from "../../src/rehearsal/step-words.ts";

const DIRECTORY = "examples/tests";

function load(text: string, path: string): TestFile {
  const loaded = loadTests(text, path, { kinds: destinationKinds, readBytes: (name) => readFileSync(name) });
  if (!loaded.ok) throw new Error(formatProblems(loaded.problems, false));
  return loaded.file;
}

const files = readdirSync(DIRECTORY).map((name) => {
  const path = join(DIRECTORY, name);
  const text = readFileSync(path, "utf8");
  return { name, path, text, file: load(text, path) };
});

describe.each(files)("examples/tests/$name", ({ file }) => {
  test.each(file.tests)("$name", (one) => {
    const result = runTest(file.rules, one);
    expect(result.passed, formatResult(result, 0, false)).toBe(true);
  });
});

describe("the examples", () => {
  test("show every word that rules and steps have", () => {
    const text = files.map((file) => file.text).join("\n");
    const nested =
      "group mute muteWindows retryFor selfNotify blindAfter defaults body labels namespaceLabels except minMembers maxLost otherwise same rollout";
    const words = [
      ...Object.keys(CONDITION_KINDS),
      ...Object.keys(ruleSchema.shape),
      ...Object.keys(STEP_WORDS),
      ...nested.split(" "),
    ];
    // A recording needs a file of its own: test/rehearsal plays some.
    const missing = words.filter((word) => word !== "recording" && !new RegExp(`\\b${word}:`).test(text));
    expect(missing).toEqual([]);
    for (const change of CHANGE_WORDS) expect(text).toMatch(new RegExp(`on: \\[[^\\]]*\\b${change}\\b`));
    expect(files.every(({ name }) => name.endsWith(".test.yaml"))).toBe(true);
  });

  test("expect the same with a restart in each phase as without", () => {
    const all = files.find(({ name }) => name === "restart-in-each-phase.test.yaml")?.file.tests ?? [];
    const pairs = all.filter(({ steps }) =>
      steps.some(({ acts }) => acts.some(({ word }) => word === "restart")),
    );
    expect(pairs.length).toBeGreaterThan(5);
    for (const { name, expected } of pairs.filter((one) => one.expected.length > 0)) {
      const without = all.find((one) => name.startsWith(`${one.name}, with`));
      expect(without?.expected.map(({ atMs, fields }) => ({ atMs, fields }))).toEqual(
        expected.map(({ atMs, fields }) => ({ atMs, fields })),
      );
    }
  });

  test("fail when their times are a second off", () => {
    const example = files.find(({ name }) => name === "for.test.yaml");
    const { rules, tests } = load(
      (example?.text ?? "").replaceAll("for: 30s", "for: 31s"),
      example?.path ?? "",
    );
    const results = tests.map((one) => runTest(rules, one));
    expect(results.map(({ passed }) => passed)).toEqual([false, true, false, false, false]);
  });

  test("show exactly what is wrong", async () => {
    const example = files.find(({ name }) => name === "rules.example.test.yaml");
    const text = (example?.text ?? "")
      .replace("at: 90s", "at: 91s")
      .replace("joined: []", "joined: [cassandra-5]");
    const { rules, tests } = load(text, example?.path ?? "");
    const results = tests.map((one) => runTest(rules, one)).filter(({ passed }) => !passed);
    expect(results).toHaveLength(1);
    const shown = results.map((result) => formatResult(result, 0, false)).join("");
    await expect(shown).toMatchFileSnapshot("golden/wrong-expectation.golden");
  });
});
