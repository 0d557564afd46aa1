import type { ApiRequest } from "./api-request.ts";
import type { ObjectStore, StoreEvent } from "./object-store.ts";
import { goneWatch } from "./status.ts";
import { changeSeenBy } from "./watch-filter.ts";
import type { WatchStream } from "./watch-stream.ts";
import { LineCache, watchLine } from "./wire.ts";

/**
 * All open watches, found by kind and namespace, so that a write costs only the watches it may concern.
 * Each event is serialised once, whoever gets it.
 */
export class WatchHub {
  readonly #store: ObjectStore;
  readonly #streams = new Map<string, Set<WatchStream>>();
  readonly #lines = new LineCache();

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** Writes the start of a watch, and keeps it for the events to come, unless its version is Gone. */
  add(stream: WatchStream): void {
    if (!this.#begin(stream)) return stream.end();
    const key = scopeKey(stream.request.source, stream.request.namespace);
    const streams = this.#streams.get(key) ?? new Set();
    this.#streams.set(key, streams.add(stream));
  }

  remove(stream: WatchStream): void {
    const key = scopeKey(stream.request.source, stream.request.namespace);
    this.#streams.get(key)?.delete(stream);
    if (this.#streams.get(key)?.size === 0) this.#streams.delete(key);
  }

  all(): WatchStream[] {
    return [...this.#streams.values()].flatMap((streams) => [...streams]).sort((a, b) => a.id - b.id);
  }

  /** Tells one write to the watches that it concerns. */
  deliver(event: StoreEvent): void {
    for (const namespace of new Set([undefined, event.object.metadata.namespace])) {
      for (const stream of this.#streams.get(scopeKey(event.source, namespace)) ?? []) {
        this.#tell(stream, event);
      }
    }
  }

  /** Tells a watch again what happened after a resourceVersion, as far as history reaches. */
  repeat(stream: WatchStream, afterVersion: number): void {
    const from = Math.max(afterVersion, this.#store.compactedVersion);
    for (const event of this.#store.eventsAfter(stream.request.source, from) ?? [])
      this.#write(stream, event);
  }

  #tell(stream: WatchStream, event: StoreEvent): void {
    // A watch from the future hears only of what is newer still.
    if (event.version <= (stream.beginning.asOf ?? stream.request.version ?? 0)) return;
    this.#write(stream, event);
  }

  #write(stream: WatchStream, event: StoreEvent): void {
    const change = changeSeenBy(stream.request.matches, event);
    if (change) stream.writeLine(this.#lines.line(change), event.version);
  }

  #begin(stream: WatchStream): boolean {
    const { request, beginning } = stream;
    if ((request.version ?? 0) > this.#store.version) return true;
    const isWhole = !wantsInitialEvents(request) || this.#writeInitialEvents(stream);
    const version = beginning.asOf ?? (wantsInitialEvents(request) ? 0 : (request.version ?? 0));
    if (version === 0 || !isWhole) return isWhole;
    const missed = this.#store.eventsAfter(request.source, version);
    if (!missed) {
      stream.writeLine(watchLine("ERROR", goneWatch(version, this.#store.compactedVersion)));
      return false;
    }
    for (const event of missed) this.#tell(stream, event);
    return true;
  }

  /** False when the watch broke off on the way. */
  #writeInitialEvents(stream: WatchStream): boolean {
    const { request, beginning } = stream;
    const { asOf, breakOff, unmarked } = beginning;
    const stale = asOf === undefined ? undefined : this.#store.listAt(request.source, asOf);
    const objects = (stale ?? this.#store.list(request.source)).filter((object) => request.matches(object));
    for (const object of objects.slice(0, breakOff?.after)) {
      stream.writeLine(this.#lines.line({ type: "ADDED", object }), Number(object.metadata.resourceVersion));
    }
    if (breakOff) return breakOffNow(stream, breakOff.how);
    if (request.bookmarks && unmarked !== true) stream.writeBookmark(true, asOf);
    return true;
  }
}

/** True for a watch that stays open, though it says nothing any more. */
function breakOffNow(stream: WatchStream, how: "end" | "reset" | "silence"): boolean {
  if (how === "silence") stream.freeze();
  // After its bytes have left: a reset discards what is still to be sent.
  if (how === "reset") setImmediate(() => stream.reset());
  return how !== "end";
}

/** Also without being asked, where no version or 0 is given. */
function wantsInitialEvents(request: ApiRequest): boolean {
  return request.sendInitialEvents ?? (request.version ?? 0) === 0;
}

function scopeKey(source: string, namespace: string | undefined): string {
  return `${source}/${namespace ?? ""}`;
}
