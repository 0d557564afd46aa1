import { checkExpression } from "./cel-check.ts";
import type { CelContext } from "./cel-check.ts";
import { CelError } from "./cel-error.ts";
import type { CelIssue } from "./cel-error.ts";
import type { CelScope } from "./cel-fields.ts";
import { formatDuration } from "./duration.ts";
import type { Span } from "./problem.ts";
import { splitTemplate } from "./split-template.ts";
import type { TemplatePiece } from "./split-template.ts";

/** A title, message or label, checked: plain text and `{{ CEL }}` holes. */
export interface Template {
  /** As it stands in the rules file. */
  readonly source: string;
  readonly parts: readonly (string | TemplateHole)[];
}

/** One hole. `evaluate` throws when the values at hand do not do, say a label that the Service lacks. */
export interface TemplateHole {
  readonly source: string;
  /** What it gives, by CEL's name. */
  readonly type: string;
  evaluate(context: CelContext): unknown;
}

/** A template that is right, or all that is wrong with it. */
export type TemplateResult =
  | { readonly ok: true; readonly template: Template }
  | { readonly ok: false; readonly issues: readonly CelIssue[] };

/** Checks a template for the place where it stands: names, fields, types, and that each hole gives one plain value. */
export function compileTemplate(source: string, scope: CelScope): TemplateResult {
  const result = compileHoles(source, scope);
  if (!result.ok) return result;
  const issues = result.holes.flatMap(({ hole, span }) => typeIssue(hole.type, span) ?? []);
  return issues.length > 0 ? { ok: false, issues } : { ok: true, template: result.template };
}

/** A template whose holes may give any type, with the place of each hole's expression. */
export type HolesResult =
  | {
      readonly ok: true;
      readonly template: Template;
      readonly holes: readonly { readonly hole: TemplateHole; readonly span: Span }[];
    }
  | { readonly ok: false; readonly issues: readonly CelIssue[] };

/** Checks the holes of a template, and not yet what they give. */
export function compileHoles(source: string, scope: CelScope): HolesResult {
  const split = splitTemplate(source);
  if (!split.ok) return { ok: false, issues: [{ span: split.unclosed, message: "{{ is not closed by }}" }] };
  const parts: (string | TemplateHole)[] = [];
  const holes: { hole: TemplateHole; span: Span }[] = [];
  const issues: CelIssue[] = [];
  for (const piece of split.pieces) {
    const part = piece.kind === "text" ? piece.text : compileHole(piece, scope);
    if (typeof part === "object" && "span" in part) issues.push(part);
    else parts.push(part);
    if (typeof part === "object" && "type" in part) holes.push({ hole: part, span: piece.span });
  }
  return issues.length > 0 ? { ok: false, issues } : { ok: true, template: { source, parts }, holes };
}

/**
 * Fills the holes. Never throws: what cannot be evaluated now becomes `[why]` in its place,
 * since a message with a gap is better than none.
 */
export function renderTemplate(template: Template, context: CelContext): string {
  return template.parts.map((part) => (typeof part === "string" ? part : renderHole(part, context))).join("");
}

function renderHole(hole: TemplateHole, context: CelContext): string {
  try {
    return showPlain(hole.evaluate(context));
  } catch (error) {
    return `[${error instanceof CelError ? error.message : "cannot be evaluated"}]`;
  }
}

/** One plain value as text: timestamps as RFC 3339, durations as in the rules file. */
export function showPlain(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "object" && value !== null && "seconds" in value && "nanos" in value) {
    const ms = Number(value.seconds) * 1000 + Number(value.nanos) / 1e6;
    return ms < 0 ? `-${formatDuration(-ms)}` : formatDuration(ms);
  }
  return String(value);
}

/** How each type of a hole's value may be shown. */
const SHOWABLE = new Set([
  "string",
  "int",
  "uint",
  "double",
  "bool",
  "google.protobuf.Timestamp",
  "google.protobuf.Duration",
]);

function compileHole({ text, span }: TemplatePiece, scope: CelScope): TemplateHole | CelIssue {
  if (text.trim() === "")
    return {
      span: { start: span.start - 2, end: span.end + 2 },
      message: "{{ }} is empty",
      hint: "write an expression, such as ring.service",
    };
  const result = checkExpression(text, scope);
  if (result.ok) return result.expression;
  const { issue } = result;
  return { ...issue, span: { start: span.start + issue.span.start, end: span.start + issue.span.end } };
}

/** Says why a type is no text, and how to make it one; undefined when it is. */
export function typeIssue(type: string, span: Span): CelIssue | undefined {
  if (SHOWABLE.has(type)) return undefined;
  const message = `{{ }} must give one plain value, not ${type}`;
  const hint = SHOWING_HINTS[type];
  if (hint !== undefined) return { span, message, hint };
  return type === "dyn"
    ? {
        span,
        message: "{{ }} must give one plain value, and this may give any",
        hint: "wrap it in string( )",
      }
    : { span, message };
}

const SHOWING_HINTS: Readonly<Record<string, string>> = {
  "list<string>": 'add .join(", ")',
  "list<Member>": 'add .map(m, m.name).join(", ")',
  "list<MemberChange>": 'add .map(c, c.after.name).join(", ")',
  "list<Zone>": 'add .map(z, z.name).join(", ")',
  "list<Node>": 'add .map(n, n.name).join(", ")',
};
