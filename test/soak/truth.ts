import type { ApiServer } from "../../src/simulator/api-server.ts";
import type { SliceJson } from "../property/model-server.ts";
import { type TrueMember, type TrueRing, trueRing } from "../property/true-ring.ts";
import { isSelected, type SoakPlan } from "./soak-rules.ts";

/** What the rules make Ringbell see, by `source namespace/service`, told from the API server's objects. */
export type Truth = ReadonlyMap<string, TrueRing>;

interface EndpointsJson {
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly subsets?: readonly {
    readonly addresses?: readonly AddressJson[];
    readonly notReadyAddresses?: readonly AddressJson[];
  }[];
}

interface AddressJson {
  readonly ip: string;
  readonly nodeName?: string;
  readonly targetRef?: { readonly namespace: string; readonly name: string; readonly uid: string };
}

/** The rings of all selected Services that exist. */
export function truthOf(api: ApiServer, { services }: SoakPlan): Truth {
  const truth = new Map<string, TrueRing>();
  const slices = Map.groupBy(
    api.store.list("endpointslices") as unknown as readonly SliceJson[],
    ({ metadata }) => `${metadata.namespace}/${metadata.labels["kubernetes.io/service-name"]}`,
  );
  for (const { namespace, service } of services) {
    const key = `${namespace}/${service}`;
    const own = slices.get(key);
    if (own && isSelected(namespace, service))
      truth.set(`endpointslices ${key}`, trueRing(own, namespace, service));
  }
  for (const object of api.store.list("endpoints") as unknown as readonly EndpointsJson[]) {
    const { namespace, name } = object.metadata;
    if (namespace === "ns-0") truth.set(`endpoints ${namespace}/${name}`, endpointsRing(object));
  }
  return truth;
}

function endpointsRing({ subsets = [] }: EndpointsJson): TrueRing {
  const members = subsets.flatMap(({ addresses = [], notReadyAddresses = [] }) => [
    ...addresses.map((address) => memberOf(address, true)),
    ...notReadyAddresses.map((address) => memberOf(address, false)),
  ]);
  return { present: true, labels: {}, members: new Map(members.map((member) => [member.key, member])) };
}

function memberOf({ ip, nodeName, targetRef }: AddressJson, ready: boolean): TrueMember {
  return {
    key: targetRef ? `${targetRef.namespace}/${targetRef.name}` : ip,
    uid: targetRef?.uid,
    addresses: [ip],
    zone: undefined,
    node: nodeName,
    ready,
    serving: ready,
    terminating: false,
  };
}
