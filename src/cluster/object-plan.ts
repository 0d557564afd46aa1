import { type ApiResource, resourcePath, type ScopeRequest } from "./api-resource.ts";

/**
 * What is watched besides the rings themselves. Nodes are not among them: they belong to no namespace, so that reading them takes
 * a ClusterRole even where all else is one namespace; each is some ten kilobytes, written every few minutes; and a Pod's own record
 * tells that its Node is silent (see `isNodeSilent` of `PodRecord`).
 */
export type ObjectKind = "Namespace" | "Pod" | "StatefulSet" | "Deployment" | "ReplicaSet";

/** What a rule needs beyond its rings, and where. */
export interface ObjectTarget {
  /** The labels of namespaces, or the Pods and their owners: why a member left, and how many there should be. */
  readonly need: "namespaceLabels" | "workloads";
  /** `undefined` means all namespaces. */
  readonly namespace: string | undefined;
}

/** One list+watch loop over other objects than slices. `id` is stable for equal scopes. */
export interface ObjectScope {
  readonly id: string;
  readonly kind: ObjectKind;
  /** `undefined` means all namespaces; so it is for kinds that belong to none. */
  readonly namespace: string | undefined;
  /** A single object. `undefined` means all. */
  readonly name: string | undefined;
}

/** The API group and the plural of each kind. */
export const OBJECT_RESOURCES: Readonly<Record<ObjectKind, ApiResource>> = {
  Namespace: { group: "", resource: "namespaces", root: "/api/v1" },
  Pod: { group: "", resource: "pods", root: "/api/v1" },
  StatefulSet: { group: "apps", resource: "statefulsets", root: "/apis/apps/v1" },
  Deployment: { group: "apps", resource: "deployments", root: "/apis/apps/v1" },
  ReplicaSet: { group: "apps", resource: "replicasets", root: "/apis/apps/v1" },
};

const WORKLOAD_KINDS: readonly ObjectKind[] = ["Pod", "StatefulSet", "Deployment", "ReplicaSet"];

/** Each single namespace is a watch of its own; above this one watch of all is cheaper for both sides. */
const SINGLE_NAMESPACES = 20;

/**
 * The narrowest watches that serve all targets, none twice: nothing where no rule asks for it, the whole cluster only where one
 * is about all namespaces. In order of kind and namespace.
 */
export function planObjects(targets: readonly ObjectTarget[]): ObjectScope[] {
  const labelled = namespacesOf(targets, "namespaceLabels");
  const named =
    labelled === "all" || labelled.length > SINGLE_NAMESPACES
      ? [makeScope("Namespace", undefined, undefined)]
      : labelled.map((name) => makeScope("Namespace", undefined, name));
  const worked = namespacesOf(targets, "workloads");
  const places = worked === "all" ? [undefined] : worked;
  return [
    ...named,
    ...WORKLOAD_KINDS.flatMap((kind) => places.map((place) => makeScope(kind, place, undefined))),
  ];
}

function namespacesOf(
  targets: readonly ObjectTarget[],
  need: ObjectTarget["need"],
): readonly string[] | "all" {
  const names = new Set<string>();
  for (const target of targets) {
    if (target.need !== need) continue;
    if (target.namespace === undefined) return "all";
    names.add(target.namespace);
  }
  return [...names].sort();
}

function makeScope(kind: ObjectKind, namespace: string | undefined, name: string | undefined): ObjectScope {
  const { resource } = OBJECT_RESOURCES[kind];
  const place = kind === "Namespace" ? (name ?? "*") : `${namespace ?? "*"}/*`;
  return { id: `${resource}:${place}`, kind, namespace, name };
}

/** Where a scope is listed and watched. */
export function objectRequest({ kind, namespace, name }: ObjectScope): ScopeRequest {
  const path = resourcePath(OBJECT_RESOURCES[kind], namespace);
  // Also what makes `resourceNames` of RBAC count for list and watch, see watch-plan.ts.
  return name === undefined ? { path } : { path, fieldSelector: `metadata.name=${name}` };
}

/** True when a complete list of the scope would show this object. */
export function objectScopeCovers(
  scope: ObjectScope,
  object: { readonly kind: ObjectKind; readonly namespace: string | undefined; readonly name: string },
): boolean {
  return (
    scope.kind === object.kind &&
    (scope.namespace === undefined || scope.namespace === object.namespace) &&
    (scope.name === undefined || scope.name === object.name)
  );
}
