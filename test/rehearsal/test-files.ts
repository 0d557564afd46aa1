import { destinationKinds } from "../../src/destinations/registry.ts";
import { loadTests, type LoadTestsResult } from "../../src/rehearsal/load-tests.ts";
import { runTest, type TestResult } from "../../src/rehearsal/run-test.ts";
import type { TestFile } from "../../src/rehearsal/test-case.ts";
import { formatProblems } from "../../src/rules/format-problems.ts";

/** A change rule and a condition rule on data/cassandra, each telling `hook` and `pager`. */
export const RULES = `version: 1
destinations:
  hook: { webhook: { url: "http://hook.example.com/jobs" } }
  pager: { pagerduty: { routingKey: { env: PAGER_KEY } } }
selfNotify: [hook]
defaults: { notify: [hook, pager] }
rules:
  - { name: left, ring: { namespace: data, service: cassandra }, on: [left], settle: 30s }
  - { name: quorum, ring: { namespace: data, service: cassandra }, when: { readyBelow: 3 } }
`;

/** Loads a file of tests that is said to stand in `tests/a.test.yaml`. */
export function load(
  text: string,
  files: Readonly<Record<string, string | Uint8Array>> = {},
): LoadTestsResult {
  const readBytes = (path: string): Uint8Array => {
    const file = { "rules.yaml": RULES, ...files }[path];
    if (file === undefined) throw new Error("there is no such file");
    return typeof file === "string" ? Buffer.from(file) : file;
  };
  return loadTests(text, "tests/a.test.yaml", { kinds: destinationKinds, readBytes });
}

/** A file of tests about `RULES` with a ring data/cassandra of three, as it was loaded. Throws for one that is not right. */
export function loaded(tests: string, files: Readonly<Record<string, string | Uint8Array>> = {}): TestFile {
  const result = load(
    `rules: ../rules.yaml\nrings:\n  data/cassandra: { members: 3 }\ntests:\n${tests}`,
    files,
  );
  if (!result.ok) throw new Error(formatProblems(result.problems, false));
  return result.file;
}

/** Plays the tests of such a file. */
export function played(
  tests: string,
  files: Readonly<Record<string, string | Uint8Array>> = {},
): TestResult[] {
  const file = loaded(tests, files);
  return file.tests.map((one) => runTest(file.rules, one));
}
