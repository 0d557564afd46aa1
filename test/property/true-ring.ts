import type { SliceJson } from "./model-server.ts";

/** A member as the rules of the design have it. */
export interface TrueMember {
  readonly key: string;
  readonly uid: string | undefined;
  readonly addresses: readonly string[];
  readonly zone: string | undefined;
  readonly node: string | undefined;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
}

/** A ring as it must be, told from the API's own objects. */
export interface TrueRing {
  readonly present: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** By key. */
  readonly members: ReadonlyMap<string, TrueMember>;
}

/** One endpoint of one slice. */
interface Mention {
  readonly family: string;
  readonly pod: string | undefined;
  readonly hostname: string | undefined;
  readonly address: string;
  readonly uid: string | undefined;
  readonly zone: string | undefined;
  readonly node: string | undefined;
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly time: string | undefined;
  readonly version: number;
}

const TIME = "endpoints.kubernetes.io/last-change-trigger-time";
const SERVICE = "kubernetes.io/service-name";

/**
 * The ring of a Service, slowly and from the rules of the design alone: it shares no code with what it is to judge.
 * Where slices contradict each other, the later trigger time decides, else the slice that was written last.
 */
export function trueRing(all: Iterable<SliceJson>, namespace: string, service: string): TrueRing {
  const own = [...all]
    .filter(({ metadata }) => metadata.namespace === namespace && metadata.labels[SERVICE] === service)
    .sort((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion));
  const mentions = own.flatMap(mentionsOf);
  const identified = mentions.map((mention) => ({ mention, key: identity(mention, mentions) }));
  const keys = new Set(identified.flatMap(({ key }) => key ?? []));
  const members = new Map<string, TrueMember>();
  for (const key of keys) {
    members.set(
      key,
      unite(
        key,
        identified.filter((each) => each.key === key).map(({ mention }) => mention),
      ),
    );
  }
  return { present: own.length > 0, labels: serviceLabels(own.at(-1)), members };
}

function mentionsOf({ metadata, addressType, endpoints }: SliceJson): Mention[] {
  return (endpoints ?? []).map((endpoint) => {
    const { addresses, conditions = {}, hostname, targetRef, nodeName, zone } = endpoint;
    const name = targetRef?.["name"];
    return {
      family: addressType,
      pod: name === undefined ? undefined : `${targetRef?.["namespace"] ?? metadata.namespace}/${name}`,
      hostname,
      address: addresses[0] ?? "",
      uid: targetRef?.["uid"],
      zone,
      node: nodeName,
      serving: conditions["serving"] ?? conditions["ready"] ?? true,
      terminating: conditions["terminating"] ?? false,
      time: metadata.annotations?.[TIME],
      version: Number(metadata.resourceVersion),
    };
  });
}

/**
 * The Pod, else the hostname where it names one endpoint of each family, else the address; undefined for one that does
 * not count: nothing tells which addresses of two families belong together, so IPv4 speaks for both.
 */
function identity(mention: Mention, all: readonly Mention[]): string | undefined {
  if (mention.pod !== undefined) return mention.pod;
  if (isNamed(mention, all)) return mention.hostname;
  const isDoubled =
    mention.family === "IPv6" &&
    all.some((m) => m.family === "IPv4" && m.pod === undefined && !isNamed(m, all));
  return isDoubled ? undefined : mention.address;
}

function isNamed({ hostname }: Mention, all: readonly Mention[]): boolean {
  if (hostname === undefined) return false;
  const namesakes = all.filter((other) => other.pod === undefined && other.hostname === hostname);
  return namesakes.every((a) => namesakes.every((b) => a.family !== b.family || a.address === b.address));
}

function unite(key: string, mentions: readonly Mention[]): TrueMember {
  const latest = mentions.reduce(later);
  const families = ["IPv4", "IPv6", "FQDN"].flatMap((family) => {
    const ofFamily = mentions.filter((mention) => mention.family === family);
    return ofFamily.length > 0 ? ofFamily.reduce(later) : [];
  });
  const same = families.filter(({ uid }) => uid === latest.uid);
  const serving = same.every((mention) => mention.serving);
  const terminating = same.some((mention) => mention.terminating);
  return {
    key,
    uid: latest.uid,
    addresses: same.map(({ address }) => address),
    zone: latest.zone,
    node: latest.node,
    ready: same.every((mention) => mention.serving && !mention.terminating),
    serving,
    terminating,
  };
}

/** `b` was written last. */
function later(a: Mention, b: Mention): Mention {
  return a.time !== undefined && b.time !== undefined && a.time > b.time ? a : b;
}

function serviceLabels(slice: SliceJson | undefined): Readonly<Record<string, string>> {
  const own = Object.entries(slice?.metadata.labels ?? {}).filter(
    ([name]) => name !== SERVICE && !name.startsWith("endpointslice.kubernetes.io/"),
  );
  return Object.fromEntries(own);
}
