import type { WatchTarget } from "../cluster/watch-plan.ts";
import { isGlob, matchesGlob } from "./glob.ts";
import type { RingSelector, Rule } from "./rule.ts";

/** What of a ring a selector looks at. */
export interface SelectableRing {
  readonly namespace: string;
  readonly service: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** True when the rule is about this ring. Labels are the Service's, as last seen. */
export function matchesRing(selector: RingSelector, ring: SelectableRing): boolean {
  return (
    matchesName(selector, ring.namespace, ring.service) &&
    Object.entries(selector.labels).every(([key, value]) => ring.labels[key] === value)
  );
}

/** True when the rule may be about a Service of this name: its labels are another matter. */
export function matchesName(selector: RingSelector, namespace: string, service: string): boolean {
  return matchesAny(selector.namespaces, namespace) && matchesAny(selector.services, service);
}

/**
 * True when the selector names this Service itself, by no glob and no label:
 * only then is it known to be wanted while it does not exist.
 */
export function namesExactly(
  selector: RingSelector,
  ring: { readonly namespace: string; readonly service: string },
): boolean {
  return (
    Object.keys(selector.labels).length === 0 &&
    selector.namespaces.includes(ring.namespace) &&
    selector.services.includes(ring.service)
  );
}

/** What must be watched for this rule, as narrow as its patterns allow. No target is listed twice. */
export function selectorTargets(rule: Pick<Rule, "source" | "ring">): WatchTarget[] {
  const { source } = rule;
  const targets: WatchTarget[] = [];
  for (const namespace of scopes(rule.ring.namespaces)) {
    for (const service of scopes(rule.ring.services)) targets.push({ source, namespace, service });
  }
  return targets;
}

/** The exact names, or all (`undefined`) as soon as one pattern is not exact. */
function scopes(patterns: readonly string[]): (string | undefined)[] {
  return patterns.length === 0 || patterns.some((pattern) => isGlob(pattern))
    ? [undefined]
    : [...new Set(patterns)];
}

function matchesAny(patterns: readonly string[], name: string): boolean {
  return patterns.length === 0 || patterns.some((pattern) => matchesGlob(pattern, name));
}
