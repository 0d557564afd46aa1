import {
  type Decoded,
  type PreviousSlice,
  readTarget,
  sameSlice,
  type Target,
  targetKey,
} from "./decode-slice.ts";
import { EndpointReuse, isTarget, makeEndpoint, sameEndpoints } from "./endpoint-reuse.ts";
import { asObject, asText, type JsonObject, objectMeta, triggerTimeMs } from "./object-fields.ts";
import { serviceLabels } from "./service-labels.ts";
import type { Endpoint, Slice } from "./slice.ts";

// https://kubernetes.io/docs/reference/labels-annotations-taints/#endpoints-kubernetes-io-over-capacity
const OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity";

/**
 * Turns the JSON of a core v1 Endpoints object into one slice, named like the object and its Service.
 * `addresses` serve, `notReadyAddresses` do not; whether one is terminating is not in this API (such Pods are
 * taken out at once). A subset is a set of ports, so that an address may be in several: it counts once, and as serving if it
 * serves anywhere. The family is that of the first address; Kubernetes lists the Service's primary family only.
 * https://kubernetes.io/docs/reference/kubernetes-api/service-resources/endpoints-v1/
 */
export function decodeEndpoints(value: unknown, previousSlice: PreviousSlice = () => undefined): Decoded {
  const object = asObject(value);
  const meta = objectMeta(object);
  if (object === undefined || meta === undefined) {
    return {
      kind: "malformed",
      issue: "Cannot read Endpoints: metadata.name or metadata.namespace is missing",
    };
  }
  const key = `${meta.namespace}/${meta.name}`;
  const previous = previousSlice(key);
  const found = collectAddresses(object["subsets"] ?? [], meta.namespace);
  if (found === undefined) {
    return {
      kind: "malformed",
      issue: `Cannot read Endpoints ${key}: subsets is no list of subsets with addresses`,
    };
  }
  const endpoints = sameEndpoints(previous?.endpoints, toEndpoints(found, previous));
  const slice: Slice = {
    key,
    namespace: meta.namespace,
    service: meta.name,
    addressType: endpoints[0]?.address.includes(":") ? "IPv6" : "IPv4",
    endpoints,
    triggerTimeMs: triggerTimeMs(meta.annotations),
    serviceLabels: serviceLabels(meta.labels, previous?.serviceLabels),
    truncated: meta.annotations?.[OVER_CAPACITY] === "truncated",
  };
  return { kind: "slice", slice: sameSlice(previous, slice) };
}

interface Address {
  readonly ip: string;
  readonly target: Target;
  readonly hostname: string | undefined;
  readonly node: string | undefined;
  serving: boolean;
}

type Addresses = ReadonlyMap<string, Address>;

function collectAddresses(subsets: unknown, namespace: string): Addresses | undefined {
  if (!Array.isArray(subsets)) return undefined;
  const found = new Map<string, Address>();
  for (const subset of subsets) {
    const fields = asObject(subset);
    if (fields === undefined) return undefined;
    const complete =
      addAddresses(found, fields["addresses"] ?? [], namespace, true) &&
      addAddresses(found, fields["notReadyAddresses"] ?? [], namespace, false);
    if (!complete) return undefined;
  }
  return found;
}

function addAddresses(
  found: Map<string, Address>,
  list: unknown,
  namespace: string,
  serving: boolean,
): boolean {
  if (!Array.isArray(list)) return false;
  for (const item of list) {
    const fields: JsonObject | undefined = asObject(item);
    const ip = asText(fields?.["ip"]);
    if (ip === undefined) return false;
    const target = readTarget(asObject(fields?.["targetRef"]), namespace);
    let identity = ip;
    let known = found.get(identity);
    if (known !== undefined && (known.target.uid !== target.uid || known.target.name !== target.name)) {
      // Two Pods on the host network share its address.
      identity = `${ip} ${target.uid ?? target.name ?? ""}`;
      known = found.get(identity);
    }
    if (known !== undefined) {
      known.serving ||= serving;
      continue;
    }
    const hostname = asText(fields?.["hostname"]);
    found.set(identity, { ip, target, hostname, node: asText(fields?.["nodeName"]), serving });
  }
  return true;
}

function toEndpoints(found: Addresses, previous: Slice | undefined): Endpoint[] {
  const reuse = new EndpointReuse(previous?.endpoints ?? []);
  return Array.from(found.values(), ({ ip, target, hostname, node, serving }) => {
    const known = reuse.candidate(ip);
    const same =
      known !== undefined &&
      known.serving === serving &&
      known.hostname === hostname &&
      known.node === node &&
      known.uid === target.uid &&
      (target.name === undefined
        ? known.target === undefined
        : isTarget(known.target, target.namespace, target.name));
    return same
      ? known
      : makeEndpoint(targetKey(target), target.uid, hostname, ip, undefined, node, serving, false);
  });
}
