import type { Slice, SliceEvent, Source } from "../cluster/slice.ts";
import { mergeSlices } from "./merge-slices.ts";
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
  /** In order of receipt. */
  readonly slices: Map<string, Slice>;
}

/**
 * All slices of one source and the rings they make. Rings are always computed from all slices of their Service,
 * never from one event. Give it events with `apply`, then take the rings that can be read with `take`.
 */
export class RingBook {
  readonly #source: Source;
  readonly #services = new Map<string, Service>();
  /** Which ring a slice belongs to: its Service label may change. */
  readonly #owners = new Map<string, string>();
  readonly #changed = new Set<string>();
  readonly #unread = new Map<string, Unread>();
  /** No unread ring is quiet before this. */
  #quietCheckMs = Infinity;
  readonly #rings = new Map<string, Ring>();

  constructor(source: Source) {
    this.#source = source;
  }

  /**
   * Takes in one event of a watch. `covers` tells for a list which namespaces and Services it was complete for:
   * slices of others are left alone.
   */
  apply(event: SliceEvent, nowMs: number, covers: (namespace: string, service: string) => boolean): void {
    if (event.kind === "changed") return this.#put(event.slice, nowMs);
    if (event.kind === "deleted") return this.#drop(event.key, nowMs);
    const listed = new Set(event.slices.map((slice) => slice.key));
    for (const [key, ringKey] of this.#owners) {
      const service = this.#services.get(ringKey);
      if (service && !listed.has(key) && covers(service.namespace, service.service)) this.#drop(key, nowMs);
    }
    for (const slice of event.slices) this.#put(slice, nowMs);
  }

  /** The ring as last taken; undefined for a Service never seen or gone. */
  ring(key: string): Ring | undefined {
    return this.#rings.get(key);
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
      for (const slice of slices.keys()) this.#owners.delete(slice);
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

  /** Computes the rings that changed and are quiet. A Service that lost its last slice gives an absent ring, once. */
  take(nowMs: number): readonly Ring[] {
    if (nowMs >= this.#quietCheckMs) this.#readQuiet(nowMs);
    if (this.#changed.size === 0) return [];
    const rings = [...this.#changed].map((key) => this.#read(key));
    this.#changed.clear();
    return rings;
  }

  #put(slice: Slice, nowMs: number): void {
    const owner = this.#owners.get(slice.key);
    const key = slice.service === undefined ? undefined : `${slice.namespace}/${slice.service}`;
    if (owner !== undefined && owner !== key) this.#drop(slice.key, nowMs);
    if (key === undefined || slice.service === undefined) return;
    let service = this.#services.get(key);
    if (!service) {
      service = { namespace: slice.namespace, service: slice.service, slices: new Map() };
      this.#services.set(key, service);
    }
    // Decoding hands out the same object again where nothing changed.
    if (service.slices.get(slice.key) === slice) return;
    service.slices.delete(slice.key);
    service.slices.set(slice.key, slice);
    this.#owners.set(slice.key, key);
    this.#mark(key, service.slices.size, nowMs);
  }

  #drop(sliceKey: string, nowMs: number): void {
    const owner = this.#owners.get(sliceKey);
    const service = owner === undefined ? undefined : this.#services.get(owner);
    if (owner === undefined || !service) return;
    const slicesBefore = service.slices.size;
    service.slices.delete(sliceKey);
    this.#owners.delete(sliceKey);
    this.#mark(owner, slicesBefore, nowMs);
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
      members: mergeSlices(slices),
      truncated: slices.some((slice) => slice.truncated),
    };
    this.#rings.set(key, ring);
    return ring;
  }
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
