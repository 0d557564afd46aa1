import { type ApiObject, type ResourceName, sourceOf } from "./resources.ts";

/** The three words of a watch that speak of an object. */
export type ChangeType = "ADDED" | "MODIFIED" | "DELETED";

/** One write, as history keeps it. `object` bears the resourceVersion of this write, also when it is a delete. */
export interface StoreEvent {
  readonly source: ResourceName;
  readonly type: ChangeType;
  readonly version: number;
  readonly object: ApiObject;
  /** The object before; undefined when it was new or is not known. */
  readonly previous: ApiObject | undefined;
}

/** A recorded event: its object keeps the resourceVersion it has. */
export interface RawEvent {
  readonly type: ChangeType;
  readonly object: ApiObject;
}

/** Where versions begin and how far back they reach. */
export interface ObjectStoreOptions {
  /** The resourceVersion before the first write; default 1. */
  readonly startVersion?: number;
  /** After this many events the older half is compacted; default 10,000. */
  readonly historyLimit?: number;
}

/**
 * What etcd and the watch cache are to an API server: objects, one resourceVersion that rises over all kinds,
 * and the history that watches resume from. No I/O, no time.
 */
export class ObjectStore {
  readonly #objects = new Map<string, ApiObject>();
  readonly #listeners = new Set<(event: StoreEvent) => void>();
  readonly #historyLimit: number;
  #history: StoreEvent[] = [];
  #sortedKeys: string[] | undefined;
  #version: number;
  #compacted: number;

  constructor(options: ObjectStoreOptions = {}) {
    this.#version = options.startVersion ?? 1;
    this.#compacted = this.#version;
    this.#historyLimit = options.historyLimit ?? 10_000;
  }

  /** The resourceVersion of the latest write of any kind. */
  get version(): number {
    return this.#version;
  }

  /** Lists at and watches from this version are possible; from older ones they are Gone. */
  get compactedVersion(): number {
    return this.#compacted;
  }

  /** Creates or replaces an object, giving it the next resourceVersion in place of its own. */
  put(object: ApiObject): StoreEvent {
    const previous = this.#objects.get(keyOf(object));
    return this.#write(previous ? "MODIFIED" : "ADDED", withVersion(object, this.#version + 1), previous);
  }

  /** Removes an object. Returns undefined when there is none. */
  delete(source: ResourceName, namespace: string, name: string): StoreEvent | undefined {
    const previous = this.get(source, namespace, name);
    return previous && this.#write("DELETED", withVersion(previous, this.#version + 1), previous);
  }

  get(source: ResourceName, namespace: string, name: string): ApiObject | undefined {
    return this.#objects.get(storageKey(source, namespace, name));
  }

  /**
   * Writes a recorded event as it is. Its resourceVersion must be higher than that of the last write:
   * two recordings of the same moment have to be merged by resourceVersion first.
   */
  append(event: RawEvent): StoreEvent {
    const version = versionOf(event.object);
    if (!(version > this.#version)) {
      throw new RangeError(
        `Cannot append ${event.type} of ${keyOf(event.object)}: its resourceVersion ` +
          `${event.object.metadata.resourceVersion} is not higher than ${this.#version}`,
      );
    }
    return this.#write(event.type, event.object, this.#objects.get(keyOf(event.object)));
  }

  /** Puts a state in place without events: what was there before the story begins. Older versions are then Gone. */
  seed(objects: readonly ApiObject[], version = 0): void {
    for (const object of objects) {
      this.#objects.set(keyOf(object), object);
      this.advanceTo(versionOf(object) || 0);
    }
    this.#sortedKeys = undefined;
    this.advanceTo(version);
    this.compact();
  }

  /** Raises the resourceVersion, as writes of kinds do that nobody here watches. Never lowers it. */
  advanceTo(version: number): void {
    this.#version = Math.max(this.#version, version);
  }

  /** Forgets the history up to `version` (default: all of it). Never brings any back. */
  compact(version = this.#version): void {
    this.#compacted = Math.min(this.#version, Math.max(this.#compacted, version));
    this.#history = this.#history.slice(this.#firstAfter(this.#compacted));
  }

  /** Current objects of one kind, in the order of their keys, as etcd returns them. */
  list(source: ResourceName): ApiObject[] {
    this.#sortedKeys ??= [...this.#objects.keys()].sort();
    const objects: ApiObject[] = [];
    for (const key of this.#sortedKeys) {
      const object = key.startsWith(`${source}/`) ? this.#objects.get(key) : undefined;
      if (object) objects.push(object);
    }
    return objects;
  }

  /** The objects as they were at `version`; undefined when that is compacted or has not been yet. */
  listAt(source: ResourceName, version: number): ApiObject[] | undefined {
    if (version < this.#compacted || version > this.#version) return undefined;
    const undone = this.#history.slice(this.#firstAfter(version));
    if (undone.length === 0) return this.list(source);
    const objects = new Map(this.list(source).map((object) => [keyOf(object), object]));
    for (const event of undone.reverse()) {
      if (event.source !== source) continue;
      if (event.previous) objects.set(keyOf(event.object), event.previous);
      else objects.delete(keyOf(event.object));
    }
    return [...objects.keys()].sort().flatMap((key) => objects.get(key) ?? []);
  }

  /** The events of one kind after `version`, oldest first; undefined when some of them are compacted. */
  eventsAfter(source: ResourceName, version: number): StoreEvent[] | undefined {
    if (version < this.#compacted) return undefined;
    return this.#history.slice(this.#firstAfter(version)).filter((event) => event.source === source);
  }

  /** Calls back at each write, in the same turn. Returns the function that ends it. */
  subscribe(listener: (event: StoreEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #write(type: ChangeType, object: ApiObject, previous: ApiObject | undefined): StoreEvent {
    const key = keyOf(object);
    const event: StoreEvent = {
      source: sourceOf(object),
      type,
      version: versionOf(object),
      object,
      previous,
    };
    if (type === "DELETED") this.#objects.delete(key);
    else this.#objects.set(key, object);
    if (type === "DELETED" || !previous) this.#sortedKeys = undefined;
    this.#version = event.version;
    this.#history.push(event);
    if (this.#history.length > this.#historyLimit) this.#compactOlderHalf();
    for (const listener of this.#listeners) listener(event);
    return event;
  }

  #compactOlderHalf(): void {
    const middle = this.#history[Math.floor(this.#history.length / 2)];
    if (middle) this.compact(middle.version);
  }

  /** Index of the first event with a higher version: history is sorted, so halving finds it. */
  #firstAfter(version: number): number {
    let low = 0;
    let high = this.#history.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#history[middle]?.version ?? Infinity) > version) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** A copy with another resourceVersion; an existing key keeps its place among the others. */
export function withVersion(object: ApiObject, version: number): ApiObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
}

function versionOf(object: ApiObject): number {
  return Number(object.metadata.resourceVersion);
}

function keyOf(object: ApiObject): string {
  return storageKey(sourceOf(object), object.metadata.namespace ?? "", object.metadata.name);
}

function storageKey(source: ResourceName, namespace: string, name: string): string {
  return `${source}/${namespace}/${name}`;
}
