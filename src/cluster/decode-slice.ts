import { EndpointReuse, isTarget, makeEndpoint, sameEndpoints } from "./endpoint-reuse.ts";
import { asObject, asText, type JsonObject, objectMeta, triggerTimeMs } from "./object-fields.ts";
import { SERVICE_NAME_LABEL, serviceLabels } from "./service-labels.ts";
import type { Endpoint, Slice } from "./slice.ts";

/**
 * A decoded object, or why there is none. `unsupported` objects are well-formed but of a sort that Ringbell does not know;
 * `malformed` ones cannot come from an API server, so that something on the way must have damaged them.
 */
export type Decoded =
  | { readonly kind: "slice"; readonly slice: Slice }
  | { readonly kind: "unsupported"; readonly issue: string }
  | { readonly kind: "malformed"; readonly issue: string };

/** Finds the state of a slice that is known so far, by key. */
export type PreviousSlice = (key: string) => Slice | undefined;

const NO_ENDPOINTS: readonly Endpoint[] = Object.freeze([]);
const NOTHING: PreviousSlice = () => undefined;

/**
 * Turns the JSON of a discovery.k8s.io/v1 EndpointSlice into what Ringbell keeps of it.
 * Objects of the previous state are used again where they are equal; a slice without any change is the previous one itself.
 * https://kubernetes.io/docs/reference/kubernetes-api/service-resources/endpoint-slice-v1/
 */
export function decodeSlice(value: unknown, previousSlice: PreviousSlice = NOTHING): Decoded {
  const object = asObject(value);
  const meta = objectMeta(object);
  if (object === undefined || meta === undefined) {
    return {
      kind: "malformed",
      issue: "Cannot read EndpointSlice: metadata.name or metadata.namespace is missing",
    };
  }
  const key = `${meta.namespace}/${meta.name}`;
  const addressType = object["addressType"];
  if (addressType !== "IPv4" && addressType !== "IPv6" && addressType !== "FQDN") {
    const given = JSON.stringify(addressType) ?? "missing";
    return {
      kind: "unsupported",
      issue: `Cannot read EndpointSlice ${key}: addressType is ${given}, not IPv4, IPv6 or FQDN`,
    };
  }
  // The API server writes an empty list as null: https://github.com/kubernetes/kubernetes/pull/135970
  const items = object["endpoints"] ?? NO_ENDPOINTS;
  if (!Array.isArray(items))
    return { kind: "malformed", issue: `Cannot read EndpointSlice ${key}: endpoints is not a list` };
  const previous = previousSlice(key);
  const endpoints = decodeEndpointList(items, meta.namespace, previous);
  if (endpoints === undefined) {
    return {
      kind: "malformed",
      issue: `Cannot read EndpointSlice ${key}: an endpoint is no object with an address`,
    };
  }
  const slice: Slice = {
    key,
    namespace: meta.namespace,
    service: asText(meta.labels?.[SERVICE_NAME_LABEL]),
    addressType,
    endpoints,
    triggerTimeMs: triggerTimeMs(meta.annotations),
    serviceLabels: serviceLabels(meta.labels, previous?.serviceLabels),
    truncated: false,
  };
  return { kind: "slice", slice: sameSlice(previous, slice) };
}

/** `previous` when `next` says nothing new; the parts must have been decoded with `previous` at hand. */
export function sameSlice(previous: Slice | undefined, next: Slice): Slice {
  return previous !== undefined &&
    previous.endpoints === next.endpoints &&
    previous.serviceLabels === next.serviceLabels &&
    previous.triggerTimeMs === next.triggerTimeMs &&
    previous.service === next.service &&
    previous.addressType === next.addressType &&
    previous.truncated === next.truncated
    ? previous
    : next;
}

function decodeEndpointList(
  items: readonly unknown[],
  namespace: string,
  previous: Slice | undefined,
): readonly Endpoint[] | undefined {
  if (items.length === 0) return NO_ENDPOINTS;
  const reuse = new EndpointReuse(previous?.endpoints ?? NO_ENDPOINTS);
  const endpoints: Endpoint[] = [];
  for (const item of items) {
    const endpoint = decodeEndpoint(item, namespace, reuse);
    if (endpoint === undefined) return undefined;
    endpoints.push(endpoint);
  }
  return sameEndpoints(previous?.endpoints, endpoints);
}

/** An endpoint of a slice in that namespace, from `reuse` where it is equal; undefined for what is none. */
export function decodeEndpoint(
  value: unknown,
  namespace: string,
  reuse: EndpointReuse,
): Endpoint | undefined {
  const item = asObject(value);
  const addresses = item?.["addresses"];
  const address = Array.isArray(addresses) ? asText(addresses[0]) : undefined;
  if (item === undefined || address === undefined) return undefined;

  // Both are optional at each level; absent readiness means ready.
  // https://github.com/kubernetes/enhancements/tree/master/keps/sig-network/1672-tracking-terminating-endpoints
  const conditions = asObject(item["conditions"]);
  const serving = (conditions?.["serving"] ?? conditions?.["ready"] ?? true) !== false;
  const terminating = conditions?.["terminating"] === true;

  const hostname = asText(item["hostname"]);
  const zone = asText(item["zone"]);
  const node = asText(item["nodeName"]);
  const target = readTarget(asObject(item["targetRef"]), namespace);

  const known = reuse.candidate(address);
  return known !== undefined &&
    known.serving === serving &&
    known.terminating === terminating &&
    known.hostname === hostname &&
    known.zone === zone &&
    known.node === node &&
    known.uid === target.uid &&
    (target.name === undefined
      ? known.target === undefined
      : isTarget(known.target, target.namespace, target.name))
    ? known
    : makeEndpoint(targetKey(target), target.uid, hostname, address, zone, node, serving, terminating);
}

/** A reference to what is behind an endpoint, with its namespace filled in. */
export interface Target {
  readonly namespace: string;
  readonly name: string | undefined;
  readonly uid: string | undefined;
}

/**
 * Every field of a `targetRef` is optional. The kind is not looked at: it is Pod except in slices written by hand,
 * where it may be missing.
 */
export function readTarget(reference: JsonObject | undefined, namespace: string): Target {
  return {
    namespace: asText(reference?.["namespace"]) ?? namespace,
    name: asText(reference?.["name"]),
    uid: asText(reference?.["uid"]),
  };
}

/** `namespace/name` of the target, or undefined when it has no name. */
export function targetKey(target: Target): string | undefined {
  return target.name === undefined ? undefined : `${target.namespace}/${target.name}`;
}
