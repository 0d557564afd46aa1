import { Buffer } from "node:buffer";
import { decodeEndpoint, sameSlice } from "./decode-slice.ts";
import { EndpointReuse } from "./endpoint-reuse.ts";
import {
  BYTE,
  DOUBT,
  integerEnd,
  isPlainText,
  isWord,
  keyEnd,
  passText,
  passValue,
  plainEnd,
  plainRunEnd,
  startsWithWord,
} from "./json-walk.ts";
import type { KnownSlice, KnownSlices } from "./known-slices.ts";
import { parseTriggerTimeMs, TRIGGER_TIME } from "./object-fields.ts";
import { GAP, Gaps, REMEMBERED_LIMIT_BYTES, RememberedLine, type Reread } from "./remembered-line.ts";
import { EndpointReader } from "./reread-endpoint.ts";
import { passSameLabels } from "./reread-labels.ts";
import type { Endpoint, Slice } from "./slice.ts";
import { hashBytes } from "./text-hash.ts";

const MODIFIED = Buffer.from('{"type":"MODIFIED","object":{');
const ADDED = Buffer.from('{"type":"ADDED","object":{');

/** How nearly every line begins; the name follows. */
const START = Buffer.from(
  '{"type":"MODIFIED","object":{"kind":"EndpointSlice","apiVersion":"discovery.k8s.io/v1","metadata":{"name":',
);

const KEY = {
  metadata: Buffer.from("metadata"),
  addressType: Buffer.from("addressType"),
  endpoints: Buffer.from("endpoints"),
  name: Buffer.from("name"),
  namespace: Buffer.from("namespace"),
  resourceVersion: Buffer.from("resourceVersion"),
  labels: Buffer.from("labels"),
  generation: Buffer.from("generation"),
  managedFields: Buffer.from("managedFields"),
  annotations: Buffer.from("annotations"),
  triggerTime: Buffer.from(TRIGGER_TIME),
} as const;

// Structure wherever it stands in JSON: an unescaped quote behind a comma begins a string.
const TIME = Buffer.from(',"time":"');

/**
 * Reads a line about an EndpointSlice that is known by comparing its bytes with what is known, and parses only endpoints that
 * are new: most events change one endpoint, and half of a line is `managedFields`.
 *
 * What it answers is what `decodeEvent` and `decodeSlice` make of the line. It walks through all of it, so that nothing within
 * another value can be taken for what is looked for; and has no answer (parse it!) to a line that is not JSON, or not in the form
 * that Go's encoder writes, or in which anything but endpoints and times differs from what is known.
 */
export class SliceRereader {
  readonly #known: KnownSlices;
  readonly #gaps = new Gaps();
  readonly #reader = new EndpointReader(this.#gaps);
  readonly #name = { from: 0, to: 0 };
  readonly #namespace = { from: 0, to: 0 };
  readonly #version = { from: 0, to: 0 };
  #found: KnownSlice | undefined;
  #previous: Slice | undefined;
  #hasLabels = false;
  #hasAnnotations = false;
  #hasAddressType = false;
  #triggerTimeMs: number | undefined;
  #endpoints: readonly Endpoint[] | undefined;
  /** Whether the next line about this slice will likely differ in the gaps only. */
  #isMemorable = false;

  constructor(known: KnownSlices) {
    this.#known = known;
  }

  /** What the line says, and from now on the slice is known so; or undefined when it has to be parsed. */
  read(line: Buffer): Reread | undefined {
    const named = this.#named(line);
    const again = named?.line?.reread(line, named.slice);
    if (named && again) {
      named.slice = again.slice;
      return again;
    }
    const reread = this.#walk(line);
    const found = this.#found;
    if (reread === undefined || found === undefined) return undefined;
    this.#known.set(reread.slice);
    if (this.#isMemorable) {
      this.#known.remember(found, new RememberedLine(line, this.#gaps));
    }
    return reread;
  }

  /** The slice that the line is likely about, by the name that Go writes first. */
  #named(line: Buffer): KnownSlice | undefined {
    if (!startsWithWord(line, 0, START)) return undefined;
    const end = plainEnd(line, START.length);
    return end === DOUBT ? undefined : this.#known.maybe(hashBytes(line, START.length + 1, end));
  }

  #walk(line: Buffer): Reread | undefined {
    const head = startsWithWord(line, 0, MODIFIED) ? MODIFIED : ADDED;
    if (head === ADDED && !startsWithWord(line, 0, ADDED)) return undefined;
    this.#begin(line);
    const end = this.#passObject(line, head.length - 1);
    if (end !== line.length - 1 || line[end] !== BYTE.close) return undefined;
    const previous = this.#previous;
    const endpoints = this.#endpoints;
    if (previous === undefined || endpoints === undefined || !this.#hasLabels || !this.#hasAddressType) {
      return undefined;
    }
    const triggerTimeMs = this.#triggerTimeMs;
    const { from, to } = this.#version;
    return {
      resourceVersion: line.toString("latin1", from, to),
      slice: sameSlice(previous, { ...previous, endpoints, triggerTimeMs }),
    };
  }

  #begin(line: Buffer): void {
    this.#isMemorable = line.length <= REMEMBERED_LIMIT_BYTES;
    this.#gaps.begin(this.#isMemorable);
    this.#found = undefined;
    this.#name.to = 0;
    this.#namespace.to = 0;
    this.#version.to = 0;
    this.#previous = undefined;
    this.#hasLabels = false;
    this.#hasAnnotations = false;
    this.#hasAddressType = false;
    this.#triggerTimeMs = undefined;
    this.#endpoints = undefined;
  }

  #passObject(line: Buffer, from: number): number {
    let at = from;
    do {
      const end = keyEnd(line, at + 1);
      if (end === DOUBT) return DOUBT;
      at = this.#passPart(line, at + 2, end);
    } while (line[at] === BYTE.comma);
    return line[at] === BYTE.close ? at + 1 : DOUBT;
  }

  #passPart(line: Buffer, key: number, end: number): number {
    const value = end + 2;
    if (isWord(line, key, end, KEY.metadata)) return this.#passMetadata(line, value);
    if (isWord(line, key, end, KEY.endpoints)) return this.#passEndpoints(line, value);
    if (!isWord(line, key, end, KEY.addressType)) return passValue(line, value);
    if (this.#hasAddressType) return DOUBT;
    this.#hasAddressType = true;
    return passText(line, value, this.#previous?.addressType);
  }

  #passMetadata(line: Buffer, from: number): number {
    if (line[from] !== BYTE.open || this.#previous !== undefined) return DOUBT;
    let at = from;
    do {
      const end = keyEnd(line, at + 1);
      if (end === DOUBT) return DOUBT;
      at = this.#passField(line, at + 2, end);
    } while (line[at] === BYTE.comma);
    return line[at] === BYTE.close && this.#version.to !== 0 ? at + 1 : DOUBT;
  }

  #passField(line: Buffer, key: number, end: number): number {
    const value = end + 2;
    switch (end - key) {
      case 4:
        if (isWord(line, key, end, KEY.name)) return takeText(line, value, this.#name);
        break;
      case 6:
        if (isWord(line, key, end, KEY.labels)) return this.#passLabels(line, value);
        break;
      case 9:
        if (isWord(line, key, end, KEY.namespace)) return takeText(line, value, this.#namespace);
        break;
      case 10:
        if (isWord(line, key, end, KEY.generation)) return this.#passGeneration(line, value);
        break;
      case 11:
        if (isWord(line, key, end, KEY.annotations)) return this.#passAnnotations(line, value);
        break;
      case 13:
        if (isWord(line, key, end, KEY.managedFields)) return this.#passManagedFields(line, value);
        break;
      case 15:
        if (isWord(line, key, end, KEY.resourceVersion)) return this.#passVersion(line, value);
        break;
    }
    return passValue(line, value);
  }

  #passVersion(line: Buffer, value: number): number {
    const end = takeText(line, value, this.#version);
    this.#gaps.note(value + 1, end - 1, GAP.version);
    return end;
  }

  #passGeneration(line: Buffer, value: number): number {
    const end = integerEnd(line, value);
    this.#gaps.note(value, end, GAP.integer);
    return end;
  }

  // Their times change with each write.
  #passManagedFields(line: Buffer, value: number): number {
    const end = passValue(line, value);
    if (end === DOUBT) return DOUBT;
    const fields = line.subarray(value, end);
    for (let time = fields.indexOf(TIME); time !== -1; time = fields.indexOf(TIME, time)) {
      time += TIME.length;
      const timeEnd = plainRunEnd(fields, time);
      if (fields[timeEnd] === BYTE.quote) this.#gaps.note(value + time, value + timeEnd, GAP.text);
    }
    return end;
  }

  // Go writes them behind name and namespace.
  #passLabels(line: Buffer, value: number): number {
    if (this.#hasLabels || this.#name.to === 0 || this.#namespace.to === 0) return DOUBT;
    this.#hasLabels = true;
    this.#found = this.#known.maybe(hashBytes(line, this.#name.from, this.#name.to));
    const previous = this.#found?.slice;
    if (previous === undefined || !this.#isAbout(line, previous)) return DOUBT;
    this.#previous = previous;
    return passSameLabels(line, value, previous);
  }

  #isAbout(line: Buffer, { key, namespace }: Slice): boolean {
    const [name, space] = [this.#name, this.#namespace];
    return (
      isPlainText(line, space.from, space.to, namespace) &&
      isPlainText(line, name.from, name.to, key, namespace.length + 1)
    );
  }

  #passAnnotations(line: Buffer, from: number): number {
    if (line[from] !== BYTE.open || this.#hasAnnotations) return DOUBT;
    this.#hasAnnotations = true;
    let hasTime = false;
    let at = from;
    do {
      const end = keyEnd(line, at + 1);
      if (end === DOUBT) return DOUBT;
      const value = end + 2;
      if (isWord(line, at + 2, end, KEY.triggerTime)) {
        const timeEnd = hasTime ? DOUBT : plainEnd(line, value);
        if (timeEnd === DOUBT) return DOUBT;
        hasTime = true;
        this.#gaps.note(value + 1, timeEnd, GAP.triggerTime);
        this.#triggerTimeMs = parseTriggerTimeMs(line.toString("latin1", value + 1, timeEnd));
        at = timeEnd + 1;
      } else at = passValue(line, value);
    } while (line[at] === BYTE.comma);
    return line[at] === BYTE.close ? at + 1 : DOUBT;
  }

  #passEndpoints(line: Buffer, from: number): number {
    const previous = this.#previous;
    if (line[from] !== BYTE.listOpen || !previous || this.#endpoints) return DOUBT;
    const { namespace } = previous;
    const reuse = new EndpointReuse(previous.endpoints);
    let changed: Endpoint[] | undefined;
    let count = 0;
    let at = from;
    do {
      const endpoint = this.#readEndpoint(line, at + 1, count, namespace, reuse);
      if (endpoint === undefined) return DOUBT;
      if (changed) changed.push(endpoint);
      else if (endpoint !== previous.endpoints[count]) {
        changed = previous.endpoints.slice(0, count);
        changed.push(endpoint);
      }
      count++;
      at = this.#reader.end;
    } while (line[at] === BYTE.comma);
    if (count < previous.endpoints.length) changed ??= previous.endpoints.slice(0, count);
    this.#endpoints = changed ?? previous.endpoints;
    return line[at] === BYTE.listClose ? at + 1 : DOUBT;
  }

  #readEndpoint(
    line: Buffer,
    from: number,
    place: number,
    namespace: string,
    reuse: EndpointReuse,
  ): Endpoint | undefined {
    const { expected } = reuse;
    const endpoint = expected && this.#reader.read(line, from, place, namespace, expected);
    if (endpoint) {
      reuse.pass();
      return endpoint;
    }
    const end = passValue(line, from);
    if (end === DOUBT) return undefined;
    // Its conditions may not have been noted.
    this.#isMemorable = false;
    this.#reader.end = end;
    return decodeEndpoint(JSON.parse(line.toString("utf8", from, end)), namespace, reuse);
  }
}

/** Past a text of plain ASCII, whose place is noted. Doubt about any other, an empty one, and a second one. */
function takeText(line: Buffer, at: number, span: { from: number; to: number }): number {
  const end = span.to === 0 ? plainEnd(line, at) : DOUBT;
  if (end === DOUBT || end === at + 1) return DOUBT;
  span.from = at + 1;
  span.to = end;
  return end + 1;
}
