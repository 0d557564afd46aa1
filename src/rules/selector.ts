import type { ObjectTarget } from "../cluster/object-plan.ts";
import type { WatchTarget } from "../cluster/watch-plan.ts";
import { isGlob, matchesGlob } from "./glob.ts";
import type { RingException, RingSelector, Rule } from "./rule.ts";

/** What of a ring a selector looks at. */
export interface SelectableRing {
  readonly namespace: string;
  readonly service: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The labels of a namespace; undefined while they are not known. */
export type NamespaceLabels = (namespace: string) => Readonly<Record<string, string>> | undefined;

/**
 * True when the rule is about this ring. Labels are the Service's, as last seen. A namespace whose labels are not known yet does not
 * match where any are asked for.
 */
export function matchesRing(
  selector: RingSelector,
  ring: SelectableRing,
  namespaceLabels: NamespaceLabels,
): boolean {
  return (
    matchesName(selector, ring.namespace, ring.service) &&
    hasLabels(selector.labels, ring.labels) &&
    (isEmpty(selector.namespaceLabels) ||
      hasLabels(selector.namespaceLabels, namespaceLabels(ring.namespace))) &&
    !selector.except.some(
      (exception) =>
        excepts(exception, ring.namespace, ring.service) && hasLabels(exception.labels, ring.labels),
    )
  );
}

/** True when the rule may be about a Service of this name: its labels, and those of its namespace, are another matter. */
export function matchesName(selector: RingSelector, namespace: string, service: string): boolean {
  return (
    matchesAny(selector.namespaces, namespace) &&
    matchesAny(selector.services, service) &&
    !isExceptedByName(selector, namespace, service)
  );
}

/**
 * True when the selector names this Service itself, by no glob and no label:
 * only then is it known to be wanted while it does not exist.
 */
export function namesExactly(
  selector: RingSelector,
  { namespace, service }: { readonly namespace: string; readonly service: string },
): boolean {
  return (
    isEmpty(selector.labels) &&
    isEmpty(selector.namespaceLabels) &&
    selector.namespaces.includes(namespace) &&
    selector.services.includes(service) &&
    // Labels that would except it are not known while it does not exist.
    !selector.except.some((exception) => excepts(exception, namespace, service))
  );
}

/** What must be watched for this rule, as narrow as its patterns allow. No target is listed twice. */
export function selectorTargets(rule: Pick<Rule, "source" | "ring">): WatchTarget[] {
  const { source, ring } = rule;
  const targets: WatchTarget[] = [];
  for (const namespace of scopes(ring.namespaces)) {
    for (const service of scopes(ring.services)) {
      const isExact = namespace !== undefined && service !== undefined;
      if (isExact && isExceptedByName(ring, namespace, service)) continue;
      targets.push({ source, namespace, service });
    }
  }
  return targets;
}

/** What must be watched for this rule besides its rings: nothing for most. */
export function objectTargets({ ring, reasons }: Pick<Rule, "ring" | "reasons">): ObjectTarget[] {
  const namespaces = scopes(ring.namespaces);
  const targets: ObjectTarget[] = [];
  if (!isEmpty(ring.namespaceLabels)) {
    targets.push(...namespaces.map((namespace) => ({ need: "namespaceLabels" as const, namespace })));
  }
  if (reasons) targets.push(...namespaces.map((namespace) => ({ need: "workloads" as const, namespace })));
  return targets;
}

function isExceptedByName({ except }: RingSelector, namespace: string, service: string): boolean {
  return except.some((exception) => isEmpty(exception.labels) && excepts(exception, namespace, service));
}

/** An exception that says nothing excepts nothing. */
function excepts(
  { namespaces, services, labels }: RingException,
  namespace: string,
  service: string,
): boolean {
  const isSaid = namespaces.length > 0 || services.length > 0 || !isEmpty(labels);
  return isSaid && matchesAny(namespaces, namespace) && matchesAny(services, service);
}

function hasLabels(
  wanted: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>> | undefined,
): boolean {
  return labels !== undefined && Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

function isEmpty(map: object): boolean {
  return Object.keys(map).length === 0;
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
