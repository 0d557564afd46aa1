import type { DestinationConfig, DestinationKinds } from "../rules/build-destinations.ts";
import { describeRings, describeTrigger } from "../rules/describe-rule.ts";
import { formatDuration } from "../rules/duration.ts";
import { countProblems, formatProblems, plural } from "../rules/format-problems.ts";
import { loadRules } from "../rules/load-rules.ts";
import type { RulesFile } from "../rules/load-rules.ts";

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
    io.err(`Cannot read rules file ${name}: ${reasonOf(error)}\n`);
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

function summary(name: string, { rules, destinations }: RulesFile): string {
  const rows = rules.map((rule) => [
    rule.name,
    describeRings(rule),
    rule.severity,
    rule.notify.join(", "),
    describeTrigger(rule),
  ]);
  const places = [...destinations.values()].map((place) => [place.name, place.kind, retryWords(place)]);
  return [
    `${name}: ${plural(rules.length, "rule")}, ${plural(destinations.size, "destination")}\n`,
    table(["RULE", "RINGS", "SEVERITY", "TELLS", "SPEAKS WHEN"], rows),
    table(["DESTINATION", "KIND", "RETRIES"], places),
  ].join("\n");
}

function retryWords({ retryForMs }: DestinationConfig): string {
  return retryForMs === undefined ? "as usual for its kind" : `for ${formatDuration(retryForMs)}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_title, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const lines = all.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "));
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOENT") return "there is no such file";
  if (code === "EISDIR") return "it is a directory, name the file in it";
  if (code === "EACCES") return "permission denied";
  return code || "it is not readable";
}
