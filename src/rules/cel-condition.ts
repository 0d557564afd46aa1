import { checkExpression } from "./cel-check.ts";
import { CelError, trimmedSpan } from "./cel-error.ts";
import type { CelIssue } from "./cel-error.ts";
import type { ConditionContext } from "./cel-context.ts";

/** A `when:` that is an expression, checked. */
export interface CelCondition {
  /** As it stands in the rules file. */
  readonly source: string;
  /** Throws `CelError` when it cannot be said now, say for a label that the Service lacks. */
  holds(context: ConditionContext): boolean;
}

/** A condition that is right, or what is wrong with it; spans count from the expression's first character. */
export type CelConditionResult =
  | { readonly ok: true; readonly condition: CelCondition }
  | { readonly ok: false; readonly issues: readonly CelIssue[] };

/** Checks the expression of a `when:`: names, fields, types, and that it gives true or false. */
export function compileCondition(source: string, each: "member" | "zone" | undefined): CelConditionResult {
  const scope = each === undefined ? "when" : each === "member" ? "eachMember" : "eachZone";
  if (source.trim() === "") {
    const hint = "write an expression, such as ring.ready < 3";
    return { ok: false, issues: [{ span: { start: 0, end: 1 }, message: "the expression is empty", hint }] };
  }
  const result = checkExpression(source, scope);
  if (!result.ok) return { ok: false, issues: [result.issue] };
  const { expression } = result;
  if (expression.type !== "bool") {
    const issue = { span: trimmedSpan(source), ...notBool(expression.type) };
    return { ok: false, issues: [issue] };
  }
  return {
    ok: true,
    condition: {
      source,
      holds(context) {
        const value = expression.evaluate(context);
        if (typeof value === "boolean") return value;
        throw new CelError("it gives neither true nor false");
      },
    },
  };
}

function notBool(type: string): Pick<CelIssue, "message" | "hint"> {
  const message = `a condition must give true or false, not ${type}`;
  if (type === "int") return { message, hint: "compare it, such as … < 3" };
  if (type === "string") return { message, hint: 'compare it, such as … == "a"' };
  if (type.startsWith("list")) return { message, hint: "add .size() > 0, or use .exists(x, …)" };
  return type === "dyn"
    ? { message: "a condition must give true or false, and this may give any", hint: "add == true" }
    : { message };
}
