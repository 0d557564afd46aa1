import { CEL_ENVIRONMENTS, fieldNames, variableNames } from "./cel-environment.ts";
import type { TriggerKind } from "./cel-environment.ts";
import { guardExpression } from "./cel-guard.ts";
import { formatDuration } from "./duration.ts";
import { didYouMean } from "./nearest.ts";
import type { Span } from "./problem.ts";
import { splitTemplate } from "./split-template.ts";
import type { TemplatePiece } from "./split-template.ts";
import type { TemplateContext } from "./template-context.ts";

/** A title or message, checked: plain text and `{{ CEL }}` holes. */
export interface Template {
  /** As it stands in the rules file. */
  readonly source: string;
  readonly parts: readonly (string | TemplateHole)[];
}

/** One hole. `evaluate` throws when the values at hand do not do, say a label that the Service lacks. */
export interface TemplateHole {
  readonly source: string;
  readonly evaluate: (context: TemplateContext) => unknown;
}

/** What is wrong with a template; the span counts from its first character. */
export interface TemplateIssue {
  readonly span: Span;
  readonly message: string;
  readonly hint?: string;
}

/** A template that is right, or all that is wrong with it. */
export type TemplateResult =
  | { readonly ok: true; readonly template: Template }
  | { readonly ok: false; readonly issues: readonly TemplateIssue[] };

/** Checks a template for one kind of rule: names, fields, types, and that each hole gives one plain value. */
export function compileTemplate(source: string, kind: TriggerKind): TemplateResult {
  const split = splitTemplate(source);
  if (!split.ok) return { ok: false, issues: [{ span: split.unclosed, message: "{{ is not closed by }}" }] };
  const parts: (string | TemplateHole)[] = [];
  const issues: TemplateIssue[] = [];
  for (const piece of split.pieces) {
    const part = piece.kind === "text" ? piece.text : compileHole(piece, kind);
    if (typeof part === "object" && "span" in part) issues.push(part);
    else parts.push(part);
  }
  return issues.length > 0 ? { ok: false, issues } : { ok: true, template: { source, parts } };
}

/**
 * Fills the holes. Never throws: what cannot be evaluated now becomes `[why]` in its place,
 * since a message with a gap is better than none.
 */
export function renderTemplate(template: Template, context: TemplateContext): string {
  return template.parts.map((part) => (typeof part === "string" ? part : renderHole(part, context))).join("");
}

function renderHole(hole: TemplateHole, context: TemplateContext): string {
  try {
    return show(hole.evaluate(context));
  } catch (error) {
    return `[${summaryOf(error) ?? "cannot be evaluated"}]`;
  }
}

function show(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "object" && value !== null && "seconds" in value && "nanos" in value) {
    const ms = Number(value.seconds) * 1000 + Number(value.nanos) / 1e6;
    return ms < 0 ? `-${formatDuration(-ms)}` : formatDuration(ms);
  }
  return String(value);
}

/** How each type of a hole's value may be shown, else how to make it one that may. */
const SHOWABLE = new Set([
  "string",
  "int",
  "uint",
  "double",
  "bool",
  "google.protobuf.Timestamp",
  "google.protobuf.Duration",
]);

function compileHole(piece: TemplatePiece, kind: TriggerKind): TemplateHole | TemplateIssue {
  const { text, span } = piece;
  if (text.trim() === "")
    return {
      span: { start: span.start - 2, end: span.end + 2 },
      message: "{{ }} is empty",
      hint: "write an expression, such as ring.service",
    };
  const environment = CEL_ENVIRONMENTS[kind];
  try {
    const parsed = environment.parse(text);
    const guard = guardExpression(parsed.ast);
    if (guard) return { span: within(span, guard), message: guard.message };
    const checked = parsed.check();
    if (!checked.valid) return celIssue(checked.error, piece, kind);
    const type = checked.type ?? "dyn";
    if (!SHOWABLE.has(type)) return typeIssue(type, span);
    // The context is the plain object that the declared variables describe.
    return { source: text, evaluate: (context) => parsed({ ...context }) as unknown };
  } catch (error) {
    return celIssue(error, piece, kind);
  }
}

function typeIssue(type: string, span: Span): TemplateIssue {
  const message = `{{ }} must give one plain value, not ${type}`;
  if (type === "list<string>") return { span, message, hint: 'add .join(", ")' };
  if (type.startsWith("list<Member>")) return { span, message, hint: 'add .map(m, m.name).join(", ")' };
  if (type.startsWith("list<MemberChange>"))
    return { span, message, hint: 'add .map(c, c.after.name).join(", ")' };
  if (type === "dyn")
    return {
      span,
      message: "{{ }} must give one plain value, and this may give any",
      hint: "wrap it in string( )",
    };
  return { span, message };
}

function celIssue(error: unknown, { text, span: hole }: TemplatePiece, kind: TriggerKind): TemplateIssue {
  const range = rangeOf(error);
  const span = range ? within(hole, range) : hole;
  const summary = summaryOf(error) ?? "not an expression";
  const [, variable] = /^Unknown variable: (\w+)$/.exec(summary) ?? [];
  if (variable !== undefined) return unknownName(variable, span, kind);
  const [, field] = /^No such key: (\w+)$/.exec(summary) ?? [];
  const [, receiver] = /(\w+)\s*\.\s*$/.exec(text.slice(0, range?.start)) ?? [];
  if (field !== undefined)
    return { span, message: `no field "${field}"${didYouMean(field, fieldNames(receiver ?? ""))}` };
  if (summary === "Unexpected token: EOF") return { span, message: "the expression ends too early" };
  return { span, message: `${summary.charAt(0).toLowerCase()}${summary.slice(1)}` };
}

function unknownName(name: string, span: Span, kind: TriggerKind): TemplateIssue {
  const other: TriggerKind = kind === "condition" ? "change" : "condition";
  if (variableNames(other).includes(name)) {
    const key = kind === "condition" ? '"on"' : '"when"';
    return { span, message: `"${name}" is known only in rules with ${key}` };
  }
  const names = variableNames(kind);
  const match = didYouMean(name, names);
  const hint = `known here: ${names.join(", ")}`;
  return match === ""
    ? { span, message: `unknown name "${name}"`, hint }
    : { span, message: `unknown name "${name}"${match}` };
}

/** At least one character, and never outside of the hole. */
function within(hole: Span, range: Span): Span {
  const start = Math.min(hole.start + range.start, Math.max(hole.start, hole.end - 1));
  return { start, end: Math.max(start + 1, Math.min(hole.start + range.end, hole.end)) };
}

function rangeOf(error: unknown): Span | undefined {
  if (typeof error !== "object" || error === null || !("range" in error)) return undefined;
  const { range } = error;
  return typeof range === "object" && range !== null && "start" in range && "end" in range
    ? { start: Number(range.start), end: Number(range.end) }
    : undefined;
}

/** The library's own short text: `message` also holds a code frame. */
function summaryOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("summary" in error)) return undefined;
  return typeof error.summary === "string" ? error.summary : undefined;
}
