// FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv/
const OFFSET = 0x811c9dc5 | 0;
const PRIME = 0x01000193;

/** A hash of a text from its character `start` on. It has 32 bits: that two are equal proves nothing. */
export function hashText(text: string, start = 0): number {
  let hash = OFFSET;
  for (let index = start; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), PRIME);
  }
  return hash;
}

/** The hash that a text of these bytes has, where they are ASCII. */
export function hashBytes(bytes: Uint8Array, from: number, to: number): number {
  let hash = OFFSET;
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), PRIME);
  return hash;
}

/** A hash of two texts, from theirs. */
export function hashPair(one: number, other: number): number {
  return (Math.imul(one, 31) ^ other) | 0;
}
