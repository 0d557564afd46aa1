import type { CelContext } from "./cel-check.ts";
import type { CelIssue } from "./cel-error.ts";
import type { CelScope } from "./cel-fields.ts";
import type { LabelValue } from "./rule.ts";
import { compileTemplate, renderTemplate } from "./template.ts";

/** A label's value, compiled, or what is wrong with it. */
export type LabelResult =
  | { readonly ok: true; readonly value: LabelValue }
  | { readonly ok: false; readonly issues: readonly CelIssue[] };

/** Checks one label's value for the kind of rule. One without holes stays as it is. */
export function compileLabel(source: string, scope: CelScope): LabelResult {
  const result = compileTemplate(source, scope);
  if (!result.ok) return result;
  const [first, ...others] = result.template.parts;
  const plain = first === undefined || (typeof first === "string" && others.length === 0);
  return { ok: true, value: plain ? source : result.template };
}

/** A rule's labels as they go along with a notice. `context` is asked for only when one of them has holes. */
export function renderLabels(
  labels: Readonly<Record<string, LabelValue>>,
  context: () => CelContext,
): Readonly<Record<string, string>> {
  const holds = Object.values(labels).some((value) => typeof value !== "string");
  if (!holds) return labels as Readonly<Record<string, string>>;
  const values = context();
  return Object.fromEntries(
    Object.entries(labels).map(([key, value]) => [
      key,
      typeof value === "string" ? value : renderTemplate(value, values),
    ]),
  );
}
