import { Environment } from "@marcbachmann/cel-js";
import { describe, expect, test } from "vitest";
import { registerExtensions } from "../../src/rules/cel-functions.ts";
import { isOverflow } from "../../src/rules/cel-error.ts";
import { guardExpression } from "../../src/rules/cel-guard.ts";
import { CEL_LIMITS } from "../../src/rules/cel-limits.ts";
import { KNOWN_DIFFERENCES } from "./cel-known-differences.ts";
import { libraryType, libraryValue, sameValue, specCases } from "./cel-spec-values.ts";
import type { SpecCase } from "./cel-spec-values.ts";

type Result = { readonly value: unknown } | { readonly error: string };

/** Reads, guards, checks and evaluates a case as a rules file's expressions are. */
function resultOf({ test: { original } }: SpecCase): Result {
  const environment = registerExtensions(new Environment({ limits: CEL_LIMITS }));
  try {
    for (const declaration of original.typeEnv) {
      const { declKind, name } = declaration;
      if (declKind.case === "ident") environment.registerVariable(name, libraryType(declKind.value.type));
    }
    const parsed = environment.parse(original.expr);
    const guard = guardExpression(parsed.ast);
    if (guard) return { error: guard.message };
    const checked = parsed.check();
    if (!checked.valid) return { error: checked.error?.summary ?? "" };
    const context = Object.fromEntries(
      Object.entries(original.bindings).map(([name, { kind }]) => [
        name,
        kind.case === "value" ? libraryValue(kind.value) : undefined,
      ]),
    );
    const value: unknown = parsed(context);
    return isOverflow(value) ? { error: "integer overflow" } : { value };
  } catch (error) {
    return { error: String(error) };
  }
}

function isAsWanted(spec: SpecCase): boolean {
  const { resultMatcher, checkOnly } = spec.test.original;
  const result = resultOf(spec);
  switch (resultMatcher.case) {
    case "evalError":
    case "anyEvalErrors":
      return "error" in result;
    case "typedResult": {
      const wanted = resultMatcher.value.result;
      if ("error" in result) return false;
      return checkOnly || !wanted || sameValue(result.value, libraryValue(wanted));
    }
    case "value":
      return "value" in result && sameValue(result.value, libraryValue(resultMatcher.value));
    case "unknown":
    case "anyUnknowns":
    case undefined:
      return "value" in result && result.value === true;
  }
}

const cases = specCases();
const known = new Set(Object.values(KNOWN_DIFFERENCES).flat().flatMap(expanded));
const differing = new Set(cases.filter((spec) => !isAsWanted(spec)).map((spec) => spec.id));

function expanded(name: string): string[] {
  if (!name.endsWith("/*")) return [name];
  return cases.map((spec) => spec.id).filter((id) => id.startsWith(name.slice(0, -1)));
}

describe("CEL's conformance suite", () => {
  test("has the cases that Ringbell is measured by", () => {
    expect(cases.length).toBeGreaterThan(900);
    expect(new Set(cases.map((spec) => spec.id)).size).toBe(cases.length);
  });

  test("passes but for the known differences", () => {
    expect([...differing].filter((id) => !known.has(id))).toEqual([]);
  });

  test("still differs in all that is known to", () => {
    expect([...known].filter((id) => !differing.has(id))).toEqual([]);
  });

  test("passes its cases of matches with re in its place", () => {
    const matching = cases.filter(({ id }) => id.startsWith("string/matches/"));
    expect(matching.length).toBeGreaterThan(5);
    const wrong = matching.filter(({ id, test: { original, ...rest } }) => {
      const expr = original.expr.replace(".matches(", ".re(");
      return !isAsWanted({ id, test: { ...rest, original: { ...original, expr } } });
    });
    expect(wrong.map((spec) => spec.id)).toEqual([]);
  });
});
