import type { RulesFile } from "../rules/load-rules.ts";
import type { Finding } from "../rules/problem.ts";
import { positions, valueSpan, type YamlDocument, type YamlPath } from "../rules/yaml-document.ts";
import { showValue } from "./match-value.ts";
import type { ReadBytes } from "./recorded-writes.ts";
import type { StagedRingOptions } from "./staged-ring.ts";
import { asPod, STEP_WORDS } from "./step-words.ts";
import type { ExpectedNotice, FilePlace, StepAct, TestCase, TestStep } from "./test-case.ts";
import type { RawExpectation, RawRing, RawStep, RawTest } from "./test-schema.ts";
import { toldDestinations } from "./told-destinations.ts";

/** When tests begin that do not care: a Thursday. */
const DEFAULT_START_MS = Date.UTC(2026, 0, 1);

/** Characters of a value in a line. */
const SHOWN_MAX = 100;

/** What stands around the tests of a file. */
export interface TestSurroundings {
  readonly yaml: YamlDocument;
  readonly text: string;
  readonly path: string;
  /** Undefined when something is wrong with them. */
  readonly rules: RulesFile | undefined;
  readonly readBytes: ReadBytes;
  /** Reads rules that stand at a place of the file, or that it names there; undefined when they are wrong, which is reported then. */
  readonly readRules: (at: YamlPath) => RulesFile | undefined;
  /** Those of all tests; a test's own come on top. */
  readonly rings: Readonly<Record<string, RawRing>> | undefined;
  readonly namespaces: TestCase["namespaces"] | undefined;
}

/** A checked test, complete. Files that its steps name are read, with a finding for each that cannot be. */
export function buildTest(
  raw: RawTest,
  index: number,
  around: TestSurroundings,
  findings: Finding[],
): TestCase {
  const path: YamlPath = ["tests", index];
  const rings = Object.entries({ ...around.rings, ...raw.rings });
  const timeline = raw.timeline ?? [];
  const steps = timeline.map((step, at) => buildStep(step, [...path, "timeline", at], around, findings));
  const reloads = steps.flatMap(({ acts }) => acts.filter(({ word }) => word === "reload"));
  const laterRules = reloads.map(({ value }) => value as RulesFile | undefined);
  const later = laterRules.every((file) => file !== undefined) ? laterRules : undefined;
  return {
    name: raw.name,
    place: placeOf(around, [...path, "name"]),
    rings: rings.map(([key, ring]) => ringOptions(key, ring)),
    namespaces: { ...around.namespaces, ...raw.namespaces },
    startMs: raw.startAt === undefined ? DEFAULT_START_MS : Date.parse(raw.startAt),
    freshStart: raw.freshStart ?? false,
    steps,
    forMs: raw.for,
    ...expectations(raw, path, around, later),
    silent: raw.silent,
    laterRules: later,
  };
}

/** The expectations of a test as they stand in its file, each with its path. */
export function listedExpectations(
  { expect = [] }: Pick<RawTest, "expect">,
  path: YamlPath,
): readonly { readonly raw: RawExpectation; readonly path: YamlPath }[] {
  const isList = Array.isArray(expect);
  const list = isList ? expect : expect.includes;
  const base = isList ? [...path, "expect"] : [...path, "expect", "includes"];
  return list.map((raw, index) => ({ raw, path: [...base, index] }));
}

function expectations(
  raw: RawTest,
  path: YamlPath,
  around: TestSurroundings,
  later: readonly RulesFile[] | undefined,
): Pick<TestCase, "expected" | "mayHoldMore"> {
  const files = around.rules && later && [around.rules, ...later];
  const expected = listedExpectations(raw, path).flatMap(({ raw: one, path: at }): ExpectedNotice[] => {
    const { at: atMs, within: withinMs = 0, destination, ...fields } = one;
    const place = placeOf(around, at);
    const told = destination ?? toldDestinations(one.rule, files) ?? [];
    return told.map((name) => ({ atMs, withinMs, destination: name, place, fields }));
  });
  return { expected, mayHoldMore: raw.expect !== undefined && !Array.isArray(raw.expect) };
}

function buildStep(raw: RawStep, path: YamlPath, around: TestSurroundings, findings: Finding[]): TestStep {
  const { at, ring, silent } = raw;
  const written = valueIn(around.yaml.value, path);
  // In the order in which they stand in the file.
  const words = Object.keys(written).filter((word) => Object.hasOwn(STEP_WORDS, word));
  const acts = words.map((word): StepAct => {
    const { load } = STEP_WORDS[word] ?? {};
    if (!load) return { word, value: raw[word] };
    const files = { readBytes: around.readBytes, readRules: () => around.readRules([...path, word]) };
    try {
      return { word, value: load(raw[word], files) };
    } catch (error) {
      const why = (error as Error).message;
      const message = /^cannot /i.test(why) ? why : `cannot read ${String(raw[word])}: ${why}`;
      findings.push({ severity: "error", span: valueSpan(around.yaml, [...path, word]), message });
      return { word, value: undefined };
    }
  });
  const shown = Object.entries(written).filter(([key]) => key !== "at");
  const text = shown
    .map(([key, value]) => `${key}: ${typeof value === "string" ? value : inShort(showValue(value))}`)
    .join(", ");
  return { atMs: at, place: placeOf(around, path), ring, silent, acts, text };
}

/** A whole rules file is too much for a line. */
function inShort(text: string): string {
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
}

function ringOptions(key: string, raw: RawRing): StagedRingOptions {
  const [namespace = "", service = ""] = key.split("/");
  const { members, zones = [], nodes, labels = {}, publishNotReadyAddresses = false, absent = false } = raw;
  const pods =
    typeof members === "number"
      ? Array.from({ length: members }, (_none, ordinal) => ({ name: `${service}-${ordinal}` }))
      : members.map(asPod);
  return { namespace, service, labels, pods, zones, nodes, publishNotReadyAddresses, absent };
}

function placeOf({ yaml, text, path }: TestSurroundings, at: YamlPath): FilePlace {
  return { path, ...positions(text)(valueSpan(yaml, at).start) };
}

function valueIn(root: unknown, path: YamlPath): Readonly<Record<string, unknown>> {
  let value = root;
  for (const part of path) value = (value as Readonly<Record<PropertyKey, unknown>>)[part];
  return value as Readonly<Record<string, unknown>>;
}
