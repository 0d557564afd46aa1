import type { Notice } from "../alerts/notice.ts";
import { isGlob } from "../rules/glob.ts";
import type { Rule } from "../rules/rule.ts";

/**
 * A notice that says that nothing has happened. With a rule it is as one of its own, for the ring that it names or for one that
 * stands for those it selects.
 */
export function testNotice(destination: string, rule: Rule | undefined, nowMs: number): Notice {
  const namespace = exactly(rule?.ring.namespaces) ?? "test";
  const service = exactly(rule?.ring.services) ?? "test";
  return {
    version: 1,
    kind: "test",
    rule: rule?.name ?? "ringbell/test",
    severity: "info",
    ring: {
      key: `${namespace}/${service}`,
      namespace,
      service,
      source: rule?.source ?? "endpointslices",
      present: true,
      labels: {},
    },
    time: new Date(nowMs).toISOString(),
    title: `Test of Ringbell: ${rule ? `rule ${rule.name} tells` : "this is"} ${destination}`,
    message: "This is a test: nothing has happened",
    ...(rule?.runbook !== undefined && { runbook: rule.runbook }),
    labels: plainLabels(rule?.labels ?? {}),
    counts: { total: 0, ready: 0, serving: 0, terminating: 0 },
  };
}

function exactly(patterns: readonly string[] | undefined): string | undefined {
  return patterns?.find((pattern) => !isGlob(pattern));
}

/** Those without holes: there is no ring to fill them from. */
function plainLabels(labels: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const plain = Object.entries(labels).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  return Object.fromEntries(plain);
}
