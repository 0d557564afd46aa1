import { RE2JS, RE2JSSyntaxException } from "re2js";
import { DURATION_WANTED } from "../rules/duration-schema.ts";
import { parseDuration } from "../rules/duration.ts";
import { didYouMean } from "../rules/nearest.ts";
import type { RulesFile } from "../rules/load-rules.ts";
import type { Finding } from "../rules/problem.ts";
import { positions, valueSpan, type YamlPath } from "../rules/yaml-document.ts";
import { listedExpectations, type TestSurroundings } from "./build-test.ts";
import { matcherOf } from "./match-value.ts";
import { STEP_WORDS } from "./step-words.ts";
import type { TestCase } from "./test-case.ts";
import type { RawExpectation, RawSilent, RawStep, RawTest } from "./test-schema.ts";
import { isRuleName, ruleNames, toldDestinations } from "./told-destinations.ts";

type Report = (path: YamlPath, message: string, hint?: string) => void;

/** What a test's names are looked up in. */
interface Names {
  /** The rules of the file, and those that its steps go over to; undefined when something is wrong with them. */
  readonly files: readonly RulesFile[] | undefined;
}

/** Finds what is wrong between the parts of a file of tests whose parts each are right. `built`: the same tests, as they will be played. */
export function checkTests(
  tests: readonly RawTest[],
  built: readonly TestCase[],
  around: TestSurroundings,
  findings: Finding[],
): void {
  const report: Report = (path, message, hint) =>
    findings.push({ severity: "error", span: valueSpan(around.yaml, path), message, hint });
  const lines = positions(around.text);
  const firstUse = new Map<string, YamlPath>();
  for (const [index, test] of tests.entries()) {
    const path = ["tests", index];
    const first = firstUse.get(test.name);
    if (first) {
      const { line } = lines(valueSpan(around.yaml, first).start);
      report([...path, "name"], `test name "${test.name}" is taken already, in line ${line}`);
    } else firstUse.set(test.name, [...path, "name"]);
    const later = built[index]?.laterRules;
    const files = around.rules && later && [around.rules, ...later];
    const rings = Object.keys({ ...around.rings, ...test.rings });
    checkTest(test, path, rings, { files }, report);
  }
}

function checkTest(
  test: RawTest,
  path: YamlPath,
  rings: readonly string[],
  around: Names,
  report: Report,
): void {
  if (test.expect === undefined && test.silent === undefined) {
    report(
      [...path, "name"],
      "the test expects nothing",
      "write expect: […], or silent: true where nobody is to be told",
    );
  }
  if (test.expect !== undefined && test.silent === true) {
    report(
      [...path, "silent"],
      "silent: true beside expect",
      "write silent: [names] for rules and destinations that must say nothing",
    );
  }
  checkSilent(test.silent, [...path, "silent"], around, report);
  let lastMs = 0;
  for (const [index, step] of (test.timeline ?? []).entries()) {
    const at = [...path, "timeline", index];
    if (step.at < lastMs)
      report([...at, "at"], "the step is earlier than the one before it", "steps stand in the order of time");
    lastMs = Math.max(lastMs, step.at);
    checkStep(step, at, rings, report);
    checkSilent(step.silent, [...at, "silent"], around, report);
    const down = (step["destinationDown"] as { readonly name: readonly string[] } | undefined)?.name ?? [];
    for (const name of down) checkDestination(name, [...at, "destinationDown", "name"], around, report);
  }
  for (const { raw, path: at } of listedExpectations(test, path)) checkExpectation(raw, at, around, report);
}

function checkStep(step: RawStep, path: YamlPath, rings: readonly string[], report: Report): void {
  const words = Object.keys(step).filter(
    (word) => step[word] !== undefined && Object.hasOwn(STEP_WORDS, word),
  );
  if (words.length === 0 && step.silent === undefined) {
    report(
      path,
      "nothing happens in this step",
      `it needs one of ${Object.keys(STEP_WORDS).join(", ")} or silent`,
    );
  }
  const { ring } = step;
  if (ring !== undefined && !rings.includes(ring))
    report([...path, "ring"], `no ring "${ring}" in this test${didYouMean(ring, rings)}`, known(rings));
  const onOne = words.find((word) => STEP_WORDS[word]?.rings === "one");
  if (onOne === undefined || ring !== undefined || rings.length === 1) return;
  if (rings.length === 0)
    report([...path, onOne], `${onOne} needs a ring`, "write rings: { namespace/service: { members: 3 } }");
  else report([...path, onOne], `${onOne} does not say which ring`, `add ring: ${rings.join(" or ring: ")}`);
}

function checkExpectation(raw: RawExpectation, path: YamlPath, around: Names, report: Report): void {
  const { at: _at, within: _within, destination, ...fields } = raw;
  for (const name of destination ?? []) checkDestination(name, [...path, "destination"], around, report);
  const { files } = around;
  const isKnown = !files || raw.rule === undefined || isRuleName(raw.rule, files);
  if (files && raw.rule !== undefined && !isKnown) {
    const names = ruleNames(files);
    report([...path, "rule"], `no rule "${raw.rule}"${didYouMean(raw.rule, names)}`, known(names));
  } else if (files && destination === undefined) {
    const told = toldDestinations(raw.rule, files) ?? [];
    if (told.length === 0)
      report(path, "the expectation does not say who is told", "add destination: or rule:");
  }
  checkMatchers(fields, path, report);
}

function checkDestination(name: string, path: YamlPath, { files }: Names, report: Report): void {
  const names = files ? destinationNames(files) : [name];
  if (!names.includes(name)) report(path, `no destination "${name}"${didYouMean(name, names)}`, known(names));
}

function checkSilent(silent: RawSilent | undefined, path: YamlPath, { files }: Names, report: Report): void {
  if (!files || silent === undefined || silent === true) return;
  const names = [...ruleNames(files), ...destinationNames(files)];
  for (const name of silent)
    if (!names.includes(name))
      report(path, `no rule or destination "${name}"${didYouMean(name, names)}`, known(names));
}

function destinationNames(files: readonly RulesFile[]): string[] {
  return [...new Set(files.flatMap(({ destinations }) => [...destinations.keys()]))];
}

function checkMatchers(value: unknown, path: YamlPath, report: Report): void {
  if (typeof value !== "object" || value === null) return;
  const matcher = matcherOf(value);
  const wanted = matcher && String((value as Readonly<Record<string, unknown>>)[matcher]);
  if (matcher === "matches" && wanted !== undefined) {
    const issue = regexIssue(wanted);
    if (issue !== undefined)
      report([...path, matcher], `"matches" must be a regular expression (RE2): ${issue}`);
  } else if (matcher === "at" && wanted !== undefined) {
    const duration = parseDuration(wanted);
    if (!duration.ok) report([...path, matcher], `"at" ${DURATION_WANTED}: ${duration.issue}`);
  }
  for (const [key, one] of Object.entries(value))
    checkMatchers(one, [...path, Array.isArray(value) ? Number(key) : key], report);
}

function regexIssue(pattern: string): string | undefined {
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    return error instanceof RE2JSSyntaxException ? error.message : String(error);
  }
}

function known(names: readonly string[]): string | undefined {
  return names.length > 0 ? `there are: ${names.join(", ")}` : undefined;
}
