import type { Recording, TimedEvent } from "./recording.ts";
import { type ApiObject, RESOURCES, sourceOf } from "./resources.ts";

/** A list of a real API server: items without kind and apiVersion. */
export interface RecordedList {
  readonly kind: string;
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly Omit<ApiObject, "kind" | "apiVersion">[];
}

interface RecordedEndpoint {
  readonly conditions: {
    readonly ready?: boolean;
    readonly serving?: boolean;
    readonly terminating?: boolean;
  };
  readonly hostname?: string;
  readonly targetRef?: { readonly name?: string };
}

/** Objects of a recorded list, with the kind and apiVersion that items lack. */
export function objectsOfList(list: RecordedList): ApiObject[] {
  const resource = Object.values(RESOURCES).find(({ listKind }) => listKind === list.kind);
  if (!resource)
    throw new TypeError(`Cannot read list: kind ${list.kind} (right would be EndpointSliceList)`);
  const { kind, apiVersion } = resource;
  return list.items.map((item) => ({ kind, apiVersion, ...item }) as ApiObject);
}

/**
 * The state before a recorded stream, for `ObjectStore.seed`: surely where it is known, else a good guess.
 *
 * - `before`, the list taken before the stream, is the truth where it exists.
 * - Initial events of the stream (before the bookmark that ends them) are the truth too.
 * - An object that begins with ADDED was not there.
 * - One that begins with DELETED was there as that event shows it.
 * - One that begins with MODIFIED is guessed from that event, one generation back:
 *   a slice of generation 2 was the empty slice that its Service was born with;
 *   else endpoints that are terminating or not ready were ready (those that are not ready may as well be new;
 *   that cannot be told);
 *   a gap in the ordinals of StatefulSet Pods is filled with the endpoint that bears this name later in the stream,
 *   as ready, under the uid `00000000-0000-4000-8000-000000000000` (the Pod that was evicted);
 *   an empty slice with a generation above 2 stays empty, ports stay, labels stay, `last-change-trigger-time` goes.
 *   An Endpoints object is taken as it is, with all its not ready addresses made ready.
 * - Guessed objects have the resourceVersion that the watch was asked to start from: an upper bound.
 */
export function initialObjects(recording: Recording, before?: RecordedList): ApiObject[] {
  if (before) return objectsOfList(before);
  const startVersion = /[?&]resourceVersion=(\d+)/.exec(recording.request)?.[1] ?? "0";
  const seen = new Set<string>();
  const objects: ApiObject[] = [];
  for (const [index, event] of recording.events.entries()) {
    if (event.type === "BOOKMARK" || event.type === "ERROR") continue;
    const key = `${event.object.metadata.namespace}/${event.object.metadata.name}`;
    if (seen.has(key)) continue;
    seen.add(key);
    if (index < recording.initialEvents) objects.push(event.object);
    else if (event.type === "DELETED") objects.push(atVersion(event.object, startVersion));
    else if (event.type === "MODIFIED") {
      objects.push(atVersion(undo(event.object, recording.events.slice(index)), startVersion));
    }
  }
  return objects;
}

function atVersion(object: ApiObject, resourceVersion: string): ApiObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion } };
}

function undo(object: ApiObject, events: readonly TimedEvent[]): ApiObject {
  if (sourceOf(object) === "endpoints") return undoEndpoints(object);
  const { annotations: _annotations, generation, ...metadata } = object.metadata;
  const before = { ...object, metadata: { ...metadata, generation: Number(generation) - 1 } };
  if (Number(generation) === 2) return { ...before, endpoints: null, ports: null };
  const endpoints = (object["endpoints"] ?? []) as readonly RecordedEndpoint[];
  const ready = endpoints.map(asReady);
  const missing = evicted(endpoints, events);
  if (missing.length > 0) return { ...before, endpoints: [...ready, ...missing].toSorted(byOrdinal) };
  return { ...before, endpoints: ready.length > 0 ? ready : null };
}

function asReady(endpoint: RecordedEndpoint): RecordedEndpoint {
  const { serving, terminating } = endpoint.conditions;
  return serving === undefined || (serving && !terminating)
    ? endpoint
    : { ...endpoint, conditions: { ready: true, serving: true, terminating: false } };
}

/** The endpoints of Pods whose ordinal is missing between others, as they are when they come back. */
function evicted(endpoints: readonly RecordedEndpoint[], events: readonly TimedEvent[]): RecordedEndpoint[] {
  const ordinals = new Set(endpoints.map(ordinalOf));
  const highest = Math.max(-1, ...[...ordinals].map((ordinal) => ordinal ?? -1));
  const later = events.flatMap(({ object }) => (object["endpoints"] ?? []) as readonly RecordedEndpoint[]);
  return Array.from({ length: highest + 1 }, (_, ordinal) => ordinal).flatMap((ordinal) => {
    const back = ordinals.has(ordinal) ? undefined : later.find((one) => ordinalOf(one) === ordinal);
    const targetRef = { ...back?.targetRef, uid: "00000000-0000-4000-8000-000000000000" };
    return back ? [asReady({ ...back, targetRef })] : [];
  });
}

/** The ordinal of a StatefulSet Pod; undefined for others, whose hostname is not set. */
function ordinalOf({ hostname, targetRef }: RecordedEndpoint): number | undefined {
  const ordinal = /-(\d+)$/.exec(targetRef?.name ?? "")?.[1];
  return hostname === undefined || ordinal === undefined ? undefined : Number(ordinal);
}

function byOrdinal(a: RecordedEndpoint, b: RecordedEndpoint): number {
  return (ordinalOf(a) ?? 0) - (ordinalOf(b) ?? 0);
}

function undoEndpoints(object: ApiObject): ApiObject {
  const subsets = (object["subsets"] ?? []) as readonly {
    readonly addresses?: readonly object[];
    readonly notReadyAddresses?: readonly object[];
  }[];
  const before = subsets.map(({ addresses = [], notReadyAddresses = [], ...rest }) => ({
    addresses: [...addresses, ...notReadyAddresses],
    ...rest,
  }));
  return before.length > 0 ? { ...object, subsets: before } : object;
}
