import type { Rule } from "../rule.ts";

/** Whether a rule needs to know how many members there should be: by percent, or by `ring.expected` in an expression or a text. */
export function asksExpected({
  trigger,
  title,
  message,
  labels,
}: Pick<Rule, "trigger" | "title" | "message" | "labels">): boolean {
  const conditions = trigger.kind === "condition" ? trigger.conditions : [];
  const isPercent = conditions.some(
    (condition) => "threshold" in condition && condition.threshold.kind === "percent",
  );
  const expression = trigger.kind === "condition" ? trigger.expression : undefined;
  const sources = [expression, title, message, ...Object.values(labels)].map((text) =>
    typeof text === "object" ? text.source : "",
  );
  return isPercent || sources.some((source) => source.includes("expected"));
}
