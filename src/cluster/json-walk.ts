/**
 * Walks over the bytes of JSON as Go's encoder writes it, without spaces, and makes nothing of them. All positions are indexes
 * into the bytes; `DOUBT` stands for anything that is not such JSON, or that only a parser can tell.
 */

/** In doubt: the text has to be parsed. Lies outside any text, so that a walk that goes on from it ends in doubt as well. */
export const DOUBT = -2;

/** The bytes that JSON is structured by. */
export const BYTE = {
  quote: 0x22,
  colon: 0x3a,
  comma: 0x2c,
  open: 0x7b,
  close: 0x7d,
  listOpen: 0x5b,
  listClose: 0x5d,
} as const;

const QUOTE = BYTE.quote;
const BACKSLASH = 0x5c;
const ZERO = 0x30;
const NINE = 0x39;
const LETTER_U = 0x75;

/** Objects in objects deeper than this are left to a parser, which does not recurse. */
const MAX_DEPTH = 32;

/** 1 for bytes that stand for themselves in a string, and end none: printable ASCII but `"` and `\`. */
const PLAIN = new Uint8Array(256).fill(1, 0x20, 0x7f);
PLAIN[QUOTE] = 0;
PLAIN[BACKSLASH] = 0;

const AFTER_BACKSLASH = new Uint8Array(256);
for (const letter of '"\\/bfnrtu') AFTER_BACKSLASH[letter.charCodeAt(0)] = 1;

/** Whether these bytes are that word. */
export function isWord(bytes: Uint8Array, from: number, to: number, word: Uint8Array): boolean {
  return to - from === word.length && startsWithWord(bytes, from, word);
}

/** Whether that word begins here. */
export function startsWithWord(bytes: Uint8Array, from: number, word: Uint8Array): boolean {
  for (let index = 0; index < word.length; index++) if (bytes[from + index] !== word[index]) return false;
  return true;
}

/** Whether these bytes are that text from its character `start` on, written as it is: of plain bytes, so that they can mean no other. */
export function isPlainText(bytes: Uint8Array, from: number, to: number, text: string, start = 0): boolean {
  return to - from === text.length - start && startsWithPlain(bytes, from, text, start);
}

/** Past a string value that is certainly this text, from its character `start` on; `at` is where the value begins. */
export function passText(bytes: Uint8Array, at: number, text: string | undefined, start = 0): number {
  if (text === undefined || bytes[at] !== QUOTE) return DOUBT;
  const end = at + 1 + text.length - start;
  return bytes[end] === QUOTE && startsWithPlain(bytes, at + 1, text, start) ? end + 1 : DOUBT;
}

function startsWithPlain(bytes: Uint8Array, from: number, text: string, start: number): boolean {
  const shift = from - start;
  for (let index = start; index < text.length; index++) {
    const byte = bytes[shift + index] ?? 0;
    if (byte !== text.charCodeAt(index) || PLAIN[byte] === 0) return false;
  }
  return true;
}

/** From the quote that begins a key to the one that ends it. Its value is two further. Doubt where it holds anything but plain bytes. */
export function keyEnd(bytes: Uint8Array, at: number): number {
  const end = plainEnd(bytes, at);
  return end !== DOUBT && bytes[end + 1] === BYTE.colon ? end : DOUBT;
}

/** From the quote that begins a string to the one that ends it. Doubt where it holds anything but plain bytes. */
export function plainEnd(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== QUOTE) return DOUBT;
  const end = plainRunEnd(bytes, at + 1);
  return bytes[end] === QUOTE ? end : DOUBT;
}

/** Behind the plain bytes that begin here. */
export function plainRunEnd(bytes: Uint8Array, from: number): number {
  let end = from;
  while (PLAIN[bytes[end] ?? 0] === 1) end++;
  return end;
}

/** Past any value. Doubt where it is no JSON, has a fraction or an exponent, or is nested too deeply. */
export function passValue(bytes: Uint8Array, at: number, depth = 0): number {
  switch (bytes[at] ?? 0) {
    case QUOTE:
      return passString(bytes, at + 1);
    case BYTE.open:
      return depth < MAX_DEPTH ? passObject(bytes, at + 1, depth + 1) : DOUBT;
    case BYTE.listOpen:
      return depth < MAX_DEPTH ? passList(bytes, at + 1, depth + 1) : DOUBT;
    case WORDS.true[0]:
      return startsWithWord(bytes, at, WORDS.true) ? at + 4 : DOUBT;
    case WORDS.false[0]:
      return startsWithWord(bytes, at, WORDS.false) ? at + 5 : DOUBT;
    case WORDS.null[0]:
      return startsWithWord(bytes, at, WORDS.null) ? at + 4 : DOUBT;
    default:
      return integerEnd(bytes, at);
  }
}

/** The words of JSON. */
export const WORDS = {
  true: Buffer.from("true"),
  false: Buffer.from("false"),
  null: Buffer.from("null"),
} as const;

function passObject(bytes: Uint8Array, from: number, depth: number): number {
  if (bytes[from] === BYTE.close) return from + 1;
  for (let at = from; ; at++) {
    if (bytes[at] !== QUOTE) return DOUBT;
    const colon = passString(bytes, at + 1);
    if (bytes[colon] !== BYTE.colon) return DOUBT;
    at = passValue(bytes, colon + 1, depth);
    if (bytes[at] === BYTE.close) return at + 1;
    if (bytes[at] !== BYTE.comma) return DOUBT;
  }
}

function passList(bytes: Uint8Array, from: number, depth: number): number {
  if (bytes[from] === BYTE.listClose) return from + 1;
  for (let at = from; ; at++) {
    at = passValue(bytes, at, depth);
    if (bytes[at] === BYTE.listClose) return at + 1;
    if (bytes[at] !== BYTE.comma) return DOUBT;
  }
}

function passString(bytes: Uint8Array, from: number): number {
  for (let at = from; ; at++) {
    while (PLAIN[bytes[at] ?? 0] === 1) at++;
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) {
      at++;
      const letter = bytes[at] ?? 0;
      if (AFTER_BACKSLASH[letter] === 0) return DOUBT;
      if (letter !== LETTER_U) continue;
      for (const end = at + 4; at < end;) if (!isHex(bytes[++at] ?? 0)) return DOUBT;
    } else if (byte < 0x7f) return DOUBT;
    // What is left is part of a character of several bytes; damaged ones become U+FFFD, not an error.
  }
}

function isHex(byte: number): boolean {
  const letter = byte | 0x20;
  return (byte >= ZERO && byte <= NINE) || (letter >= 0x61 && letter <= 0x66);
}

/** Past an integer that is not negative; nothing that could go on with it may follow. */
export function integerEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  while (isDigit(bytes[at])) at++;
  if (at === from || (bytes[from] === ZERO && at > from + 1)) return DOUBT;
  const next = bytes[at];
  return next === BYTE.comma || next === BYTE.close || next === BYTE.listClose ? at : DOUBT;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}
