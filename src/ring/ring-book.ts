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

interface Unread {
  readonly firstMs: number;
  lastMs: number;
}

interface Service {
  readonly namespace: string;
  readonly service: string;
  /** Its own key alone: what owns nearly every slice. */
  readonly alone: readonly [string];
  /** In order of receipt. */
  readonly slices: Map<string, Slice>;
  /** How the ring was last read, where it was one slice. */
  merged: Merged | undefined;
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
   * Which rings a slice belongs to. Its Service label may change; where another watch covers the new Service, each of the two
   * says so in its own time, and until both have, the slice is in both rings.
   */
  readonly #owners = new Map<string, readonly string[]>();
  readonly #changed = new Set<string>();
  readonly #unread = new Map<string, Unread>();
  /** No unread ring is quiet before this. */
  #quietCheckMs = Infinity;
  readonly #rings = new Map<string, Ring>();

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
    for (const slice of event.slices) this.#put(slice, nowMs, covers);
  }

  /** True while newer slices of this ring are at hand than those of the ring as last taken. */
  isUnread(key: string): boolean {
    return this.#unread.has(key) || this.#changed.has(key);
  }

  /** True while the Service has slices, whether its ring has been taken or not. */
  knows(key: string): boolean {
    return (this.#services.get(key)?.slices.size ?? 0) > 0;
  }

  /** The rings as last taken. */
  rings(): IterableIterator<Ring> {
    return this.#rings.values();
  }

  /** Forgets all Services that nobody watches any more, without a word about them. */
  keepOnly(isWatched: (namespace: string, service: string) => boolean): void {
    for (const [key, { namespace, service, slices }] of this.#services) {
      if (isWatched(namespace, service)) continue;
      for (const slice of slices.keys()) this.#disown(slice, key);
      this.#services.delete(key);
      this.#rings.delete(key);
      this.#changed.delete(key);
      this.#unread.delete(key);
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
    const rings = [...this.#changed].map((key) => this.#read(key));
    this.#changed.clear();
    return rings;
  }

  #put(slice: Slice, nowMs: number, covers: Covers): void {
    const owners = this.#owners.get(slice.key);
    const key = this.#ringKey(slice, owners?.[0]);
    if (owners && (owners.length > 1 || owners[0] !== key)) this.#drop(slice.key, nowMs, covers, key);
    if (key === undefined || slice.service === undefined) return;
    let service = this.#services.get(key);
    if (!service) {
      service = {
        namespace: slice.namespace,
        service: slice.service,
        alone: [key],
        slices: new Map(),
        merged: undefined,
      };
      this.#services.set(key, service);
    }
    // Decoding hands out the same object again where nothing changed.
    if (service.slices.get(slice.key) === slice) return;
    // A Map would leave it at its old place.
    if (service.slices.size > 1) service.slices.delete(slice.key);
    service.slices.set(slice.key, slice);
    this.#mark(key, service.slices.size, nowMs);
    if (owners === service.alone) return;
    const others = this.#owners.get(slice.key)?.filter((owner) => owner !== key) ?? [];
    this.#owners.set(slice.key, others.length === 0 ? service.alone : [...others, key]);
  }

  // A key that is at hand is not made again for each event.
  #ringKey({ namespace, service }: Slice, owner: string | undefined): string | undefined {
    const known = owner === undefined ? undefined : this.#services.get(owner);
    if (known && known.namespace === namespace && known.service === service) return known.alone[0];
    return service === undefined ? undefined : `${namespace}/${service}`;
  }

  /** Takes a slice out of the rings that the watch is about, but for the one it belongs to now. */
  #drop(sliceKey: string, nowMs: number, covers: Covers, now?: string): void {
    for (const owner of this.#owners.get(sliceKey) ?? []) {
      const service = this.#services.get(owner);
      if (owner === now || !service || !covers(service.namespace, service.service)) continue;
      const slicesBefore = service.slices.size;
      service.slices.delete(sliceKey);
      this.#disown(sliceKey, owner);
      this.#mark(owner, slicesBefore, nowMs);
    }
  }

  #disown(sliceKey: string, owner: string): void {
    const others = this.#owners.get(sliceKey)?.filter((other) => other !== owner) ?? [];
    if (others.length === 0) this.#owners.delete(sliceKey);
    else this.#owners.set(sliceKey, others);
  }

  #mark(key: string, slices: number, nowMs: number): void {
    const unread = this.#unread.get(key);
    if (unread) unread.lastMs = nowMs;
    else if (slices > 1) {
      this.#unread.set(key, { firstMs: nowMs, lastMs: nowMs });
      this.#changed.delete(key);
      this.#quietCheckMs = Math.min(this.#quietCheckMs, nowMs + QUIET_MS);
    } else this.#changed.add(key);
  }

  // An event only ever postpones a ring, so the check may come early but is never late.
  #readQuiet(nowMs: number): void {
    this.#quietCheckMs = Infinity;
    for (const [key, unread] of this.#unread) {
      const dueMs = Math.min(unread.lastMs + QUIET_MS, unread.firstMs + QUIET_MAX_MS);
      if (dueMs <= nowMs) {
        this.#unread.delete(key);
        this.#changed.add(key);
      } else this.#quietCheckMs = Math.min(this.#quietCheckMs, dueMs);
    }
  }

  #read(key: string): Ring {
    const service = this.#services.get(key);
    const slices = service ? [...service.slices.values()] : [];
    const last = slices.at(-1);
    if (!service || !last) {
      this.#services.delete(key);
      const gone = absentRing(key, this.#source, this.#rings.get(key)?.labels);
      this.#rings.delete(key);
      return gone;
    }
    const ring: Ring = {
      key,
      source: this.#source,
      namespace: service.namespace,
      service: service.service,
      present: true,
      labels: last.serviceLabels,
      members: readMembers(service, slices),
      truncated: slices.some((slice) => slice.truncated),
    };
    this.#rings.set(key, ring);
    return ring;
  }
}

function readMembers(service: Service, slices: readonly Slice[]): Ring["members"] {
  const slice = slices.length === 1 ? slices[0] : undefined;
  const members = (slice && service.merged && mergeAgain(service.merged, slice)) ?? mergeSlices(slices);
  service.merged = slice && { slice, members };
  return members;
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
