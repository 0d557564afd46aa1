import { asObject, asText } from "./object-fields.ts";
import type { Slice } from "./slice.ts";

/** A slice as one write left it. */
export interface Written {
  readonly slice: Slice;
  /** Empty where the object bore none. */
  readonly version: string;
}

/** The resourceVersion of an API object; empty where it has none. */
export function versionOf(object: unknown): string {
  return asText(asObject(asObject(object)?.["metadata"])?.["resourceVersion"]) ?? "";
}

/**
 * Slices in the order of their writing. Lists come in order of name; but where two slices of a Service contradict each other,
 * the one written last counts, and that is the order in which a watch tells of them. Versions of one resource compare as numbers:
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
 */
export function inOrderOfWriting(written: readonly Written[]): Slice[] {
  return written.toSorted(compareVersions).map(({ slice }) => slice);
}

// As text, since they may have 64 bits.
function compareVersions({ version: a }: Written, { version: b }: Written): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : Number(a > b);
}
