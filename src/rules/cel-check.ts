import { CEL_ENVIRONMENTS } from "./cel-environment.ts";
import { costOf } from "./cel-cost.ts";
import type { CelSizes } from "./cel-cost.ts";
import { CelError, isOverflow, issueOf, summaryOf } from "./cel-error.ts";
import type { CelIssue } from "./cel-error.ts";
import type { CelScope } from "./cel-fields.ts";
import { guardExpression } from "./cel-guard.ts";

/** An expression whose names, fields and types are right. */
export interface CelExpression {
  readonly source: string;
  /** What it gives, by CEL's name: `bool`, `list<string>`; `dyn` where only the values can tell. */
  readonly type: string;
  /** Throws `CelError` when the values at hand do not do, say a label that the Service lacks. */
  evaluate(context: CelContext): unknown;
}

/** The values of the variables by name, and how much there is to loop over. */
export interface CelContext {
  readonly sizes: () => CelSizes;
}

/** A checked expression, or the first thing that is wrong with it. */
export type CelResult =
  | { readonly ok: true; readonly expression: CelExpression }
  | { readonly ok: false; readonly issue: CelIssue };

/** Reads and checks one expression for the place where it stands. Spans count from its first character. */
export function checkExpression(source: string, scope: CelScope): CelResult {
  try {
    const parsed = CEL_ENVIRONMENTS[scope].parse(source);
    const guard = guardExpression(parsed.ast);
    if (guard) {
      const { start, end, ...words } = guard;
      return { ok: false, issue: { span: { start, end }, ...words } };
    }
    const checked = parsed.check();
    if (!checked.valid) return { ok: false, issue: issueOf(checked.error, source, scope) };
    const cost = costOf(parsed.ast);
    return {
      ok: true,
      expression: {
        source,
        type: checked.type ?? "dyn",
        evaluate(context) {
          cost.assertAffordable(context.sizes);
          return evaluated(parsed, context);
        },
      },
    };
  } catch (error) {
    return { ok: false, issue: issueOf(error, source, scope) };
  }
}

function evaluated(parsed: (context: object) => unknown, context: object): unknown {
  let value: unknown;
  try {
    value = parsed(context);
  } catch (error) {
    // A time zone that is none is a RangeError of JavaScript's.
    const why = error instanceof RangeError ? error.message : "cannot be evaluated";
    throw new CelError(summaryOf(error) ?? why);
  }
  // The library lets int(1e99) pass.
  if (isOverflow(value)) throw new CelError("integer overflow");
  return value;
}
