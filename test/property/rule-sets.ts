import type { RulesFile } from "../../src/rules/load-rules.ts";
import { rulesFile } from "../support/rules-file.ts";

/** The settle time of all rules but those named `instant`. */
export const SETTLE_MS = 10_000;
/** After it, all has been told that settles within it. */
export const CALM_MS = 60_000;

/** The same rules on rings that are selected in different words. */
function rulesOn(ring: string, suffix = ""): string {
  const rule = (name: string, rest: string): string => `
  - name: ${name}${suffix}
    ring: ${ring}
    ${rest}`;
  const timing = "settle: 10s\n    maxWait: 30s";
  return [
    rule("changed", `on: [changed]\n    ${timing}`),
    rule("left", `on: [left]\n    ${timing}`),
    rule("serving", `on: [joined, left]\n    membership: serving\n    ${timing}`),
    rule("readiness", `on: [ready, unready]\n    ${timing}`),
    rule("instant", `on: [changed]\n    settle: 0s\n    maxWait: 0s`),
    rule("none-ready", `when: { noneReady: true }\n    for: 5s`),
  ].join("");
}

const LABELLED = (namespace: string): string => `
  - name: gold
    ring: { namespace: "${namespace}", labels: { tier: gold } }
    on: [left]
    settle: 10s
    maxWait: 30s`;

/** One watch of everything, one of a namespace, one for each Service, and one of everything of which much is not wanted. */
export const RULE_SETS: readonly RulesFile[] = [
  rulesFile(rulesOn('{ namespace: "*", service: "*" }') + LABELLED("*")),
  rulesFile(rulesOn('{ namespace: data, service: "*" }') + LABELLED("data")),
  rulesFile(
    rulesOn("{ namespace: data, service: [web, db] }") +
      rulesOn("{ namespace: edge, service: web }", "-edge"),
  ),
  rulesFile(rulesOn('{ namespace: "*", service: "w*" }')),
];
