import type { Endpoint, Slice } from "../cluster/slice.ts";
import type { Member } from "./ring.ts";

interface Candidate {
  readonly endpoint: Endpoint;
  readonly slice: Slice;
}

/**
 * Merges the slices of one Service into its members, in order of key.
 *
 * - A Pod in two slices of one address family (a move between slices) counts once: as the slice with the later
 *   trigger time says, else as the slice received last. `slices` must therefore stand in order of receipt.
 * - A Pod in slices of two families is one member with both addresses; ready only where all families agree.
 * - Endpoints without a Pod are known by their hostname while it is unique in the ring, else by their address.
 *   Where such ones come in both IPv4 and IPv6, only IPv4 counts: nothing tells which belong together.
 */
export function mergeSlices(slices: readonly Slice[]): readonly Member[] {
  const only = slices.length === 1 ? slices[0] : undefined;
  return (only && mergeOne(only)) ?? mergeMany(slices);
}

/** A slice that is all of its ring, and the members that it was merged into. */
export interface Merged {
  readonly slice: Slice;
  readonly members: readonly Member[];
}

/**
 * What `mergeSlices` gives for the next state of such a slice, where all that changed are Pods that it listed before: most events
 * change one endpoint of many, and the order of keys stays. Undefined for any other change.
 */
export function mergeAgain({ slice, members }: Merged, next: Slice): readonly Member[] | undefined {
  const before = slice.endpoints;
  const after = next.endpoints;
  // Also means that each endpoint is a member of its own.
  if (before.length !== after.length || members.length !== after.length) return undefined;
  let changed: Member[] | undefined;
  for (let i = 0; i < after.length; i++) {
    const now = after[i];
    const was = before[i];
    if (now === was || !now || !was) continue;
    if (now.target === undefined || now.target !== was.target) return undefined;
    const at = indexOfKey(members, was.target);
    if (at === -1) return undefined;
    changed ??= [...members];
    changed[at] = memberOf(now);
  }
  return changed ?? members;
}

function indexOfKey(members: readonly Member[], key: string): number {
  let low = 0;
  let high = members.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((members[middle]?.key ?? key) < key) low = middle + 1;
    else high = middle;
  }
  return members[low]?.key === key ? low : -1;
}

// By far the most rings are one slice of distinct Pods: no candidates to weigh.
function mergeOne(slice: Slice): readonly Member[] | undefined {
  const members: Member[] = [];
  for (const endpoint of slice.endpoints) {
    if (endpoint.target === undefined) return undefined;
    members.push(memberOf(endpoint));
  }
  members.sort(byKey);
  for (let i = 1; i < members.length; i++) {
    if (members[i]?.key === members[i - 1]?.key) return undefined;
  }
  return members;
}

function mergeMany(slices: readonly Slice[]): readonly Member[] {
  const hostnames = uniqueHostnames(slices);
  const countIPv6ByAddress = !slices.some(
    (slice) => slice.addressType === "IPv4" && slice.endpoints.some((e) => isKnownByAddress(e, hostnames)),
  );
  const candidates = new Map<string, Candidate[]>();
  for (const slice of slices) {
    for (const endpoint of slice.endpoints) {
      const byAddress = isKnownByAddress(endpoint, hostnames);
      if (byAddress && slice.addressType === "IPv6" && !countIPv6ByAddress) continue;
      const key = byAddress ? endpoint.address : (endpoint.target ?? endpoint.hostname ?? endpoint.address);
      const known = candidates.get(key);
      if (known) known.push({ endpoint, slice });
      else candidates.set(key, [{ endpoint, slice }]);
    }
  }
  return [...candidates].map(([key, found]) => uniteFamilies(key, found)).sort(byKey);
}

function isKnownByAddress(endpoint: Endpoint, hostnames: ReadonlySet<string>): boolean {
  return endpoint.target === undefined && !(endpoint.hostname && hostnames.has(endpoint.hostname));
}

// A hostname names one member when no family gives it two addresses.
function uniqueHostnames(slices: readonly Slice[]): ReadonlySet<string> {
  const addresses = new Map<string, string>();
  const ambiguous = new Set<string>();
  for (const slice of slices) {
    for (const { target, hostname, address } of slice.endpoints) {
      if (target !== undefined || !hostname) continue;
      const place = `${slice.addressType} ${hostname}`;
      const known = addresses.get(place);
      if (known !== undefined && known !== address) ambiguous.add(hostname);
      addresses.set(place, address);
    }
  }
  const names = [...addresses.keys()].map((place) => place.slice(place.indexOf(" ") + 1));
  return new Set(names.filter((name) => !ambiguous.has(name)));
}

function uniteFamilies(key: string, found: readonly Candidate[]): Member {
  const perFamily = new Map<string, Candidate>();
  for (const candidate of found) {
    const family = candidate.slice.addressType;
    const rival = perFamily.get(family);
    if (rival && !isNewer(candidate, rival)) continue;
    // Deleted first, so that the families stand in the order in which their last words were received.
    perFamily.delete(family);
    perFamily.set(family, candidate);
  }
  const newest = [...perFamily.values()].reduce((best, next) => (isNewer(next, best) ? next : best));
  // Another uid under the same name is the Pod's predecessor: its family has not been written yet.
  const united = FAMILIES.map((family) => perFamily.get(family)).filter(
    (c) => c !== undefined && c.endpoint.uid === newest.endpoint.uid,
  ) as readonly Candidate[];
  const single = united.length === 1 ? united[0] : undefined;
  if (single?.endpoint.target === key) return memberOf(single.endpoint);
  const endpoints = united.map((c) => c.endpoint);
  return {
    ...memberOf(newest.endpoint),
    key,
    name: nameOf(newest.endpoint, key),
    addresses: endpoints.map((e) => e.address),
    ready: endpoints.every((e) => e.ready),
    serving: endpoints.every((e) => e.serving),
    terminating: endpoints.some((e) => e.terminating),
  };
}

const FAMILIES = ["IPv4", "IPv6", "FQDN"] as const;

function isNewer(candidate: Candidate, rival: Candidate): boolean {
  const time = candidate.slice.triggerTimeMs;
  const rivalTime = rival.slice.triggerTimeMs;
  // The annotation has whole seconds and is often absent: only a real difference decides.
  if (time !== undefined && rivalTime !== undefined && time !== rivalTime) return time > rivalTime;
  if (candidate.slice === rival.slice) return !candidate.endpoint.terminating;
  return true;
}

// An endpoint object stands for one state of one Pod, so its member can be made once and shared:
// whoever compares two rings may then skip equal members by identity.
const members = new WeakMap<Endpoint, Member>();

function memberOf(endpoint: Endpoint): Member {
  const known = members.get(endpoint);
  if (known) return known;
  const key = endpoint.target ?? endpoint.hostname ?? endpoint.address;
  const member: Member = {
    key,
    name: nameOf(endpoint, key),
    uid: endpoint.uid,
    addresses: [endpoint.address],
    zone: endpoint.zone,
    node: endpoint.node,
    ready: endpoint.ready,
    serving: endpoint.serving,
    terminating: endpoint.terminating,
  };
  members.set(endpoint, member);
  return member;
}

function nameOf(endpoint: Endpoint, key: string): string {
  return endpoint.target === undefined ? key : key.slice(key.indexOf("/") + 1);
}

function byKey(a: Member, b: Member): number {
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}
