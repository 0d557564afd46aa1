import { decodeEndpoints } from "./decode-endpoints.ts";
import { type Decoded, decodeSlice, type PreviousSlice } from "./decode-slice.ts";
import type { Listing } from "./intake.ts";
import type { Slice, Source } from "./slice.ts";
import { inOrderOfWriting, versionOf, type Written } from "./write-order.ts";

/** Reads the slices of one list that are wanted; they come out in the order of their writing. */
export class SliceListing implements Listing<Slice> {
  readonly #source: Source;
  readonly #previousSlice: PreviousSlice;
  readonly #keeps: (slice: Slice) => boolean;
  readonly #written: Written[] = [];

  constructor(source: Source, previousSlice: PreviousSlice, keeps: (slice: Slice) => boolean) {
    this.#source = source;
    this.#previousSlice = previousSlice;
    this.#keeps = keeps;
  }

  take(object: unknown): string | undefined {
    const decoded = decodeObject(this.#source, object, this.#previousSlice);
    if (decoded.kind !== "slice") return decoded.issue;
    if (this.#keeps(decoded.slice)) this.#written.push({ slice: decoded.slice, version: versionOf(object) });
    return undefined;
  }

  items(): readonly Slice[] {
    return inOrderOfWriting(this.#written);
  }
}

/** Decodes an object of either source. */
export function decodeObject(source: Source, value: unknown, previousSlice: PreviousSlice): Decoded {
  return source === "endpointslices"
    ? decodeSlice(value, previousSlice)
    : decodeEndpoints(value, previousSlice);
}
