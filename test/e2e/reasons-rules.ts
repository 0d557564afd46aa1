import type { Notice } from "../../src/alerts/notice.ts";
import { whyLeft } from "./watch-site.ts";

/** The rules with `on` of the file below. */
export const CHANGE_RULES = [
  "scaled-down",
  "rollout-held",
  "rollout-told",
  "drained",
  "pressed",
  "vanished",
  "node-lost",
];

/** One rule for each way to leave a ring, and a ring for each. `longSettle`: of all that is not a scale-down in the first of them. */
export function reasonsRules(namespace: string, hook: string, longSettle: string): string {
  const ring = (service: string): string => `ring: { namespace: ${namespace}, service: ${service} }`;
  return `
version: 1
destinations:
  hook: { webhook: { url: ${hook} } }
selfNotify: [hook]
defaults: { source: endpoints, notify: [hook], reasons: true, settle: 1s }
rules:
  - { name: scaled-down, ${ring("shrinks")}, on: [left], settle: { scaledDown: 5s, default: ${longSettle} } }
  - { name: rollout-held, ${ring("rolls")}, on: [left], during: { rollout: hold } }
  - { name: rollout-told, ${ring("rolls")}, on: [left] }
  - { name: drained, ${ring("drains")}, on: [left] }
  - { name: pressed, ${ring("presses")}, on: [left], membership: serving }
  - { name: vanished, ${ring("vanishes")}, on: [left] }
  - { name: node-lost, ${ring("loses")}, on: [left], reason: [nodeLost] }
  - { name: below-share, ${ring("shares")}, when: { readyBelow: 60% }, for: 1s }
  - name: labelled
    ring: { namespace: "*", service: empty, namespaceLabels: { ringbell-e2e: ${namespace} } }
    when: { noneReady: true }
    reasons: false
`;
}

/** What two tellings of one event have in common. */
export function inWords(notice: Notice): string {
  const { kind, alert, generation } = notice;
  return alert ? `${kind} ${alert.episode}` : `generation ${generation}: ${whyLeft(notice).join(", ")}`;
}
