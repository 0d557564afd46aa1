/** Which API object a ring is read from. */
export type Source = "endpointslices" | "endpoints";

/**
 * One endpoint of one slice, with the API's nil rules applied once, here.
 * Strings are as the API server sent them; those of `targetRef` are not validated by Kubernetes.
 */
export interface Endpoint {
  /** The target Pod as `namespace/name`; undefined for endpoints without a `targetRef`. */
  readonly target: string | undefined;
  readonly uid: string | undefined;
  readonly hostname: string | undefined;
  /** `addresses[0]`; the others have no meaning in Kubernetes. */
  readonly address: string;
  readonly zone: string | undefined;
  readonly node: string | undefined;
  /** `serving ?? ready ?? true`, and not terminating. */
  readonly ready: boolean;
  /** `serving ?? ready ?? true`. */
  readonly serving: boolean;
  /** `terminating ?? false`. */
  readonly terminating: boolean;
}

/**
 * What Ringbell keeps of an EndpointSlice. An Endpoints object becomes slices of the same shape,
 * so that everything behind this point knows one form only.
 */
export interface Slice {
  /** `namespace/name` of the API object: unique within one source. */
  readonly key: string;
  readonly namespace: string;
  /** From the label `kubernetes.io/service-name`; undefined when it is missing: such a slice belongs to no ring. */
  readonly service: string | undefined;
  readonly addressType: "IPv4" | "IPv6" | "FQDN";
  readonly endpoints: readonly Endpoint[];
  /** `endpoints.kubernetes.io/last-change-trigger-time` in epoch milliseconds; often absent, whole seconds. */
  readonly triggerTimeMs: number | undefined;
  /** Labels copied from the Service, without those that Kubernetes itself puts on slices. */
  readonly serviceLabels: Readonly<Record<string, string>>;
  /** Only for Endpoints: the object lists no more than the first 1,000 (`endpoints.kubernetes.io/over-capacity`). */
  readonly truncated: boolean;
}

/** What a watch of one scope says, in the order it happened. */
export type SliceEvent =
  /** A complete list: slices of this scope that are not in it are gone. */
  | { readonly kind: "listed"; readonly slices: readonly Slice[] }
  | { readonly kind: "changed"; readonly slice: Slice }
  | { readonly kind: "deleted"; readonly key: string };
