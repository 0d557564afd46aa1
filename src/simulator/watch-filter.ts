import type { ChangeType, StoreEvent } from "./object-store.ts";
import { withVersion } from "./object-store.ts";
import type { ApiObject } from "./resources.ts";
import type { Matcher } from "./selectors.ts";

/** What one watch is told about one write. */
export interface WatchChange {
  readonly type: ChangeType;
  readonly object: ApiObject;
}

/**
 * How a write looks through a selector: an object that stops matching is DELETED, one that begins to match is ADDED.
 * That DELETED holds the object as it last matched, with the resourceVersion of the write, as the API server's
 * watch cache sends it (convertToWatchEvent):
 * https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apiserver/pkg/storage/cacher/cache_watcher.go
 * A replayed MODIFIED whose object before is not known counts as having matched before.
 * Returns undefined when the watch is told nothing.
 */
export function changeSeenBy(matches: Matcher, event: StoreEvent): WatchChange | undefined {
  const did = event.type !== "ADDED" && matches(event.previous ?? event.object);
  const does = event.type !== "DELETED" && matches(event.object);
  if (!did && !does) return undefined;
  if (did && does) return { type: "MODIFIED", object: event.object };
  if (does) return { type: "ADDED", object: event.object };
  if (event.type === "DELETED") return { type: "DELETED", object: event.object };
  return { type: "DELETED", object: farewell(event) };
}

// One copy for all watches that lose the object, so that it is serialised once.
const farewells = new WeakMap<StoreEvent, ApiObject>();

function farewell(event: StoreEvent): ApiObject {
  let object = farewells.get(event);
  if (!object) farewells.set(event, (object = withVersion(event.previous ?? event.object, event.version)));
  return object;
}
