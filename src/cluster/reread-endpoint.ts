import { makeEndpoint } from "./endpoint-reuse.ts";
import { BYTE, DOUBT, isWord, keyEnd, passText, passValue, startsWithWord, WORDS } from "./json-walk.ts";
import { GAP, type Gaps } from "./remembered-line.ts";
import type { Endpoint } from "./slice.ts";

const KEY = {
  zone: Buffer.from("zone"),
  hostname: Buffer.from("hostname"),
  nodeName: Buffer.from("nodeName"),
  addresses: Buffer.from("addresses"),
  targetRef: Buffer.from("targetRef"),
  conditions: Buffer.from("conditions"),
  uid: Buffer.from("uid"),
  name: Buffer.from("name"),
  namespace: Buffer.from("namespace"),
  ready: Buffer.from("ready"),
  serving: Buffer.from("serving"),
  terminating: Buffer.from("terminating"),
} as const;

const SEEN = {
  zone: 1,
  hostname: 2,
  nodeName: 4,
  addresses: 8,
  targetRef: 16,
  conditions: 32,
  uid: 64,
  name: 128,
  namespace: 256,
  ready: 512,
  serving: 1024,
  terminating: 2048,
} as const;

/**
 * Reads the JSON of an endpoint that likely is one which is known, in whatever state, by comparing bytes with its texts. Makes no
 * string. Where anything but its readiness differs, and wherever a parser might understand something else, there is no answer.
 */
export class EndpointReader {
  /** Behind the endpoint that was read last. */
  end = 0;
  readonly #gaps: Gaps;
  #place = 0;
  #seen = 0;
  #serving = false;
  #ready = false;
  #terminating = false;

  /** Where the places of conditions are noted. */
  constructor(gaps: Gaps) {
    this.#gaps = gaps;
  }

  /**
   * The endpoint whose JSON begins here, the one at that `place` of its slice: `known` itself where nothing changed.
   * Undefined: it has to be parsed.
   */
  read(line: Buffer, from: number, place: number, namespace: string, known: Endpoint): Endpoint | undefined {
    this.#seen = 0;
    this.#place = place;
    if (line[from] !== BYTE.open) return undefined;
    let at = from;
    do {
      const end = keyEnd(line, at + 1);
      if (end === DOUBT) return undefined;
      at = this.#passField(line, at + 2, end, namespace, known);
    } while (line[at] === BYTE.comma);
    if (line[at] !== BYTE.close || !this.#isComplete(known)) return undefined;
    this.end = at + 1;
    const serving = this.#has(SEEN.serving) ? this.#serving : !this.#has(SEEN.ready) || this.#ready;
    const terminating = this.#has(SEEN.terminating) && this.#terminating;
    if (serving === known.serving && terminating === known.terminating) return known;
    const { target, uid, hostname, address, zone, node } = known;
    return makeEndpoint(target, uid, hostname, address, zone, node, serving, terminating);
  }

  #has(field: number): boolean {
    return (this.#seen & field) !== 0;
  }

  /** A field that `known` has and that did not come is one that changed. */
  #isComplete({ zone, hostname, node, target, uid }: Endpoint): boolean {
    return (
      this.#has(SEEN.addresses) &&
      (zone === undefined || this.#has(SEEN.zone)) &&
      (hostname === undefined || this.#has(SEEN.hostname)) &&
      (node === undefined || this.#has(SEEN.nodeName)) &&
      (target === undefined || this.#has(SEEN.name)) &&
      (uid === undefined || this.#has(SEEN.uid))
    );
  }

  /** Notes that a field came; doubt when it came before, as then the last one counts. */
  #note(field: number): boolean {
    const isFirst = !this.#has(field);
    this.#seen |= field;
    return isFirst;
  }

  #passField(line: Buffer, key: number, end: number, namespace: string, known: Endpoint): number {
    const value = end + 2;
    switch (end - key) {
      case 4:
        if (isWord(line, key, end, KEY.zone)) return this.#passText(line, value, SEEN.zone, known.zone);
        break;
      case 8:
        if (isWord(line, key, end, KEY.nodeName))
          return this.#passText(line, value, SEEN.nodeName, known.node);
        if (isWord(line, key, end, KEY.hostname))
          return this.#passText(line, value, SEEN.hostname, known.hostname);
        break;
      case 9:
        if (isWord(line, key, end, KEY.addresses)) return this.#passAddresses(line, value, known.address);
        if (isWord(line, key, end, KEY.targetRef)) return this.#passTarget(line, value, namespace, known);
        break;
      case 10:
        if (isWord(line, key, end, KEY.conditions)) return this.#passConditions(line, value);
        break;
    }
    return passValue(line, value);
  }

  #passText(line: Buffer, value: number, field: number, text: string | undefined): number {
    return this.#note(field) ? passText(line, value, text) : DOUBT;
  }

  #passAddresses(line: Buffer, value: number, address: string): number {
    if (line[value] !== BYTE.listOpen) return DOUBT;
    const end = this.#passText(line, value + 1, SEEN.addresses, address);
    // Others have no meaning, but have to be there for a parser.
    return line[end] === BYTE.listClose ? end + 1 : DOUBT;
  }

  #passConditions(line: Buffer, value: number): number {
    if (line[value] !== BYTE.open || !this.#note(SEEN.conditions)) return DOUBT;
    let at = value;
    do {
      const end = keyEnd(line, at + 1);
      if (end === DOUBT) return DOUBT;
      at = this.#passCondition(line, at + 2, end);
    } while (line[at] === BYTE.comma);
    return line[at] === BYTE.close ? at + 1 : DOUBT;
  }

  #passCondition(line: Buffer, key: number, end: number): number {
    const value = end + 2;
    const isTrue = startsWithWord(line, value, WORDS.true);
    if (isWord(line, key, end, KEY.ready)) {
      this.#ready = isTrue;
      return this.#passFlag(line, value, isTrue, SEEN.ready, GAP.ready);
    }
    if (isWord(line, key, end, KEY.serving)) {
      this.#serving = isTrue;
      return this.#passFlag(line, value, isTrue, SEEN.serving, GAP.serving);
    }
    if (isWord(line, key, end, KEY.terminating)) {
      this.#terminating = isTrue;
      return this.#passFlag(line, value, isTrue, SEEN.terminating, GAP.terminating);
    }
    return passValue(line, value);
  }

  #passFlag(line: Buffer, value: number, isTrue: boolean, field: number, gap: number): number {
    if (!this.#note(field) || !(isTrue || startsWithWord(line, value, WORDS.false))) return DOUBT;
    const end = isTrue ? value + 4 : value + 5;
    this.#gaps.note(value, end, gap + 4 * this.#place);
    return end;
  }

  /** Targets lie in the namespace of their slice, but in ones that nobody has seen yet. */
  #passTarget(line: Buffer, value: number, namespace: string, { target, uid }: Endpoint): number {
    if (target === undefined || !isIn(namespace, target)) return DOUBT;
    if (line[value] !== BYTE.open || !this.#note(SEEN.targetRef)) return DOUBT;
    let at = value;
    do {
      const key = at + 2;
      const end = keyEnd(line, at + 1);
      if (end === DOUBT) return DOUBT;
      at = end + 2;
      if (isWord(line, key, end, KEY.uid)) at = this.#passText(line, at, SEEN.uid, uid);
      else if (isWord(line, key, end, KEY.namespace))
        at = this.#passText(line, at, SEEN.namespace, namespace);
      else if (isWord(line, key, end, KEY.name))
        at = this.#note(SEEN.name) ? passText(line, at, target, namespace.length + 1) : DOUBT;
      else at = passValue(line, at);
    } while (line[at] === BYTE.comma);
    return line[at] === BYTE.close ? at + 1 : DOUBT;
  }
}

function isIn(namespace: string, target: string): boolean {
  return target.charCodeAt(namespace.length) === 0x2f && target.startsWith(namespace);
}
