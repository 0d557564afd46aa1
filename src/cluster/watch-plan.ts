import { createHash } from "node:crypto";
import { type ApiResource, resourcePath, type ScopeRequest } from "./api-resource.ts";
import { OBJECT_RESOURCES, objectRequest, type ObjectScope } from "./object-plan.ts";
import { SERVICE_NAME_LABEL } from "./service-labels.ts";
import type { Source } from "./slice.ts";

/** What one rule wants watched. `undefined` means all: all namespaces, all Services of the namespace. */
export interface WatchTarget {
  readonly source: Source;
  readonly namespace: string | undefined;
  readonly service: string | undefined;
}

/** One list+watch loop. `id` is stable for equal scopes, so that a reload keeps watches that stay. */
export interface Scope {
  readonly id: string;
  readonly source: Source;
  /** `undefined` means all namespaces. */
  readonly namespace: string | undefined;
  /** At least one, in order; several only for EndpointSlices. `undefined` means all Services. */
  readonly services: readonly string[] | undefined;
}

/** Whatever a list+watch loop can be about. */
export type WatchScope = Scope | ObjectScope;

/** Each watch is one connection, and few Services are worth one each; above this they share. */
const SINGLES_PER_NAMESPACE = 20;

/** Names in one selector, in characters with a comma each. Proxies on the way often allow 8 KiB for a request's line and headers. */
const NAMES_LENGTH_LIMIT = 3000;

/**
 * The fewest and narrowest watches that cover all targets, and no slice twice: of two watches of one slice, the one that is behind
 * would undo what the other said. Targets within a wider target of the same source need none of their own; a Service wanted in all
 * namespaces next to a namespace wanted whole (two that overlap) become one watch of everything.
 * Many single Services of one namespace share watches (EndpointSlices only: a field selector takes one name).
 * The order is by source, namespace and Service, whatever the order of the targets.
 */
export function planWatches(targets: readonly WatchTarget[]): Scope[] {
  const sources: readonly Source[] = ["endpointslices", "endpoints"];
  return sources.flatMap((source) =>
    planSource(
      source,
      targets.filter((target) => target.source === source),
    ),
  );
}

function planSource(source: Source, targets: readonly WatchTarget[]): Scope[] {
  const allOfSome = targets.some(({ service }) => service === undefined);
  const someOfAll = targets.some(({ namespace }) => namespace === undefined);
  if (allOfSome && someOfAll) return [makeScope(source, undefined, undefined)];

  const everywhere = new Set<string>();
  const byNamespace = new Map<string, Set<string> | "all">();
  for (const { namespace, service } of targets) {
    if (namespace === undefined) {
      if (service !== undefined) everywhere.add(service);
    } else if (service === undefined) {
      byNamespace.set(namespace, "all");
    } else {
      const services = byNamespace.get(namespace) ?? new Set<string>();
      if (services !== "all") byNamespace.set(namespace, services.add(service));
    }
  }
  const scopes = planServices(source, undefined, everywhere);
  for (const namespace of [...byNamespace.keys()].sort()) {
    const services = byNamespace.get(namespace);
    if (services === "all") scopes.push(makeScope(source, namespace, undefined));
    else if (services) scopes.push(...planServices(source, namespace, services.difference(everywhere)));
  }
  return scopes;
}

function planServices(source: Source, namespace: string | undefined, services: ReadonlySet<string>): Scope[] {
  const names = [...services].sort();
  if (source === "endpoints" || names.length <= SINGLES_PER_NAMESPACE) {
    return names.map((name) => makeScope(source, namespace, [name]));
  }
  const groups: string[][] = [];
  let length = NAMES_LENGTH_LIMIT;
  for (const name of names) {
    // A comma is %2C in a query.
    length += name.length + 3;
    if (length > NAMES_LENGTH_LIMIT) {
      groups.push([]);
      length = name.length + 3;
    }
    groups.at(-1)?.push(name);
  }
  return groups.map((group) => makeScope(source, namespace, group));
}

function makeScope(
  source: Source,
  namespace: string | undefined,
  services: readonly string[] | undefined,
): Scope {
  return { id: `${source}:${namespace ?? "*"}/${servicesId(services)}`, source, namespace, services };
}

/** Readable, and short enough for a metric's label. */
function servicesId(services: readonly string[] | undefined): string {
  const first = services?.[0];
  if (services === undefined || first === undefined) return "*";
  if (services.length === 1) return first;
  const digest = createHash("sha256").update(services.join(",")).digest("hex").slice(0, 8);
  return `${first}+${services.length - 1}#${digest}`;
}

/** The API group and the plural by which the API server knows a source. */
const RESOURCES: Readonly<Record<Source, ApiResource>> = {
  endpointslices: {
    group: "discovery.k8s.io",
    resource: "endpointslices",
    root: "/apis/discovery.k8s.io/v1",
  },
  endpoints: { group: "", resource: "endpoints", root: "/api/v1" },
};

/** How the API server knows what a scope is about. */
export function scopeResource(scope: WatchScope): ApiResource {
  return "source" in scope ? RESOURCES[scope.source] : OBJECT_RESOURCES[scope.kind];
}

/** Where a scope is listed and watched. The selectors are plain text, not yet encoded for a URL. */
export function scopeRequest(scope: WatchScope): ScopeRequest {
  if (!("source" in scope)) return objectRequest(scope);
  const path = resourcePath(RESOURCES[scope.source], scope.namespace);
  const services = scope.services;
  if (services === undefined) return { path };
  // Also what makes `resourceNames` of RBAC count for list and watch:
  // https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-resources
  if (scope.source === "endpoints") return { path, fieldSelector: `metadata.name=${services.join(",")}` };
  return services.length === 1
    ? { path, labelSelector: `${SERVICE_NAME_LABEL}=${services.join(",")}` }
    : { path, labelSelector: `${SERVICE_NAME_LABEL} in (${services.join(",")})` };
}

/** True when a complete list of the scope would show this Service's slices. */
export function scopeCovers(scope: Scope, namespace: string, service: string): boolean {
  return (
    (scope.namespace === undefined || scope.namespace === namespace) &&
    (scope.services === undefined || scope.services.includes(service))
  );
}
