import type { Source } from "../cluster/slice.ts";

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
  readonly namespace: string;
  readonly resourceVersion?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** What the API server knows about one resource. */
export interface Resource {
  readonly source: Source;
  readonly kind: string;
  readonly listKind: string;
  readonly group: string;
  readonly apiVersion: string;
  /** What comes before `/endpoints` or `/namespaces/NS/endpoints`. */
  readonly pathPrefix: string;
  /** Fields that Go writes even when they are empty, so a bookmark has them too. */
  readonly emptyFields: Readonly<Record<string, unknown>>;
  /** The `Warning` header of each answer. */
  readonly warning: string | undefined;
}

/** Every resource that the simulator serves. */
export const RESOURCES: Readonly<Record<Source, Resource>> = {
  endpointslices: {
    source: "endpointslices",
    kind: "EndpointSlice",
    listKind: "EndpointSliceList",
    group: "discovery.k8s.io",
    apiVersion: "discovery.k8s.io/v1",
    pathPrefix: "/apis/discovery.k8s.io/v1",
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
    emptyFields: {},
    // https://kubernetes.io/blog/2025/04/24/endpoints-deprecation/
    warning: '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"',
  },
};

/** Which resource an object belongs to. Throws when it is neither an EndpointSlice nor an Endpoints object. */
export function sourceOf(object: { readonly kind: string }): Source {
  for (const resource of Object.values(RESOURCES)) if (resource.kind === object.kind) return resource.source;
  throw new TypeError(
    `Cannot store object: kind ${object.kind} is not served (right would be EndpointSlice or Endpoints)`,
  );
}
