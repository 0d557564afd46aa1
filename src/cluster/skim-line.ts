import { Buffer } from "node:buffer";
import { SERVICE_NAME_LABEL } from "./service-labels.ts";

/** Where a text stands in a line, without its quotes, and a hash of its bytes. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly hash: number;
}

class FoundSpan implements Span {
  from = 0;
  to = 0;
  hash = 0;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const LIST_OPEN = 0x5b;
const LIST_CLOSE = 0x5d;

/** In doubt: the line has to be parsed. */
const DOUBT = -1;

const KEY = {
  type: Buffer.from("type"),
  object: Buffer.from("object"),
  metadata: Buffer.from("metadata"),
  name: Buffer.from("name"),
  namespace: Buffer.from("namespace"),
  resourceVersion: Buffer.from("resourceVersion"),
  labels: Buffer.from("labels"),
  serviceName: Buffer.from(SERVICE_NAME_LABEL),
} as const;
const CHANGES = ["ADDED", "MODIFIED", "DELETED"].map((type) => Buffer.from(type));

/**
 * Finds out whom a line of a watch is about without parsing it: walks along the structure of the JSON, string by string, so
 * that nothing within an annotation or another value can be taken for it, and stops as soon as it knows.
 *
 * Says no (parse it!) for anything but ADDED, MODIFIED and DELETED, and whenever a line differs from what Go's encoder writes so
 * that it could mean something else to `JSON.parse`: spaces, escapes in a key or in one of the texts looked for, a key
 * twice among those that were read, `object` before `type`, no Service label, an end that is not that of a whole event.
 * What stands behind the point where it stopped is not checked.
 */
export class LineSkim {
  readonly name: Span = new FoundSpan();
  readonly namespace: Span = new FoundSpan();
  readonly resourceVersion: Span = new FoundSpan();
  /** For Endpoints, the name: the object is named like its Service. */
  readonly service: Span;
  readonly #ofSlices: boolean;
  #keyEnd = 0;

  constructor(source: "endpointslices" | "endpoints") {
    this.#ofSlices = source === "endpointslices";
    this.service = this.#ofSlices ? new FoundSpan() : this.name;
  }

  /** Whether the four texts were found; they are valid until the next call. */
  read(line: Buffer): boolean {
    clear(this.name);
    clear(this.namespace);
    clear(this.resourceVersion);
    clear(this.service);
    const last = line.length - 1;
    if (line[0] !== OPEN || line[last] !== CLOSE || line[last - 1] !== CLOSE) return false;
    const type = this.#enterValue(line, 1, KEY.type);
    if (type === DOUBT || line[type] !== QUOTE) return false;
    const typeEnd = keyEnd(line, type + 1);
    if (!CHANGES.some((change) => isWord(line, type + 1, typeEnd, change))) return false;
    if (line[typeEnd + 1] !== COMMA) return false;
    const object = this.#enterValue(line, typeEnd + 2, KEY.object);
    return object !== DOUBT && line[object] === OPEN && this.#readObject(line, object + 1);
  }

  /** The value of the key that begins here, when it is this one. */
  #enterValue(line: Buffer, at: number, key: Buffer): number {
    const value = this.#passKey(line, at);
    return value !== DOUBT && isWord(line, at + 1, this.#keyEnd, key) ? value : DOUBT;
  }

  /** From the quote of a key to its value. */
  #passKey(line: Buffer, at: number): number {
    if (line[at] !== QUOTE) return DOUBT;
    const end = keyEnd(line, at + 1);
    this.#keyEnd = end;
    return end !== DOUBT && line[end + 1] === COLON ? end + 2 : DOUBT;
  }

  #readObject(line: Buffer, from: number): boolean {
    for (let at = from; ; at++) {
      const value = this.#passKey(line, at);
      if (value === DOUBT) return false;
      if (isWord(line, at + 1, this.#keyEnd, KEY.metadata)) {
        return line[value] === OPEN && this.#readMetadata(line, value + 1);
      }
      at = passValue(line, value);
      if (line[at] !== COMMA) return false;
    }
  }

  #readMetadata(line: Buffer, from: number): boolean {
    for (let at = from; ; at++) {
      const value = this.#passKey(line, at);
      if (value === DOUBT) return false;
      at = this.#passField(line, at + 1, this.#keyEnd, value);
      if (at === DOUBT) return false;
      if (isFound(this.name, this.namespace) && isFound(this.resourceVersion, this.service)) return true;
      if (line[at] !== COMMA) return false;
    }
  }

  /** Past a field of metadata, which is taken in if it is one of those looked for. */
  #passField(line: Buffer, key: number, end: number, value: number): number {
    switch (end - key) {
      case 4:
        if (isWord(line, key, end, KEY.name)) return takeText(line, value, this.name);
        break;
      case 6:
        if (this.#ofSlices && isWord(line, key, end, KEY.labels)) return this.#passLabels(line, value);
        break;
      case 9:
        if (isWord(line, key, end, KEY.namespace)) return takeText(line, value, this.namespace);
        break;
      case 15:
        if (isWord(line, key, end, KEY.resourceVersion)) return takeText(line, value, this.resourceVersion);
        break;
    }
    return passValue(line, value);
  }

  #passLabels(line: Buffer, value: number): number {
    if (line[value] !== OPEN || isFound(this.service, this.service)) return DOUBT;
    for (let at = value + 1; ; at++) {
      const label = this.#passKey(line, at);
      if (label === DOUBT || line[label] !== QUOTE) return DOUBT;
      at = isWord(line, at + 1, this.#keyEnd, KEY.serviceName)
        ? takeText(line, label, this.service)
        : stringEnd(line, label + 1) + 1;
      if (line[at] === CLOSE) return isFound(this.service, this.service) ? at + 1 : DOUBT;
      if (line[at] !== COMMA) return DOUBT;
    }
  }
}

function clear(span: Span): void {
  (span as FoundSpan).to = 0;
}

function isFound(one: Span, other: Span): boolean {
  return one.to !== 0 && other.to !== 0;
}

function isWord(line: Buffer, from: number, to: number, word: Buffer): boolean {
  const length = word.length;
  if (to - from !== length) return false;
  for (let index = 0; index < length; index++) if (line[from + index] !== word[index]) return false;
  return true;
}

/** The quote that ends a key; doubt when it has an escape, as then it may be any. */
function keyEnd(line: Buffer, from: number): number {
  for (let at = from; at < line.length; at++) {
    const byte = line[at];
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) return DOUBT;
  }
  return DOUBT;
}

/** The quote that ends a string; escapes are passed over. -1 when there is none. */
function stringEnd(line: Buffer, from: number): number {
  for (let at = from; at < line.length; at++) {
    const byte = line[at];
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) at++;
  }
  return -1;
}

/** Past any value; the line's length when it does not end. */
function passValue(line: Buffer, from: number): number {
  let depth = 0;
  for (let at = from; at < line.length; at++) {
    switch (line[at] ?? 0) {
      case QUOTE:
        at = stringEnd(line, at + 1);
        if (at === -1) return line.length;
        if (depth === 0) return at + 1;
        break;
      case OPEN:
      case LIST_OPEN:
        depth++;
        break;
      case CLOSE:
      case LIST_CLOSE:
        // A number or a word ends where what it is in goes on or ends.
        if (depth === 0) return at;
        if (--depth === 0) return at + 1;
        break;
      case COMMA:
        if (depth === 0) return at;
        break;
    }
  }
  return line.length;
}

// FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv/
const HASH_START = 0x811c9dc5 | 0;
const HASH_PRIME = 0x01000193;

/** The hash that a span of these bytes has. */
export function hashText(text: string): number {
  let hash = HASH_START;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), HASH_PRIME);
  }
  return hash;
}

/** Past a text of plain ASCII, whose place is noted. Doubt about any other, an empty one, and a second one. */
function takeText(line: Buffer, at: number, span: Span): number {
  if (line[at] !== QUOTE || span.to !== 0) return DOUBT;
  const from = at + 1;
  let hash = HASH_START;
  for (let end = from; end < line.length; end++) {
    const byte = line[end] ?? 0;
    if (byte === QUOTE) {
      if (end === from) return DOUBT;
      const found = span as FoundSpan;
      found.from = from;
      found.to = end;
      found.hash = hash;
      return end + 1;
    }
    if (byte < 0x20 || byte > 0x7e || byte === BACKSLASH) return DOUBT;
    hash = Math.imul(hash ^ byte, HASH_PRIME);
  }
  return DOUBT;
}
