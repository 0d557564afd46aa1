import { sameSlice } from "../cluster/decode-slice.ts";
import { EndpointReuse, makeEndpoint, sameEndpoints } from "../cluster/endpoint-reuse.ts";
import type { Endpoint, Slice } from "../cluster/slice.ts";

/**
 * A slice from the JSON of a recording: with all its fields, of which JSON leaves out those that are undefined, and like a slice that a
 * watch has decoded it shares with its previous state what is equal, so that others can compare by identity.
 */
export function restoreSlice(read: Slice, previous: Slice | undefined): Slice {
  const reuse = new EndpointReuse(previous?.endpoints ?? []);
  const endpoints = read.endpoints.map((endpoint) => {
    const known = reuse.candidate(endpoint.address);
    return known && isEqual(known, endpoint) ? known : restoreEndpoint(endpoint);
  });
  const slice: Slice = {
    key: read.key,
    namespace: read.namespace,
    service: read.service,
    addressType: read.addressType,
    endpoints: sameEndpoints(previous?.endpoints, endpoints),
    triggerTimeMs: read.triggerTimeMs,
    serviceLabels: sameLabels(previous?.serviceLabels, read.serviceLabels),
    truncated: read.truncated,
  };
  return sameSlice(previous, slice);
}

function restoreEndpoint(read: Endpoint): Endpoint {
  const { target, uid, hostname, address, zone, node, serving, terminating } = read;
  return makeEndpoint(target, uid, hostname, address, zone, node, serving, terminating);
}

function isEqual(a: Endpoint, b: Endpoint): boolean {
  return (
    a.target === b.target &&
    a.uid === b.uid &&
    a.hostname === b.hostname &&
    a.zone === b.zone &&
    a.node === b.node &&
    a.serving === b.serving &&
    a.terminating === b.terminating
  );
}

function sameLabels(
  previous: Slice["serviceLabels"] | undefined,
  next: Slice["serviceLabels"],
): Slice["serviceLabels"] {
  if (previous === undefined) return next;
  const names = Object.keys(next);
  const isSame =
    names.length === Object.keys(previous).length && names.every((name) => previous[name] === next[name]);
  return isSame ? previous : next;
}
