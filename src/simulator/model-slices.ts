import type { ModelPod } from "./model-objects.ts";

/** Which Pods a slice lists, by uid, in the order of their coming. */
export interface SlicePlace {
  readonly name: string;
  readonly uid: string;
  readonly createdMs: number;
  readonly generation: number;
  readonly pods: readonly string[];
  /** What was written last; a slice is written again only when this changes. */
  readonly written: string;
}

/** What one sync of a Service does to its slices. */
export interface SliceSync {
  readonly places: readonly SlicePlace[];
  readonly changed: readonly SlicePlace[];
  readonly removed: readonly SlicePlace[];
}

/**
 * One sync of the endpointslice controller: Pods that are gone are taken out, new ones go to the end of the first
 * slice with room, slices that lose their last Pod are deleted if another is left, and slices are never merged.
 * `make` is asked for each new slice. Pure but for `make`.
 */
export function syncSlices(
  places: readonly SlicePlace[],
  pods: ReadonlyMap<string, ModelPod>,
  capacity: number,
  make: () => SlicePlace,
): SliceSync {
  const kept = places.map((place) => ({ ...place, pods: place.pods.filter((uid) => pods.has(uid)) }));
  const placed = new Set(kept.flatMap((place) => place.pods));
  for (const uid of pods.keys()) {
    if (placed.has(uid)) continue;
    let place = kept.find((one) => one.pods.length < capacity);
    if (!place) kept.push((place = { ...make(), pods: [] }));
    place.pods.push(uid);
  }
  if (kept.length === 0) kept.push({ ...make(), pods: [] });
  const full = kept.filter((place) => place.pods.length > 0);
  const staying = full.length > 0 ? full : kept.slice(0, 1);
  const removed = kept.filter((place) => !staying.includes(place) && place.generation > 0);
  const written = staying.map((place) => {
    const now = JSON.stringify(place.pods.map((uid) => pods.get(uid)));
    return now === place.written ? place : { ...place, generation: place.generation + 1, written: now };
  });
  return { places: written, changed: written.filter((place, index) => place !== staying[index]), removed };
}
