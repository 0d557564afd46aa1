import { styleText } from "node:util";
import type { Problem } from "./problem.ts";

type Format = Parameters<typeof styleText>[0];

/** Problems as text for people, each as `rules.yaml:4:5 error: …` with its frame. Colours only when asked for. */
export function formatProblems(problems: readonly Problem[], colour: boolean): string {
  // validateStream would look at the real standard output and drop colours that were asked for.
  const paint = (format: Format, text: string): string =>
    colour ? styleText(format, text, { validateStream: false }) : text;
  return problems.map((problem) => formatProblem(problem, paint)).join("\n");
}

/** `2 errors, 1 warning`. */
export function countProblems(problems: readonly Problem[]): string {
  const errors = problems.filter((problem) => problem.severity === "error").length;
  const counts = [plural(errors, "error"), plural(problems.length - errors, "warning")];
  return counts.filter((text) => !text.startsWith("0 ")).join(", ");
}

/** `1 rule`, `2 rules`. */
export function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

function formatProblem(problem: Problem, paint: (format: Format, text: string) => string): string {
  const { path, line, column, severity, message, hint, frame } = problem;
  const kind = paint(severity === "error" ? ["bold", "red"] : ["bold", "yellow"], `${severity}:`);
  const lines = [`${paint("bold", `${path}:${line}:${column}`)} ${kind} ${message}`];
  if (frame !== undefined) {
    for (const text of frame.split("\n")) lines.push(/^>|^ +\| +\^/.test(text) ? text : paint("dim", text));
  }
  if (hint !== undefined) lines.push(`  ${paint("cyan", "hint:")} ${hint}`);
  return `${lines.join("\n")}\n`;
}
