import { z } from "zod";
import type { Notice } from "../alerts/notice.ts";
import type { CelContext } from "../rules/cel-check.ts";
import type { CelIssue } from "../rules/cel-error.ts";
import { compileHoles, renderTemplate, showPlain, typeIssue } from "../rules/template.ts";
import type { Template, TemplateHole } from "../rules/template.ts";
import { noticeContext } from "./notice-values.ts";

/** A JSON body whose strings may have holes, checked. */
export type BodyTemplate =
  | { readonly kind: "plain"; readonly value: string | number | boolean | null }
  /** Nothing but one hole: the value keeps its type. */
  | { readonly kind: "value"; readonly hole: TemplateHole }
  | { readonly kind: "text"; readonly template: Template }
  | { readonly kind: "list"; readonly items: readonly BodyTemplate[] }
  | { readonly kind: "map"; readonly entries: readonly (readonly [string, BodyTemplate])[] };

/** Deeper trees are mistakes. */
const MAX_DEPTH = 32;

/** Any tree of YAML: each of its strings is checked as a template, and problems have their place within the string. */
export const bodySchema = z.unknown().transform((tree, context): BodyTemplate | undefined => {
  if (tree === undefined) return undefined;
  const report: Report = (path, issue) => {
    const { message, span, hint } = issue;
    context.addIssue({
      code: "custom",
      path: [...path],
      message,
      input: tree,
      params: { ...(span && { span }), ...(hint !== undefined && { hint }) },
    });
  };
  return compileBody(tree, [], report) ?? z.NEVER;
});

type Path = readonly (string | number)[];
type Report = (path: Path, issue: { message: string } & Partial<CelIssue>) => void;

function compileBody(tree: unknown, path: Path, report: Report): BodyTemplate | undefined {
  if (path.length > MAX_DEPTH) {
    report(path.slice(0, 1), { message: `is nested more than ${MAX_DEPTH} deep` });
    return undefined;
  }
  if (typeof tree === "string") return compileText(tree, path, report);
  if (Array.isArray(tree)) {
    const items = tree.map((item: unknown, index) => compileBody(item, [...path, index], report));
    return items.includes(undefined)
      ? undefined
      : { kind: "list", items: items.filter((item) => item !== undefined) };
  }
  if (typeof tree === "object" && tree !== null) return compileMap(tree, path, report);
  if (typeof tree === "number" || typeof tree === "boolean" || tree === null)
    return { kind: "plain", value: tree };
  report(path, { message: "must be a value that JSON has" });
  return undefined;
}

function compileMap(tree: object, path: Path, report: Report): BodyTemplate | undefined {
  const entries: [string, BodyTemplate][] = [];
  let isRight = true;
  for (const [key, value] of Object.entries(tree)) {
    const below = [...path, key];
    if (key.includes("{{")) {
      report(below, { message: "the key has a hole, and keys are plain", hint: "holes belong into values" });
      isRight = false;
    }
    const compiled = compileBody(value, below, report);
    if (compiled) entries.push([key, compiled]);
    else isRight = false;
  }
  return isRight ? { kind: "map", entries } : undefined;
}

function compileText(source: string, path: Path, report: Report): BodyTemplate | undefined {
  const result = compileHoles(source, "body");
  if (!result.ok) {
    for (const issue of result.issues) report(path, issue);
    return undefined;
  }
  const { template, holes } = result;
  const [only, ...others] = template.parts;
  if (holes.length === 0) return { kind: "plain", value: typeof only === "string" ? only : "" };
  if (typeof only === "object" && others.length === 0) {
    if (!NOT_JSON.test(only.type)) return { kind: "value", hole: only };
    report(path, { message: `{{ }} must give a value that JSON has, not ${only.type}`, ...spanOf(holes[0]) });
    return undefined;
  }
  const wrong = holes.flatMap(({ hole, span }) => typeIssue(hole.type, span) ?? []);
  for (const issue of wrong) report(path, { ...issue, hint: issue.hint ?? ALONE });
  return wrong.length > 0 ? undefined : { kind: "text", template };
}

const NOT_JSON = /\b(?:bytes|type)\b/;
const ALONE = "a hole that stands alone in its string keeps its type";

function spanOf(hole: { readonly span: CelIssue["span"] } | undefined): Partial<CelIssue> {
  return hole ? { span: hole.span } : {};
}

/**
 * Fills a body for one notice, as a value for `JSON.stringify`. Never throws: a value that cannot be had now, say of the
 * change when an alert is told, is null, and within a text it is `[why]`.
 */
export function renderBody(body: BodyTemplate, notice: Notice, deliveryId: string): unknown {
  return render(body, noticeContext(notice, deliveryId));
}

function render(body: BodyTemplate, context: CelContext): unknown {
  switch (body.kind) {
    case "plain":
      return body.value;
    case "value":
      return valueOf(body.hole, context);
    case "text":
      return renderTemplate(body.template, context);
    case "list":
      return body.items.map((item) => render(item, context));
    case "map":
      return Object.fromEntries(body.entries.map(([key, value]) => [key, render(value, context)]));
  }
}

function valueOf(hole: TemplateHole, context: CelContext): unknown {
  try {
    return toJson(hole.evaluate(context));
  } catch {
    return null;
  }
}

/** A value of CEL as JSON has it: whole numbers as numbers, timestamps and durations as text, members as in notices. */
function toJson(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "object" || value === null || "toJSON" in value) return value;
  if (Array.isArray(value)) return value.map(toJson);
  if (value instanceof Map) return jsonObject([...value]);
  if (!("seconds" in value))
    return typeof value.valueOf() === "bigint" ? Number(value) : jsonObject(Object.entries(value));
  return showPlain(value);
}

function jsonObject(entries: readonly (readonly [unknown, unknown])[]): Record<string, unknown> {
  return Object.fromEntries(entries.map(([key, value]) => [String(key), toJson(value)]));
}
