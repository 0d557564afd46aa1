import { globSync, readFileSync } from "node:fs";
import type { BodyTemplate } from "../../src/destinations/body-template.ts";
import { destinationKinds } from "../../src/destinations/registry.ts";
import type { CelScope } from "../../src/rules/cel-fields.ts";
import { loadRules } from "../../src/rules/load-rules.ts";
import type { RulesFile } from "../../src/rules/load-rules.ts";
import type { Template } from "../../src/rules/template.ts";

/** An expression that stands somewhere in what users read, and where. */
export interface DocumentedExpression {
  readonly source: string;
  readonly scope: CelScope;
}

/** A line of a table below "Expressions": what an expression gives, as the page writes it. */
export interface TableExpression {
  readonly source: string;
  readonly gives: string;
}

const ROOT = new URL("../../", import.meta.url);
const PAGE = readFileSync(new URL("docs/rules.md", ROOT), "utf8");
const FRAME = `version: 1
destinations:
  data-team: { slack: { webhookUrl: { env: A } } }
  on-call: { pagerduty: { routingKey: { env: B } } }
  rebalancer: { webhook: { url: http://rebalancer } }
`;

/** The section of docs/rules.md about expressions. */
export const EXPRESSIONS_SECTION = PAGE.slice(PAGE.indexOf("\n## Expressions\n"));

/** Every expression of a table there with its value. */
export function tableExpressions(): readonly TableExpression[] {
  return [...EXPRESSIONS_SECTION.matchAll(/^\| `([^`\n]+)` \| `([^`\n]+)` \|/gm)].map(
    ([, source = "", gives = ""]) => ({ source, gives }),
  );
}

/** Every expression of the example files and of the whole rules files and rules in docs/rules.md. */
export function documentedExpressions(): readonly DocumentedExpression[] {
  const examples = [...globSync("examples/**/*.yaml", { cwd: ROOT }), "rules.example.yaml"].map((path) =>
    readFileSync(new URL(path, ROOT), "utf8"),
  );
  const blocks = [...PAGE.matchAll(/```yaml\n(.*?)```/gs)].map((match) => match[1] ?? "");
  const documented = blocks
    .filter((block) => block.startsWith("  - name:"))
    .map((block) => `${FRAME}defaults: { notify: [data-team] }\nrules:\n${block}`);
  const bodies = blocks
    .filter((block) => block.startsWith("destinations:") && !block.includes("rules:"))
    .map(
      (block) =>
        `version: 1\n${block}rules: [{ name: r, ring: { namespace: data }, on: [left], notify: [data-team] }]\n`,
    );
  return [...examples, ...documented, ...bodies].flatMap((text) => {
    const result = loadRules(text, "example.yaml", destinationKinds);
    return result.ok ? expressionsOf(result.file) : [];
  });
}

function expressionsOf({ rules, destinations }: RulesFile): DocumentedExpression[] {
  const found: DocumentedExpression[] = [];
  for (const { trigger, title, message, labels } of rules) {
    const texts = [title, message, ...Object.values(labels)];
    for (const text of texts) found.push(...holes(text, trigger.kind));
    if (trigger.kind === "condition" && trigger.expression) {
      const { each } = trigger;
      const scope = each === undefined ? "when" : each === "member" ? "eachMember" : "eachZone";
      found.push({ source: trigger.expression.source, scope });
    }
  }
  for (const { config } of destinations.values()) {
    const body = (config as { readonly body?: BodyTemplate }).body;
    if (body) found.push(...bodyHoles(body));
  }
  return found;
}

function holes(template: Template | string | undefined, scope: CelScope): DocumentedExpression[] {
  const parts = typeof template === "object" ? template.parts : [];
  return parts.flatMap((part) => (typeof part === "string" ? [] : [{ source: part.source, scope }]));
}

function bodyHoles(body: BodyTemplate): DocumentedExpression[] {
  switch (body.kind) {
    case "plain":
      return [];
    case "value":
      return [{ source: body.hole.source, scope: "body" }];
    case "text":
      return holes(body.template, "body");
    case "list":
      return body.items.flatMap(bodyHoles);
    case "map":
      return body.entries.flatMap(([, value]) => bodyHoles(value));
  }
}
