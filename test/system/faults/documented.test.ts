import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { documentedFaults } from "../../support/documented-faults.ts";

/** The text of all tests in this folder. Each of them looks for its own row; here the rows look for their tests. */
const TESTS = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(".test.ts"))
  .map((file) => readFileSync(`${import.meta.dirname}/${file}`, "utf8"))
  .join("\n");

test("every fault of docs/reliability.md has its test, and there are many", () => {
  const names = documentedFaults().map(({ name }) => name);
  expect(names.length).toBeGreaterThan(70);
  expect(names.filter((name) => !TESTS.includes(`"${name}"`))).toEqual([]);
  expect(new Set(names).size).toBe(names.length);
});
