import { formatResult } from "./format-result.ts";
import type { TestResult } from "./run-test.ts";

/** The tests of one file as they ended, each with the time that it took. */
export interface FileResults {
  readonly path: string;
  readonly results: readonly { readonly result: TestResult; readonly tookMs: number }[];
}

/** A file of tests that could not be played. */
export interface BadFile {
  readonly path: string;
  /** What is wrong with it, for people. */
  readonly why: string;
}

/** Results as JUnit XML, in the form that CI servers read: https://github.com/testmoapp/junitxml */
export function junitXml(files: readonly FileResults[], bad: readonly BadFile[] = []): string {
  const suites = files.map(({ path, results }) => {
    const cases = results.map(({ result, tookMs }) => testCase(path, result, tookMs));
    return `  <testsuite${attributes({ name: path, ...counts(results) })}>\n${cases.join("")}  </testsuite>\n`;
  });
  const all = files.flatMap(({ results }) => results);
  const total = { ...counts(all), tests: all.length + bad.length, errors: bad.length };
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${attributes({ name: "ringbell test", ...total })}>\n${suites.join("")}${bad.map(badSuite).join("")}</testsuites>\n`;
}

/** Where a file is not right there are no tests: it is an error of its own. */
function badSuite({ path, why }: BadFile): string {
  const suite = attributes({ name: path, tests: 1, failures: 0, errors: 1, time: seconds(0) });
  const head = attributes({ name: "the file is right", classname: path, file: path });
  const error = `<error${attributes({ message: "the file is not right" })}>${escaped(why)}</error>`;
  return `  <testsuite${suite}>\n    <testcase${head}>\n      ${error}\n    </testcase>\n  </testsuite>\n`;
}

function testCase(path: string, result: TestResult, tookMs: number): string {
  const { name, place } = result.test;
  const head = `    <testcase${attributes({ name, classname: path, file: path, line: place.line, time: seconds(tookMs) })}`;
  if (result.passed) return `${head}/>\n`;
  const text = escaped(formatResult(result, tookMs, false));
  return `${head}>\n      <failure${attributes({ message: `${name} failed` })}>${text}</failure>\n    </testcase>\n`;
}

function counts(results: FileResults["results"]): Readonly<Record<string, string | number>> {
  const failures = results.filter(({ result }) => !result.passed).length;
  const tookMs = results.reduce((sum, one) => sum + one.tookMs, 0);
  return { tests: results.length, failures, errors: 0, time: seconds(tookMs) };
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escaped(String(value)).replaceAll("\n", "&#10;")}"`)
    .join("");
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Also without the characters that XML 1.0 knows no way to write. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^\P{Cc}\t\n]|[\uFFFE\uFFFF]/gu, "\uFFFD")
    .replaceAll(/[&<>"]/g, (char) => ENTITIES[char] ?? char);
}
