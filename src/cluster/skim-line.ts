import { Buffer } from "node:buffer";
import { BYTE, DOUBT, isWord, keyEnd, passValue, plainEnd } from "./json-walk.ts";
import { SERVICE_NAME_LABEL } from "./service-labels.ts";

/** Where a text stands in a line, without its quotes. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

class FoundSpan implements Span {
  from = 0;
  to = 0;
}

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
    if (line[0] !== BYTE.open || line[last] !== BYTE.close || line[last - 1] !== BYTE.close) return false;
    const type = enterValue(line, 1, KEY.type);
    const typeEnd = plainEnd(line, type);
    if (typeEnd === DOUBT || !CHANGES.some((change) => isWord(line, type + 1, typeEnd, change))) return false;
    if (line[typeEnd + 1] !== BYTE.comma) return false;
    const object = enterValue(line, typeEnd + 2, KEY.object);
    return line[object] === BYTE.open && this.#readObject(line, object);
  }

  #readObject(line: Buffer, from: number): boolean {
    let at = from;
    do {
      const end = keyEnd(line, at + 1);
      if (end === DOUBT) return false;
      const value = end + 2;
      if (isWord(line, at + 2, end, KEY.metadata)) {
        return line[value] === BYTE.open && this.#readMetadata(line, value);
      }
      at = passValue(line, value);
    } while (line[at] === BYTE.comma);
    return false;
  }

  #readMetadata(line: Buffer, from: number): boolean {
    let at = from;
    do {
      const end = keyEnd(line, at + 1);
      if (end === DOUBT) return false;
      at = this.#passField(line, at + 2, end);
      if (at === DOUBT) return false;
      if (isFound(this.name, this.namespace) && isFound(this.resourceVersion, this.service)) return true;
    } while (line[at] === BYTE.comma);
    return false;
  }

  /** Past a field of metadata, which is taken in if it is one of those looked for. */
  #passField(line: Buffer, key: number, end: number): number {
    const value = end + 2;
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
    if (line[value] !== BYTE.open || isFound(this.service, this.service)) return DOUBT;
    let at = value;
    do {
      const end = keyEnd(line, at + 1);
      if (end === DOUBT || line[end + 2] !== BYTE.quote) return DOUBT;
      at = isWord(line, at + 2, end, KEY.serviceName)
        ? takeText(line, end + 2, this.service)
        : passValue(line, end + 2);
    } while (line[at] === BYTE.comma);
    return line[at] === BYTE.close && isFound(this.service, this.service) ? at + 1 : DOUBT;
  }
}

/** The value of the key that begins here, when it is this one. */
function enterValue(line: Buffer, at: number, key: Buffer): number {
  const end = keyEnd(line, at);
  return end !== DOUBT && isWord(line, at + 1, end, key) ? end + 2 : DOUBT;
}

function clear(span: Span): void {
  (span as FoundSpan).to = 0;
}

function isFound(one: Span, other: Span): boolean {
  return one.to !== 0 && other.to !== 0;
}

/** Past a text of plain ASCII, whose place is noted. Doubt about any other, an empty one, and a second one. */
function takeText(line: Buffer, at: number, span: Span): number {
  const end = span.to === 0 ? plainEnd(line, at) : DOUBT;
  if (end === DOUBT || end === at + 1) return DOUBT;
  const found = span as FoundSpan;
  found.from = at + 1;
  found.to = end;
  return end + 1;
}
