import { describe, expect, test } from "vitest";
import { checkExpression } from "../../src/rules/cel-check.ts";
import { CEL_TYPES, CEL_VARIABLES } from "../../src/rules/cel-fields.ts";
import type { CelScope } from "../../src/rules/cel-fields.ts";
import { CALLS, METHODS } from "../../src/rules/cel-functions.ts";
import { CEL_LIMITS } from "../../src/rules/cel-limits.ts";
import { showPlain } from "../../src/rules/template.ts";
import { documentedExpressions, EXPRESSIONS_SECTION, tableExpressions } from "./documented-expressions.ts";
import { contextsOf, documentedContext } from "./expression-stage.ts";

/** As docs/rules.md writes values. */
function written(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(written).join(", ")}]`;
  return showPlain(value);
}

const scopeOf = (source: string): CelScope =>
  /\bchange\./.test(source) ? "change" : /\balert\./.test(source) ? "condition" : "when";

describe("the tables of docs/rules.md", () => {
  const table = tableExpressions();

  test.each(table)("$source gives $gives", ({ source, gives }) => {
    const scope = scopeOf(source);
    const result = checkExpression(source, scope);
    expect(result.ok ? "" : result.issue.message).toBe("");
    if (result.ok) expect(written(result.expression.evaluate(documentedContext(scope)))).toBe(gives);
  });

  test("have an example of every function", () => {
    const uses = table.map(({ source }) => source).join("\n");
    const missing = [...CALLS, ...METHODS].filter((name) => !new RegExp(`\\b${name}\\(`).test(uses));
    expect(missing).toEqual([]);
  });

  test("have an example of every field", () => {
    const receivers: Readonly<Record<string, string>> = {
      Member: "ring.members[",
      MemberChange: "c",
      Departure: "d",
      Zone: "ring.zones[",
      Node: "ring.nodes[",
      Ring: "ring",
      Rule: "rule",
      Alert: "alert",
      Change: "change",
    };
    const uses = table.map(({ source }) => source).join("\n");
    const missing = Object.entries(CEL_TYPES)
      .filter(([type]) => type in receivers)
      .flatMap(([type, fields]) =>
        Object.keys(fields).filter((field) => {
          const receiver = (receivers[type] ?? "").replace("[", "\\[\\d\\]");
          return !new RegExp(`\\b${receiver}\\.${field}\\b`).test(uses);
        }),
      );
    expect(missing).toEqual([]);
  });

  test("name every variable and the limits", () => {
    for (const name of Object.keys(CEL_VARIABLES)) expect(EXPRESSIONS_SECTION).toContain(`| \`${name}\` |`);
    expect(EXPRESSIONS_SECTION).toContain(`at most ${CEL_LIMITS.maxAstNodes} names, values and calls`);
    expect(EXPRESSIONS_SECTION).toContain(`at most ${CEL_LIMITS.maxDepth} deep`);
  });
});

describe("every example that users read", () => {
  const examples = documentedExpressions();

  test("is among those found", () => {
    expect(examples.length).toBeGreaterThan(10);
    expect(new Set(examples.map(({ scope }) => scope))).toEqual(
      new Set(["condition", "change", "when", "eachMember", "body"]),
    );
  });

  test.each(examples)("$source has a value for the documented ring", ({ source, scope }) => {
    const result = checkExpression(source, scope);
    expect(result.ok).toBe(true);
    if (result.ok) expect(result.expression.evaluate(documentedContext(scope))).not.toBeUndefined();
    expect(contextsOf(scope).length).toBeGreaterThan(1);
  });
});
