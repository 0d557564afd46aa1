import type { Notice } from "../../src/alerts/notice.ts";

/** What the rules of a fault test need to be told. */
export interface FaultRules {
  readonly namespace: string;
  readonly service: string;
  /** Where every notice goes. */
  readonly hook: string;
  readonly blindAfter: string;
  /** `for` of one more rule. */
  readonly longFor: string | undefined;
}

/** Two rules that every fault is watched by: an alert with a hold of 2 s, and changes with a settle time of 1 s. */
export function faultRules({ namespace, service, hook, blindAfter, longFor }: FaultRules): string {
  const ring = `{ namespace: ${namespace}, service: ${service} }`;
  const longRule = `- { name: long-below-three, ring: ${ring}, when: { readyBelow: 3 }, for: ${longFor} }`;
  return `
version: 1
destinations:
  hook: { webhook: { url: ${hook} } }
selfNotify: [hook]
blindAfter: ${blindAfter}
defaults: { source: endpoints, notify: [hook] }
rules:
  - { name: below-three, ring: ${ring}, when: { readyBelow: 3 }, for: 2s }
  - { name: changed, ring: ${ring}, on: [changed], settle: 1s }
  ${longFor === undefined ? "" : longRule}
`;
}

/** `fire 2` of an alert's second episode, `generation 1 to 2: joined cassandra-4` of a change. */
export function inWords({ kind, alert, change, generation, previousGeneration }: Notice): string {
  if (!change) return `${kind} ${alert?.episode}`;
  const { left, joined, replaced, moved } = change;
  const groups = {
    left,
    joined,
    replaced: replaced.map(({ after }) => after),
    moved: moved.map(({ after }) => after),
  };
  const parts = Object.entries(groups)
    .filter(([, members]) => members.length > 0)
    .map(([word, members]) => `${word} ${members.map(({ name }) => name).join(" ")}`);
  return `generation ${previousGeneration} to ${generation}: ${parts.join(", ")}`;
}
