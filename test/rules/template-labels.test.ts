import { describe, expect, test } from "vitest";
import { templateContext } from "../../src/rules/template-context.ts";
import { compileLabel, renderLabels } from "../../src/rules/template-labels.ts";
import type { LabelValue } from "../../src/rules/rule.ts";
import { conditionRule, ruleRing } from "./rule-fixtures.ts";

const RING = ruleRing([], { labels: { team: "storage" } });
const ALERT = { sinceMs: 0, firedAtMs: 0, reason: "none ready", episode: 1, resolved: false };

function label(source: string): LabelValue {
  const result = compileLabel(source, "condition");
  if (!result.ok) throw new Error(result.issues.map((issue) => issue.message).join("; "));
  return result.value;
}

describe("a label", () => {
  test.each(["", "plain", "}} {", "50%"])("%j without holes stays as it is", (source) => {
    expect(label(source)).toBe(source);
  });

  test("with holes is filled, beside others that are plain", () => {
    const labels = {
      owner: label("{{ ring.labels.team }}-team"),
      plain: label("x"),
      gone: label("{{ ring.labels.a }}"),
    };
    const context = templateContext(conditionRule([]), RING, { alert: ALERT }, { expected: 0, nowMs: 0 });
    expect(renderLabels(labels, () => context)).toEqual({
      owner: "storage-team",
      plain: "x",
      gone: "[No such key: a]",
    });
  });

  test("that is wrong tells where", () => {
    expect(compileLabel("a {{ ring.labls }}", "condition")).toMatchObject({
      ok: false,
      issues: [{ span: { start: 10, end: 15 }, message: 'no field "labls", did you mean "labels"?' }],
    });
    expect(compileLabel("{{ change.generation }}", "condition").ok).toBe(false);
    expect(compileLabel("{{ change.generation }}", "change").ok).toBe(true);
  });

  test("asks for no values where no label has holes", () => {
    const labels = { a: label("x") };
    expect(
      renderLabels(labels, () => {
        throw new Error("asked");
      }),
    ).toEqual({ a: "x" });
  });
});
