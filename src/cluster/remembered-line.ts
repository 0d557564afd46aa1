import { Buffer } from "node:buffer";
import { integerEnd, plainRunEnd, startsWithWord, WORDS } from "./json-walk.ts";
import { makeEndpoint } from "./endpoint-reuse.ts";
import { parseTriggerTimeMs } from "./object-fields.ts";
import type { Endpoint, Slice } from "./slice.ts";

/** What stands in a gap: the value of an endpoint's condition has the endpoint's place times 4 added. */
export const GAP = {
  version: 0,
  triggerTime: 1,
  text: 2,
  integer: 3,
  ready: 4,
  serving: 5,
  terminating: 6,
} as const;

/** A longer line is read fast enough without being remembered, as most of it is endpoints. */
export const REMEMBERED_LIMIT_BYTES = 8 * 1024;

/** Places of a line where others about the same slice mostly differ, as they are found: triples of start, end and `GAP`. */
export class Gaps {
  readonly places: number[] = [];
  #isNoting = false;

  /** Forgets all. Nothing is noted of a line that will not be remembered. */
  begin(isNoting: boolean): void {
    this.places.length = 0;
    this.#isNoting = isNoting;
  }

  note(from: number, to: number, gap: number): void {
    if (this.#isNoting) this.places.push(from, to, gap);
  }
}

/** What a line says about a slice that was known before. */
export interface Reread {
  readonly resourceVersion: string;
  /** The one that was known where nothing of it changed. */
  readonly slice: Slice;
}

/** Below this the bytes are compared here: a call of native code costs more. */
const NATIVE_FROM_BYTES = 96;

/**
 * A line of a watch that was found to be JSON, and what it said. A later line that has the same bytes but in the gaps, and there values of
 * the same sort, has the same structure: only the gaps have to be read.
 */
export class RememberedLine {
  readonly #bytes: Buffer;
  readonly #gaps: Int32Array;

  constructor(line: Buffer, gaps: Gaps) {
    // A copy, as the line lies in memory that is used again.
    this.#bytes = Buffer.allocUnsafeSlow(line.length);
    line.copy(this.#bytes);
    this.#gaps = Int32Array.from(gaps.places);
  }

  get length(): number {
    return this.#bytes.length + this.#gaps.byteLength;
  }

  /** What `line` says of the slice that `previous` is the last state of; undefined where it is not such a line. */
  reread(line: Buffer, previous: Slice): Reread | undefined {
    const bytes = this.#bytes;
    const gaps = this.#gaps;
    const conditions = new ConditionReader(previous.endpoints);
    let resourceVersion = "";
    let triggerTimeMs: number | undefined;
    let from = 0;
    let at = 0;
    for (let index = 0; index < gaps.length; index += 3) {
      const gap = gaps[index] ?? 0;
      if (!isSame(line, at, bytes, from, gap - from)) return undefined;
      at += gap - from;
      from = gaps[index + 1] ?? 0;
      const sort = gaps[index + 2] ?? 0;
      const end =
        sort >= GAP.ready
          ? conditions.read(line, at, sort)
          : sort === GAP.integer
            ? integerEnd(line, at)
            : plainRunEnd(line, at);
      if (end <= at) return undefined;
      if (sort === GAP.version) resourceVersion = line.toString("latin1", at, end);
      else if (sort === GAP.triggerTime) triggerTimeMs = parseTriggerTimeMs(line.toString("latin1", at, end));
      at = end;
    }
    const rest = bytes.length - from;
    if (line.length - at !== rest || !isSame(line, at, bytes, from, rest)) return undefined;
    const endpoints = conditions.endpoints();
    const isSameSlice = endpoints === previous.endpoints && triggerTimeMs === previous.triggerTimeMs;
    return { resourceVersion, slice: isSameSlice ? previous : { ...previous, endpoints, triggerTimeMs } };
  }
}

function isSame(line: Buffer, at: number, bytes: Buffer, from: number, length: number): boolean {
  if (line.length - at < length) return false;
  if (length >= NATIVE_FROM_BYTES) return line.compare(bytes, from, from + length, at, at + length) === 0;
  for (let index = 0; index < length; index++) if (line[at + index] !== bytes[from + index]) return false;
  return true;
}

/** Reads the conditions of endpoints that are otherwise the same. */
class ConditionReader {
  readonly #previous: readonly Endpoint[];
  #changed: Endpoint[] | undefined;
  #place = -1;
  #ready = true;
  #serving: boolean | undefined;
  #terminating = false;

  constructor(previous: readonly Endpoint[]) {
    this.#previous = previous;
  }

  /** Past the value of the condition that the gap is for; before it when it is none. */
  read(line: Buffer, at: number, gap: number): number {
    const isTrue = startsWithWord(line, at, WORDS.true);
    if (!isTrue && !startsWithWord(line, at, WORDS.false)) return at;
    const place = (gap - GAP.ready) >> 2;
    if (place !== this.#place) {
      this.#settle();
      this.#place = place;
    }
    switch (gap & 3) {
      case GAP.ready & 3:
        this.#ready = isTrue;
        break;
      case GAP.serving & 3:
        this.#serving = isTrue;
        break;
      default:
        this.#terminating = isTrue;
    }
    return isTrue ? at + 4 : at + 5;
  }

  /** The previous ones themselves where nothing changed. */
  endpoints(): readonly Endpoint[] {
    this.#settle();
    return this.#changed ?? this.#previous;
  }

  #settle(): void {
    const known = this.#previous[this.#place];
    const serving = this.#serving ?? this.#ready;
    const terminating = this.#terminating;
    if (known && (known.serving !== serving || known.terminating !== terminating)) {
      const { target, uid, hostname, address, zone, node } = known;
      this.#changed ??= [...this.#previous];
      this.#changed[this.#place] = makeEndpoint(
        target,
        uid,
        hostname,
        address,
        zone,
        node,
        serving,
        terminating,
      );
    }
    this.#ready = true;
    this.#serving = undefined;
    this.#terminating = false;
  }
}
