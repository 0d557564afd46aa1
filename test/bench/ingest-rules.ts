import { APPS } from "./slices.ts";

/** After so long, all baselines of `ingestRules` have settled. */
export const SETTLED_MS = 1_500;

/**
 * A hundred rules of all kinds over a thousand Services; each Service is selected by three to five. Quorums are such that one
 * unready endpoint breaks none, except for 50 Services (5 % of the events), whose alert goes to pending and back, and is stored
 * each time. A cluster-wide rule makes it one watch. The last rule is the canary. `settle` is short so that baselines stand after
 * `SETTLED_MS`, as they do in all but the first moments of a Service's life.
 */
export function ingestRules(endpoints: number, webhookUrl: string): string {
  const quorum = Math.floor(endpoints / 2) + 1;
  const teams = Array.from({ length: 10 }, (_, i) => `team-${i}`);
  const byApp: Record<(typeof APPS)[number], string> = {
    api: `when: { readyBelow: ${quorum} }, for: 30s`,
    web: "when: { noneReady: true }",
    db: "on: [changed], settle: 1s",
    cache: `when: { membersBelow: ${quorum} }, for: 1m`,
    queue: "on: [left], settle: 1s",
  };
  const rules = [
    ...teams.flatMap((team) =>
      APPS.map((app) => `ring: { namespace: ${team}, service: "${app}-*" }, ${byApp[app]}`),
    ),
    ...teams.map((team) => `ring: { namespace: ${team}, service: "api-1?" }, on: [joined, left], settle: 1s`),
    ...teams.map(
      (team) =>
        `ring: { namespace: ${team}, service: [db-0, db-1, db-2] }, when: { readyBelow: ${quorum} }, severity: critical`,
    ),
    ...teams.map(
      (team) => `ring: { namespace: ${team}, service: cache-0 }, when: { missing: true }, for: 30s`,
    ),
    ...teams.map(
      (team) =>
        `ring: { namespace: ${team}, service: [web-1, web-2, web-3, web-4, web-5] }, when: { readyBelow: ${endpoints} }, for: 1m`,
    ),
    ...APPS.map(
      (app) => `ring: { namespace: "*", labels: { app: ${app} } }, when: { membersBelow: 1 }, for: 5m`,
    ),
    ...["api-1*", "web-1*", "db-1*"].map(
      (service) => `ring: { namespace: "team-*", service: "${service}" }, on: [replaced], settle: 1s`,
    ),
    `ring: { namespace: "*" }, when: { noneReady: true }, for: 1m`,
    "ring: { namespace: bench, service: canary }, when: { noneReady: true }",
  ];
  return `version: 1
destinations:
  hook: { webhook: { url: "${webhookUrl}" } }
defaults: { notify: [hook] }
rules:
${rules.map((rule, i) => `  - { name: rule-${i}, ${rule} }`).join("\n")}
`;
}
