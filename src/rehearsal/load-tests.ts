import { dirname, isAbsolute, join } from "node:path";
import type { DestinationKinds } from "../rules/build-destinations.ts";
import type { RulesFile } from "../rules/load-rules.ts";
import type { Finding, Problem } from "../rules/problem.ts";
import { NO_WORDS, schemaFindings } from "../rules/schema-findings.ts";
import { toProblems } from "../rules/source-frame.ts";
import { MAX_FILE_BYTES, parseYaml, type YamlDocument, type YamlPath } from "../rules/yaml-document.ts";
import { buildTest } from "./build-test.ts";
import { checkTests } from "./check-tests.ts";
import type { ReadBytes } from "./recorded-writes.ts";
import type { TestFile } from "./test-case.ts";
import { maskedText, readRulesAt } from "./test-rules.ts";
import { testFileSchema } from "./test-schema.ts";

/** A file of tests that is right, or everything that is wrong with it and with its rules. */
export type LoadTestsResult =
  | { readonly ok: true; readonly file: TestFile }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** What the loader needs of the world. */
export interface LoadTestsIo {
  readonly kinds: DestinationKinds;
  /** Reads a file that the tests name, by its path from here. Throws an error for people to read. */
  readonly readBytes: ReadBytes;
}

/** Reads a file of tests and the rules that they are about: all problems at once, each with its place. */
export function loadTests(text: string, path: string, io: LoadTestsIo): LoadTestsResult {
  const source = text.startsWith("\uFEFF") ? text.slice(1) : text;
  if (Buffer.byteLength(source) > MAX_FILE_BYTES) {
    const message = "the file is larger than 1 MiB: spread the tests over several files";
    return { ok: false, problems: [{ severity: "error", path, line: 1, column: 1, message }] };
  }
  const parsed = parseYaml(source);
  const findings: Finding[] = [...parsed.findings];
  const problems: Problem[] = [];
  const near: ReadBytes = (name) => io.readBytes(isAbsolute(name) ? name : join(dirname(path), name));
  const file = parsed.ok
    ? readTests(parsed.yaml, source, path, { ...io, readBytes: near }, findings, problems)
    : undefined;
  problems.push(...toProblems(findings, path, maskedText(source, parsed.ok ? parsed.yaml : undefined, path)));
  if (file && problems.length === 0) return { ok: true, file };
  const inOrder = problems.toSorted(
    (a, b) => Number(a.path === path) - Number(b.path === path) || a.line - b.line || a.column - b.column,
  );
  return { ok: false, problems: inOrder };
}

function readTests(
  yaml: YamlDocument,
  text: string,
  path: string,
  io: LoadTestsIo,
  findings: Finding[],
  problems: Problem[],
): TestFile | undefined {
  const parsed = testFileSchema.safeParse(yaml.value, NO_WORDS);
  if (!parsed.success) {
    const place = { yaml, base: [], schema: testFileSchema, value: yaml.value, discreet: false };
    findings.push(...schemaFindings(parsed.error.issues, place));
  }
  const holder = { yaml, text, path, kinds: io.kinds, readBytes: io.readBytes };
  const readRules = (at: YamlPath): RulesFile | undefined => readRulesAt(at, holder, findings, problems);
  const rules = readRules(["rules"]);
  if (!parsed.success) return undefined;
  const { rings, namespaces } = parsed.data;
  const around = { yaml, text, path, rules, readBytes: io.readBytes, readRules, rings, namespaces };
  const tests = parsed.data.tests.map((test, index) => buildTest(test, index, around, findings));
  checkTests(parsed.data.tests, tests, around, findings);
  return rules && { path, rules, tests };
}
