import { describe, expect, test } from "vitest";
import { checkExpression } from "../../src/rules/cel-check.ts";
import type { CelContext } from "../../src/rules/cel-check.ts";
import type { CelScope } from "../../src/rules/cel-fields.ts";
import { evaluateByOracle, plain } from "./cel-oracle.ts";
import type { Made } from "./cel-oracle.ts";
import { documentedExpressions, tableExpressions } from "./documented-expressions.ts";
import { contextsOf } from "./expression-stage.ts";

function evaluateByRingbell(source: string, scope: CelScope, context: CelContext): Made {
  const result = checkExpression(source, scope);
  if (!result.ok) throw new Error(result.issue.message);
  try {
    return { value: plain(result.expression.evaluate(context)) };
  } catch {
    return "error";
  }
}

/** Buf's implementation has no cel.bind, and types as values are not compared. */
const NOT_BY_THE_ORACLE = /cel\.bind|\btype\(/;

const scopeOf = (source: string): CelScope =>
  /\bchange\./.test(source) ? "change" : /\balert\./.test(source) ? "condition" : "when";

const examples = [
  ...documentedExpressions(),
  ...tableExpressions().map(({ source }) => ({ source, scope: scopeOf(source) })),
].filter(({ source }) => !NOT_BY_THE_ORACLE.test(source));

describe("another implementation of CEL gives the same value, or also none", () => {
  test.each(examples)("$scope: $source", ({ source, scope }) => {
    for (const context of contextsOf(scope)) {
      expect(evaluateByRingbell(source, scope, context)).toEqual(evaluateByOracle(source, context));
    }
  });

  test("and is asked of more than a hundred", () => {
    expect(examples.length).toBeGreaterThan(100);
    const values = examples.flatMap(({ source, scope }) =>
      contextsOf(scope).map((context) => evaluateByOracle(source, context)),
    );
    expect(values.filter((made) => made !== "error").length).toBeGreaterThan(values.length * 0.8);
  });
});
