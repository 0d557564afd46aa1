import type { DestinationConfig, DestinationKinds } from "../rules/build-destinations.ts";
import { describeRings, describeTrigger } from "../rules/describe-rule.ts";
import { formatDuration } from "../rules/duration.ts";
import { countProblems, formatProblems, plural } from "../rules/format-problems.ts";
import { loadRules } from "../rules/load-rules.ts";
import type { RulesFile } from "../rules/load-rules.ts";
import { fileTrouble } from "./file-trouble.ts";

/** What `ringbell check` needs of the world. */
export interface CheckIo {
  /** Reads a whole file as UTF-8, or standard input for the path `-`. Throws what `node:fs` throws. */
  readonly readFile: (path: string) => string;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Whether problems may be coloured. */
  readonly colour: boolean;
}

/** All files are right. */
const OK = 0;
/** A file has an error or cannot be read. */
const BAD = 2;

/**
 * `ringbell check RULES…`: prints every problem of every file to standard error, and for each file that is right
 * what it makes Ringbell do to standard output. Returns the exit code: 0, or 2 when a file is not right.
 */
export function check(paths: readonly string[], kinds: DestinationKinds, io: CheckIo): number {
  if (paths.length === 0) {
    io.err("Cannot check rules: no file is named, try ringbell check rules.yaml\n");
    return BAD;
  }
  const codes = paths.map((path) => checkFile(path, kinds, io));
  return Math.max(...codes);
}

function checkFile(path: string, kinds: DestinationKinds, io: CheckIo): number {
  const name = path === "-" ? "<stdin>" : path;
  let text: string;
  try {
    text = io.readFile(path);
  } catch (error) {
    io.err(`Cannot read rules file ${name}: ${fileTrouble(error)}\n`);
    return BAD;
  }
  if (/^tests:/m.test(text) && !/^destinations:/m.test(text)) {
    io.err(`Cannot check ${name}: it is a file of tests and no rules file, try ringbell test\n`);
    return BAD;
  }
  const result = loadRules(text, name, kinds);
  const problems = result.ok ? result.warnings : result.problems;
  if (problems.length > 0)
    io.err(`${formatProblems(problems, io.colour)}\n${name}: ${countProblems(problems)}\n`);
  if (!result.ok) return BAD;
  io.out(summary(name, result.file));
  return OK;
}

function summary(name: string, { rules, destinations, selfNotify }: RulesFile): string {
  const rows = rules.map((rule) => [
    rule.name,
    describeRings(rule),
    rule.severity,
    rule.notify.join(", "),
    describeTrigger(rule),
  ]);
  const places = [...destinations.values()].map((place) => [
    place.name,
    place.kind,
    retryWords(place),
    hearsWords(place),
  ]);
  const self = selfNotify.length > 0 ? selfNotify.join(", ") : "nobody (selfNotify is empty)";
  return [
    `${name}: ${plural(rules.length, "rule")}, ${plural(destinations.size, "destination")}\n`,
    wideTable(["RULE", "RINGS", "SEVERITY", "TELLS", "SPEAKS WHEN"], rows),
    wideTable(["DESTINATION", "KIND", "RETRIES", "HEARS ALERTS"], places),
    `Of Ringbell's own troubles hears ${self}\n`,
  ].join("\n");
}

function retryWords({ retryForMs }: DestinationConfig): string {
  return retryForMs === undefined ? "as usual" : `for ${formatDuration(retryForMs)}`;
}

function hearsWords({ mute, group }: DestinationConfig): string {
  const words = group
    ? [
        `${group.by.length > 0 ? `together by ${group.by.join(" and ")}` : "all together"} after ${formatDuration(group.waitMs)}`,
        `then every ${formatDuration(group.intervalMs)}`,
      ]
    : ["one by one"];
  if (mute.length > 0) words.push(`not in ${mute.join(" or ")}`);
  return words.join(", ");
}

/** Columns of a terminal that most people have. */
const WIDTH = 100;
const INDENT = "    ";

/** A table; where it would be too wide the last column stands below the others, folded at its spaces. */
function wideTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const whole = table(head, rows);
  if (whole.split("\n").every((line) => line.length <= WIDTH)) return whole;
  const lines = table(
    head.slice(0, -1),
    rows.map((row) => row.slice(0, -1)),
  ).split("\n");
  const below = [head, ...rows].map((row) => folded(row.at(-1) ?? ""));
  return below.map((text, at) => `${lines[at]}\n${text}`).join("");
}

function folded(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    const longer = last === undefined ? word : `${last} ${word}`;
    if (last !== undefined && INDENT.length + longer.length <= WIDTH) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.map((line) => `${INDENT}${line}\n`).join("");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_title, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const lines = all.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "));
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}
