import type { Member, Ring } from "../../src/ring/ring.ts";
import type { ObjectStore } from "../../src/simulator/object-store.ts";
import type { ApiObject } from "../../src/simulator/resources.ts";

/** What a member is to a test: enough to tell a wrong one. */
export type SeenMember = Pick<
  Member,
  "name" | "uid" | "addresses" | "node" | "zone" | "ready" | "serving" | "terminating"
>;

interface RawEndpoint {
  readonly addresses: readonly string[];
  readonly conditions: { readonly ready: boolean; readonly serving: boolean; readonly terminating: boolean };
  readonly targetRef: { readonly name: string; readonly uid: string };
  readonly nodeName: string;
  readonly zone: string;
}

/** The members of a Service as the store has them, straight from its slices as the model writes them: each Pod in one. */
export function trueMembers(store: ObjectStore, namespace: string, service: string): readonly SeenMember[] {
  const isOwn = ({ metadata }: ApiObject): boolean =>
    metadata.namespace === namespace && metadata.labels?.["kubernetes.io/service-name"] === service;
  return store
    .list("endpointslices")
    .filter(isOwn)
    .flatMap((slice) => (slice["endpoints"] ?? []) as readonly RawEndpoint[])
    .map(({ addresses, conditions, targetRef, nodeName, zone }) => ({
      name: targetRef.name,
      uid: targetRef.uid,
      addresses,
      node: nodeName,
      zone,
      ready: conditions.serving && !conditions.terminating,
      serving: conditions.serving,
      terminating: conditions.terminating,
    }))
    .sort(byName);
}

/** The members of a ring as Ringbell has it; none when it is absent or unknown. */
export function seenMembers(ring: Ring | undefined): readonly SeenMember[] {
  return (ring?.members ?? [])
    .map(({ name, uid, addresses, node, zone, ready, serving, terminating }) => ({
      name,
      uid,
      addresses,
      node,
      zone,
      ready,
      serving,
      terminating,
    }))
    .sort(byName);
}

function byName(a: SeenMember, b: SeenMember): number {
  return a.name < b.name ? -1 : 1;
}
