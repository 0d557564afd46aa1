import type { Slice, SliceEvent, Source } from "../cluster/slice.ts";
import { mergeAgain, type Merged, mergeSlices } from "./merge-slices.ts";
import type { Ring } from "./ring.ts";

/**
 * One sync of the endpoint controller writes a Service's slices one by one, milliseconds apart.
 * A ring of several slices is therefore read when they have been quiet this long …
 */
export const QUIET_MS = 100;
/** … and at the latest this long after the first unread event. */
export const QUIET_MAX_MS = 1_000;

class Service {
  readonly key: string;
  readonly namespace: string;
  readonly service: string;
  /** Itself: what alone owns nearly every slice. */
  readonly alone: readonly [Service] = [this];
  /** In order of receipt. Nearly always one, so that a list is smaller than a Map, and searched sooner. */
  readonly slices: Slice[] = [];
  /** How many of them have come in the list that is being taken in. */
  listed = 0;
  /** As last taken. */
  ring: Ring | undefined;
  /** How the ring was last read, where it was one slice. */
  merged: Merged | undefined;

  constructor(key: string, namespace: string, service: string) {
    this.key = key;
    this.namespace = namespace;
    this.service = service;
  }
}

interface Unread {
  readonly firstMs: number;
  lastMs: number;
}

type Covers = (namespace: string, service: string) => boolean;

/**
 * All slices of one source and the rings they make. Rings are always computed from all slices of their Service,
 * never from one event. Give it events with `apply`, then take the rings that can be read with `take`.
 */
export class RingBook {
  readonly #source: Source;
  readonly #services = new Map<string, Service>();
  /**
   * Which Services a slice belongs to. Its Service label may change; where another watch covers the new Service, each of the two
   * says so in its own time, and until both have, the slice is in both rings.
   */
  readonly #owners = new Map<string, readonly Service[]>();
  readonly #changed = new Set<Service>();
  readonly #unread = new Map<string, Unread>();
  /** No unread ring is quiet before this. */
  #quietCheckMs = Infinity;

  constructor(source: Source) {
    this.#source = source;
  }

  /**
   * Takes in one event of a watch. `covers` tells which namespaces and Services that watch is about: rings of others are
   * left alone, for it does not hear what becomes of them.
   */
  apply(event: SliceEvent, nowMs: number, covers: Covers): void {
    if (event.kind === "changed") return this.#put(event.slice, nowMs, covers);
    if (event.kind === "deleted") return this.#drop(event.key, nowMs, covers);
    const listed = new Set(event.slices.map((slice) => slice.key));
    for (const key of this.#owners.keys()) if (!listed.has(key)) this.#drop(key, nowMs, covers);
    for (const service of this.#services.values()) service.listed = 0;
    for (const slice of event.slices) this.#put(slice, nowMs, covers, true);
  }

  /** True while newer slices of this ring are at hand than those of the ring as last taken. */
  isUnread(key: string): boolean {
    if (this.#unread.has(key)) return true;
    const service = this.#changed.size > 0 ? this.#services.get(key) : undefined;
    return service !== undefined && this.#changed.has(service);
  }

  /** True while the Service has slices, whether its ring has been taken or not. */
  knows(key: string): boolean {
    return (this.#services.get(key)?.slices.length ?? 0) > 0;
  }

  /** The rings as last taken. */
  *rings(): IterableIterator<Ring> {
    for (const { ring } of this.#services.values()) if (ring) yield ring;
  }

  /** Forgets all Services that nobody watches any more, without a word about them. */
  keepOnly(isWatched: (namespace: string, service: string) => boolean): void {
    for (const service of this.#services.values()) {
      if (isWatched(service.namespace, service.service)) continue;
      for (const slice of service.slices) this.#disown(slice.key, service);
      this.#services.delete(service.key);
      this.#changed.delete(service);
      this.#unread.delete(service.key);
    }
  }

  /** How many Services have slices. */
  get size(): number {
    return this.#services.size;
  }

  /** When to call `take` next, in epoch milliseconds (it may then give nothing yet); undefined when no ring waits. */
  nextDueMs(): number | undefined {
    if (this.#changed.size > 0) return 0;
    return this.#unread.size > 0 ? this.#quietCheckMs : undefined;
  }

  /** Gives a ring once more, at this time or soon after: it was taken, and nothing came of it. */
  readAgain(key: string, atMs: number): void {
    this.#unread.set(key, { firstMs: atMs, lastMs: atMs });
    this.#quietCheckMs = Math.min(this.#quietCheckMs, atMs + QUIET_MS);
  }

  /** Computes the rings that changed and are quiet. A Service that lost its last slice gives an absent ring, once. */
  take(nowMs: number): readonly Ring[] {
    if (nowMs >= this.#quietCheckMs) this.#readQuiet(nowMs);
    if (this.#changed.size === 0) return [];
    const rings = [...this.#changed].map((service) => this.#read(service));
    this.#changed.clear();
    return rings;
  }

  #put(slice: Slice, nowMs: number, covers: Covers, isListed = false): void {
    const owners = this.#owners.get(slice.key);
    const service = this.#serviceOf(slice, owners?.[0]);
    if (owners && (owners.length > 1 || owners[0] !== service)) {
      this.#drop(slice.key, nowMs, covers, service);
    }
    if (service === undefined) return;
    const { slices } = service;
    const place = slices.findIndex(({ key }) => key === slice.key);
    // Decoding hands out the same object again where nothing changed; but it may now be the one that was written last.
    const stays = isListed ? service.listed++ : slices.length - 1;
    if (slices[place] === slice && place === stays) return;
    if (place !== -1) slices.splice(place, 1);
    slices.push(slice);
    this.#mark(service, slices.length, nowMs);
    if (owners === service.alone) return;
    const others = this.#owners.get(slice.key)?.filter((owner) => owner !== service) ?? [];
    this.#owners.set(slice.key, others.length === 0 ? service.alone : [...others, service]);
  }

  /** The Service that a slice says it belongs to, made where it is new: mostly the one that owned it before. */
  #serviceOf({ namespace, service }: Slice, owner: Service | undefined): Service | undefined {
    if (service === undefined) return undefined;
    if (owner?.namespace === namespace && owner.service === service) return owner;
    const key = `${namespace}/${service}`;
    let known = this.#services.get(key);
    if (!known) {
      known = new Service(key, namespace, service);
      this.#services.set(key, known);
    }
    return known;
  }

  /** Takes a slice out of the rings that the watch is about, but for the one it belongs to now. */
  #drop(sliceKey: string, nowMs: number, covers: Covers, now?: Service): void {
    for (const owner of this.#owners.get(sliceKey) ?? []) {
      if (owner === now || !covers(owner.namespace, owner.service)) continue;
      const { slices } = owner;
      const slicesBefore = slices.length;
      const place = slices.findIndex(({ key }) => key === sliceKey);
      if (place !== -1) slices.splice(place, 1);
      this.#disown(sliceKey, owner);
      this.#mark(owner, slicesBefore, nowMs);
    }
  }

  #disown(sliceKey: string, owner: Service): void {
    const others = this.#owners.get(sliceKey)?.filter((other) => other !== owner) ?? [];
    if (others.length === 0) this.#owners.delete(sliceKey);
    else this.#owners.set(sliceKey, others);
  }

  #mark(service: Service, slices: number, nowMs: number): void {
    const unread = this.#unread.get(service.key);
    if (unread) unread.lastMs = nowMs;
    else if (slices > 1) {
      this.#unread.set(service.key, { firstMs: nowMs, lastMs: nowMs });
      this.#changed.delete(service);
      this.#quietCheckMs = Math.min(this.#quietCheckMs, nowMs + QUIET_MS);
    } else this.#changed.add(service);
  }

  // An event only ever postpones a ring, so the check may come early but is never late.
  #readQuiet(nowMs: number): void {
    this.#quietCheckMs = Infinity;
    for (const [key, unread] of this.#unread) {
      const dueMs = Math.min(unread.lastMs + QUIET_MS, unread.firstMs + QUIET_MAX_MS);
      if (dueMs <= nowMs) {
        this.#unread.delete(key);
        this.#changed.add(this.#services.get(key) ?? goneService(key));
      } else this.#quietCheckMs = Math.min(this.#quietCheckMs, dueMs);
    }
  }

  #read(service: Service): Ring {
    const { key, namespace, slices } = service;
    const last = slices.at(-1);
    if (!last) {
      this.#services.delete(key);
      return absentRing(key, this.#source, service.ring?.labels);
    }
    service.ring = {
      key,
      source: this.#source,
      namespace,
      service: service.service,
      present: true,
      labels: last.serviceLabels,
      members: readMembers(service),
      truncated: slices.some((slice) => slice.truncated),
    };
    return service.ring;
  }
}

function readMembers(service: Service): Ring["members"] {
  const { slices, merged } = service;
  const slice = slices.length === 1 ? slices[0] : undefined;
  const members = (slice && merged && mergeAgain(merged, slice)) ?? mergeSlices(slices);
  service.merged = slice && { slice, members };
  return members;
}

function goneService(key: string): Service {
  const { namespace, service } = absentRing(key, "endpointslices");
  return new Service(key, namespace, service);
}

/** The ring of a Service without slices. */
export function absentRing(key: string, source: Source, labels: Ring["labels"] = {}): Ring {
  const slash = key.indexOf("/");
  return {
    key,
    source,
    namespace: key.slice(0, slash),
    service: key.slice(slash + 1),
    present: false,
    labels,
    members: [],
    truncated: false,
  };
}
