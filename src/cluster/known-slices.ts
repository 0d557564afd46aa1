import type { RememberedLine } from "./remembered-line.ts";
import type { Slice } from "./slice.ts";
import { hashText } from "./text-hash.ts";

/** As many bytes of lines are remembered: those of some 1,500 slices of three endpoints, the ones that changed last. */
const LINES_LIMIT_BYTES = 4 * 1024 * 1024;

/** A slice as last handed over. */
export interface KnownSlice {
  slice: Slice;
  /** The line by which it became what it is. */
  line: RememberedLine | undefined;
}

/** The slices of a scope as last handed over: by their key, and by a hash of their name, as it stands in a line. */
export class KnownSlices {
  readonly #slices = new Map<string, KnownSlice>();
  /** Where two have one hash, only the one that came last is found by it. */
  readonly #byName = new Map<number, KnownSlice>();
  /** Those with a line, in the order in which they got one. */
  readonly #remembered = new Set<KnownSlice>();
  #lineBytes = 0;

  get(key: string): Slice | undefined {
    return this.#slices.get(key)?.slice;
  }

  /** The slice whose name has this hash: perhaps another, and perhaps none though there is one. */
  maybe(nameHash: number): KnownSlice | undefined {
    return this.#byName.get(nameHash);
  }

  set(slice: Slice): void {
    const known = this.#slices.get(slice.key);
    if (known) {
      known.slice = slice;
      this.#forgetLine(known);
      return;
    }
    const made = { slice, line: undefined };
    this.#slices.set(slice.key, made);
    this.#byName.set(nameHash(slice), made);
  }

  /** Whether there was one. */
  delete(key: string): boolean {
    const known = this.#slices.get(key);
    if (known === undefined) return false;
    this.#slices.delete(key);
    this.#forgetLine(known);
    const hash = nameHash(known.slice);
    if (this.#byName.get(hash) === known) this.#byName.delete(hash);
    return true;
  }

  /** These and no others are known. */
  replace(slices: readonly Slice[]): void {
    this.#slices.clear();
    this.#byName.clear();
    this.#remembered.clear();
    this.#lineBytes = 0;
    for (const slice of slices) this.set(slice);
  }

  /** Remembers the line by which a slice became what it is, and forgets others that are longer ago. */
  remember(known: KnownSlice, line: RememberedLine): void {
    this.#forgetLine(known);
    known.line = line;
    this.#remembered.add(known);
    this.#lineBytes += line.length;
    for (const oldest of this.#remembered) {
      if (this.#lineBytes <= LINES_LIMIT_BYTES) return;
      this.#forgetLine(oldest);
    }
  }

  #forgetLine(known: KnownSlice): void {
    if (known.line === undefined) return;
    this.#lineBytes -= known.line.length;
    this.#remembered.delete(known);
    known.line = undefined;
  }
}

function nameHash({ key, namespace }: Slice): number {
  return hashText(key, namespace.length + 1);
}
