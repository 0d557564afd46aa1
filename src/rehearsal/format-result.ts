import { styleText } from "node:util";
import { type Comparison, formatOffset } from "./compare-said.ts";
import { type FieldDifference, showValue } from "./match-value.ts";
import type { TestResult } from "./run-test.ts";
import type { Said } from "./said.ts";
import type { ExpectedNotice, TestStep } from "./test-case.ts";

type Format = Parameters<typeof styleText>[0];
type Paint = (format: Format, text: string) => string;

interface Row {
  readonly atMs: number;
  readonly mark: " " | "✓" | "-" | "+" | "~";
  readonly who: string;
  readonly what: string;
  /** What is wrong, in a word or two. */
  readonly wrong: string;
  readonly fields: readonly FieldDifference[];
}

const COLOURS: Readonly<Record<Row["mark"], Format>> = {
  " ": "dim",
  "✓": "green",
  "-": "red",
  "+": "yellow",
  "~": "magenta",
};

/** More as-expected rows than these are left out: they only show where one is. */
const MOST_ROWS = 200;
/** Longer texts are cut. */
const MOST_CHARACTERS = 100;

/**
 * One line, `✓ name (3 ms)`; below a failed test what was expected and what was said, in the order of time, each as `-` missing,
 * `+` unexpected, `~` differing field by field, or `✓`.
 */
export function formatResult(result: TestResult, tookMs: number, colour: boolean): string {
  // validateStream would look at the real standard output and drop colours that were asked for.
  const paint: Paint = (format, text) => (colour ? styleText(format, text, { validateStream: false }) : text);
  const { test, passed, faults, comparisons } = result;
  const time = paint("dim", `(${Math.round(tookMs)} ms)`);
  if (passed) return `  ${paint("green", "✓")} ${test.name} ${time}\n`;
  const { path, line, column } = test.place;
  const head = [`  ${paint(["bold", "red"], "✗")} ${paint("bold", test.name)} ${time}`];
  head.push(paint("dim", `    ${path}:${line}:${column}`));
  for (const { place, message } of faults)
    head.push(`    ${paint("red", "!")} ${message} ${paint("dim", `(line ${place.line})`)}`);
  const isWrong = comparisons.some(({ kind }) => kind !== "asExpected");
  const body = isWrong || faults.length > 0 ? formatRows(rowsOf(result), paint) : [];
  return [...head, ...body, ""].join("\n");
}

function rowsOf({ test, comparisons }: TestResult): Row[] {
  const rows = [...test.steps.map(stepRow), ...comparisons.map((one) => comparisonRow(one, test.startMs))];
  const sorted = rows.toSorted((a, b) => a.atMs - b.atMs);
  return sorted.length <= MOST_ROWS ? sorted : sorted.filter(({ mark }) => mark !== "✓");
}

function stepRow({ atMs, text }: TestStep): Row {
  return { atMs, mark: " ", who: "", what: cut(text), wrong: "", fields: [] };
}

function comparisonRow(one: Comparison, startMs: number): Row {
  switch (one.kind) {
    case "asExpected":
      return { ...saidRow(one.said, startMs), mark: "✓" };
    case "unexpected":
      return { ...saidRow(one.said, startMs), mark: "+", wrong: unexpectedWords(one.said.atMs - startMs) };
    case "differs": {
      const row = saidRow(one.said, startMs);
      return { ...row, mark: "~", wrong: `not as in line ${one.expected.place.line}`, fields: one.fields };
    }
    case "missing":
      return missingRow(one.expected);
    default:
      return one satisfies never;
  }
}

function saidRow({ atMs, destination, notice }: Said, startMs: number): Row {
  const { kind, rule, ring, title } = notice;
  const what = `${kind} ${rule} ${ring.key} ${cut(JSON.stringify(title))}`;
  return { atMs: atMs - startMs, mark: "✓", who: destination, what, wrong: "", fields: [] };
}

function unexpectedWords(afterMs: number): string {
  return afterMs < 0 ? "unexpected: the rings speak before the test begins" : "unexpected";
}

function missingRow({ atMs, destination, fields, place }: ExpectedNotice): Row {
  const { kind, rule, ring, ...others } = fields;
  const more = Object.entries(others).map(([key, value]) => `${key}: ${showValue(value)}`);
  const known = [kind, rule, typeof ring === "string" ? ring : undefined];
  const facts = [...known, cut(more.join(", "))].filter((fact) => fact !== undefined && fact !== "");
  const wrong = `missing, expected in line ${place.line}`;
  return { atMs, mark: "-", who: destination, what: facts.join(" "), wrong, fields: [] };
}

function formatRows(rows: readonly Row[], paint: Paint): string[] {
  const times = Math.max(...rows.map(({ atMs }) => formatOffset(atMs).length));
  const names = Math.max(...rows.map(({ who }) => who.length));
  return rows.flatMap(({ atMs, mark, who, what, wrong, fields }) => {
    const start = `${mark} ${formatOffset(atMs).padEnd(times)}  ${who.padEnd(names)}  ${what}`;
    const line = `      ${paint(COLOURS[mark], start)}${wrong === "" ? "" : `  ${paint("bold", wrong)}`}`;
    return [line.trimEnd(), ...fields.flatMap((field) => formatField(field, times + 10, paint))];
  });
}

function formatField({ path, expected, received }: FieldDifference, indent: number, paint: Paint): string[] {
  const margin = " ".repeat(indent);
  return [
    `${margin}${path}`,
    `${margin}  ${paint("green", `expected  ${cut(expected)}`)}`,
    `${margin}  ${paint("red", `received  ${cut(received)}`)}`,
  ];
}

function cut(text: string): string {
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS - 1)}…` : text;
}
