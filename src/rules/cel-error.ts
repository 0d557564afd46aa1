import { fieldNames, knownElsewhere, variableNames } from "./cel-fields.ts";
import type { CelScope } from "./cel-fields.ts";
import { wordsFor } from "./cel-words.ts";
import { didYouMean } from "./nearest.ts";
import type { Span } from "./problem.ts";

/** What is wrong with an expression or template; the span counts from its first character. */
export interface CelIssue {
  readonly span: Span;
  readonly message: string;
  readonly hint?: string;
}

/** Why an expression has no value now. The message is one short line. */
export class CelError extends Error {
  override readonly name = "CelError";
}

/** An error of the CEL library in our words, with its place in the expression. */
export function issueOf(error: unknown, source: string, scope: CelScope): CelIssue {
  const span = within(source, rangeOf(error));
  const summary = summaryOf(error) ?? "not an expression";
  const [, variable] = /^Unknown variable: (\w+)$/.exec(summary) ?? [];
  if (variable !== undefined) return unknownName(variable, span, scope);
  const [, field] = /^No such key: (\w+)$/.exec(summary) ?? [];
  if (field !== undefined) return unknownField(field, span, fieldNames(ownerType(error)));
  // The library tells of a large expression at the place where it stopped reading, or at its start.
  if (summary.startsWith("Exceeded maxAstNodes"))
    return { span: trimmedSpan(source), ...wordsFor(summary, "") };
  return { span, ...wordsFor(summary, source.slice(span.start, span.end)) };
}

/** The library's own short text: `message` also holds a code frame. */
export function summaryOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("summary" in error)) return undefined;
  return typeof error.summary === "string" ? error.summary : undefined;
}

const MAX_INT = 2n ** 63n - 1n;

/** True for what is no 64-bit integer: https://github.com/google/cel-spec/blob/master/doc/langdef.md#overflow */
export function isOverflow(value: unknown): boolean {
  return typeof value === "bigint" && (value > MAX_INT || value < -MAX_INT - 1n);
}

function unknownName(name: string, span: Span, scope: CelScope): CelIssue {
  const names = variableNames(scope);
  const elsewhere = knownElsewhere(name);
  const hint = `known here: ${names.join(", ")}`;
  if (elsewhere !== undefined) return { span, message: `"${name}" is known only ${elsewhere}`, hint };
  const match = didYouMean(name, names);
  return match === ""
    ? { span, message: `unknown name "${name}"`, hint }
    : { span, message: `unknown name "${name}"${match}` };
}

function unknownField(field: string, span: Span, known: readonly string[]): CelIssue {
  const match = didYouMean(field, known);
  const message = `no field "${field}"${match}`;
  return match === "" && known.length > 0
    ? { span, message, hint: `known here: ${known.join(", ")}` }
    : { span, message };
}

/** The type of the value that was asked for a field: the library leaves it at the node. */
function ownerType(error: unknown): string {
  const node = property(error, "node");
  const args = property(node, "args");
  const owner: unknown = Array.isArray(args) ? args[0] : undefined;
  const name = property(property(owner, "checkedType"), "name");
  return typeof name === "string" ? name : "";
}

function property(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (Reflect.get(value, key) as unknown) : undefined;
}

/** At least one character, and never outside of the expression. Without a range all of it, without blanks around it. */
function within(source: string, range: Span | undefined): Span {
  if (!range) return trimmedSpan(source);
  const start = Math.min(range.start, Math.max(0, source.length - 1));
  return { start, end: Math.max(start + 1, Math.min(range.end, source.length)) };
}

/** Where the text without the blanks around it stands. */
export function trimmedSpan(source: string): Span {
  const length = source.trim().length;
  const start = length === 0 ? 0 : source.length - source.trimStart().length;
  return { start, end: Math.max(start + 1, start + length) };
}

function rangeOf(error: unknown): Span | undefined {
  const start = property(property(error, "range"), "start");
  const end = property(property(error, "range"), "end");
  return start === undefined || end === undefined ? undefined : { start: Number(start), end: Number(end) };
}
