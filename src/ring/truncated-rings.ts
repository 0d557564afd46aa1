import type { Ring } from "./ring.ts";

/** Finds rings of which the API does not show all members: once each time that one begins to be so, not at each of its events. */
export class TruncatedRings {
  readonly #told = new Set<string>();

  /** What is to be reported about this ring; undefined when that is nothing, or nothing new. */
  note(ring: Ring): string | undefined {
    // Asked at each event, and nearly always there is nothing.
    if (!ring.truncated) {
      if (this.#told.size > 0) this.#told.delete(placeOf(ring));
      return undefined;
    }
    const place = placeOf(ring);
    if (this.#told.has(place)) return undefined;
    this.#told.add(place);
    return (
      `The Endpoints of ${ring.key} are cut off after ${ring.members.length} members, so nobody can be said to have left: ` +
      "EndpointSlices (source: endpointslices) list all"
    );
  }
}

function placeOf({ source, key }: Ring): string {
  return `${source} ${key}`;
}
