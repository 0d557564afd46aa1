import type { Source } from "../cluster/slice.ts";

/** The plurals of all that the simulator serves. */
export type ResourceName = Source | "namespaces" | "pods" | "statefulsets" | "deployments" | "replicasets";

/** An API object as plain JSON, complete with `kind` and `apiVersion`. */
export interface ApiObject {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

/** The part of `metadata` that the simulator reads. Key order is kept: it is the order on the wire. */
export interface ObjectMeta {
  readonly name: string;
  /** Missing in what belongs to no namespace. */
  readonly namespace?: string;
  readonly resourceVersion?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** What the API server knows about one resource. */
export interface Resource {
  readonly source: ResourceName;
  readonly kind: string;
  readonly listKind: string;
  readonly group: string;
  readonly apiVersion: string;
  /** What comes before `/endpoints` or `/namespaces/NS/endpoints`. */
  readonly pathPrefix: string;
  /** False for what belongs to no namespace. */
  readonly isNamespaced: boolean;
  /** Fields that Go writes even when they are empty, so a bookmark has them too. */
  readonly emptyFields: Readonly<Record<string, unknown>>;
  /** The `Warning` header of each answer. */
  readonly warning: string | undefined;
}

/** Every resource that the simulator serves. */
export const RESOURCES: Readonly<Record<ResourceName, Resource>> = {
  endpointslices: {
    source: "endpointslices",
    kind: "EndpointSlice",
    listKind: "EndpointSliceList",
    group: "discovery.k8s.io",
    apiVersion: "discovery.k8s.io/v1",
    pathPrefix: "/apis/discovery.k8s.io/v1",
    isNamespaced: true,
    emptyFields: { addressType: "", endpoints: null, ports: null },
    warning: undefined,
  },
  endpoints: {
    source: "endpoints",
    kind: "Endpoints",
    listKind: "EndpointsList",
    group: "",
    apiVersion: "v1",
    pathPrefix: "/api/v1",
    isNamespaced: true,
    emptyFields: {},
    // https://kubernetes.io/blog/2025/04/24/endpoints-deprecation/
    warning: '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"',
  },
  namespaces: {
    ...core("namespaces", "Namespace"),
    isNamespaced: false,
    emptyFields: { spec: {}, status: {} },
  },
  pods: { ...core("pods", "Pod"), emptyFields: { spec: { containers: null }, status: {} } },
  statefulsets: apps("statefulsets", "StatefulSet"),
  deployments: apps("deployments", "Deployment"),
  replicasets: apps("replicasets", "ReplicaSet"),
};

function core(source: ResourceName, kind: string): Resource {
  return {
    source,
    kind,
    listKind: `${kind}List`,
    group: "",
    apiVersion: "v1",
    pathPrefix: "/api/v1",
    isNamespaced: true,
    emptyFields: {},
    warning: undefined,
  };
}

function apps(source: ResourceName, kind: string): Resource {
  const pathPrefix = "/apis/apps/v1";
  return { ...core(source, kind), group: "apps", apiVersion: "apps/v1", pathPrefix };
}

/** Which resource an object belongs to. Throws when no such kind is served. */
export function sourceOf(object: { readonly kind: string }): ResourceName {
  for (const resource of Object.values(RESOURCES)) if (resource.kind === object.kind) return resource.source;
  const served = Object.values(RESOURCES).map(({ kind }) => kind);
  throw new TypeError(
    `Cannot store object: kind ${object.kind} is not served (right would be ${served.slice(0, -1).join(", ")} or ${served.at(-1)})`,
  );
}
