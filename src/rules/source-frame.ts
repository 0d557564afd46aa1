import { codeFrameColumns } from "@babel/code-frame";
import type { Finding, Problem, Span } from "./problem.ts";
import { positions } from "./yaml-document.ts";

/** Longer lines make frames that nobody can read, and a marker nobody finds. */
const MAX_FRAME_LINE = 200;

/** Replaces what must not be shown, character by character, so that columns stay true. */
export function maskSpans(text: string, spans: readonly Span[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const { start, end } of spans.toSorted((a, b) => a.start - b.start)) {
    if (end <= at) continue;
    const from = Math.max(start, at);
    parts.push(text.slice(at, from), text.slice(from, end).replaceAll(/\S/g, "*"));
    at = end;
  }
  return parts.join("") + text.slice(at);
}

/** Findings as problems with line, column and frame. `masked` is what frames may show. */
export function toProblems(findings: readonly Finding[], path: string, masked: string): Problem[] {
  const positionOf = positions(masked);
  const lines = masked.split(/\r?\n/).map(printable);
  return findings.map(({ severity, span, message, hint }) => {
    const { line, column } = positionOf(span.start);
    const frame = frameOf(lines, line, column, span.end - span.start);
    return {
      severity,
      path,
      line,
      column,
      message: printable(message),
      ...(hint === undefined ? {} : { hint: printable(hint) }),
      ...(frame === undefined ? {} : { frame }),
    };
  });
}

/** Control characters could move the cursor of the terminal that shows them. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]/gu, (char) => (char === "\t" ? char : "\uFFFD"));
}

function frameOf(lines: readonly string[], line: number, column: number, length: number): string | undefined {
  const first = Math.max(1, line - 1);
  const excerpt = lines.slice(first - 1, line + 1);
  if (excerpt.join("").trim() === "" || excerpt.some((text) => text.length > MAX_FRAME_LINE))
    return undefined;
  const rest = Math.max(1, (lines[line - 1] ?? "").length - (column - 1));
  const start = { line, column: column - 1 };
  // Columns of @babel/code-frame count from 0, its lines from 1: https://github.com/babel/babel/pull/17849
  const end = { line, column: column - 1 + Math.max(1, Math.min(length, rest)) };
  return codeFrameColumns(
    excerpt.join("\n"),
    { start, end },
    { startLine: first, linesAbove: 1, linesBelow: 1 },
  );
}
