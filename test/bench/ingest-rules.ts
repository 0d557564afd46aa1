import { APPS } from "./slices.ts";

/** After so long, all baselines of `ingestRules` have settled. */
export const SETTLED_MS = 1_500;

/** Which of the thousand Services some rule selects. */
export type Selected = "all" | "oneInTen";

/**
 * A hundred rules of all kinds over a thousand Services; each Service that is selected is so by three to five. Quorums are such that
 * one unready endpoint breaks none, except for 50 Services of a thousand (10 of a hundred), whose alert goes to pending and back, and
 * is stored each time. A cluster-wide rule makes it one watch. The last rule is the canary. `settle` is short so that baselines stand
 * after `SETTLED_MS`, as they do in all but the first moments of a Service's life.
 */
export function ingestRules(endpoints: number, webhookUrl: string, selected: Selected = "all"): string {
  const quorum = Math.floor(endpoints / 2) + 1;
  const teams = Array.from({ length: 10 }, (_, i) => `team-${i}`);
  // Of each app there are twenty in a team.
  const every = (app: string): string => (selected === "all" ? `"${app}-*"` : `["${app}-0", "${app}-1"]`);
  const tens = (app: string): string => (selected === "all" ? `"${app}-1*"` : `"${app}-1"`);
  const anyService = selected === "all" ? "" : `, service: ${every("*")}`;
  const webs = selected === "all" ? "[web-1, web-2, web-3, web-4, web-5]" : "web-1";
  const byApp: Record<(typeof APPS)[number], string> = {
    api: `when: { readyBelow: ${quorum} }, for: 30s`,
    web: "when: { noneReady: true }",
    db: "on: [changed], settle: 1s",
    cache: `when: { membersBelow: ${quorum} }, for: 1m`,
    queue: "on: [left], settle: 1s",
  };
  const rules = [
    ...teams.flatMap((team) =>
      APPS.map((app) => `ring: { namespace: ${team}, service: ${every(app)} }, ${byApp[app]}`),
    ),
    ...teams.map(
      (team) => `ring: { namespace: ${team}, service: ${tens("api")} }, on: [joined, left], settle: 1s`,
    ),
    ...teams.map(
      (team) =>
        `ring: { namespace: ${team}, service: ${selected === "all" ? "[db-0, db-1, db-2]" : "db-0"} }, when: { readyBelow: ${quorum} }, severity: critical`,
    ),
    ...teams.map(
      (team) => `ring: { namespace: ${team}, service: cache-0 }, when: { missing: true }, for: 30s`,
    ),
    ...teams.map(
      (team) => `ring: { namespace: ${team}, service: ${webs} }, when: { readyBelow: ${endpoints} }, for: 1m`,
    ),
    ...APPS.map(
      (app) =>
        `ring: { namespace: "*"${anyService}, labels: { app: ${app} } }, when: { membersBelow: 1 }, for: 5m`,
    ),
    ...["api", "web", "db"].map(
      (app) => `ring: { namespace: "team-*", service: ${tens(app)} }, on: [replaced], settle: 1s`,
    ),
    `ring: { namespace: "*"${anyService} }, when: { noneReady: true }, for: 1m`,
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
