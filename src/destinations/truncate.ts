const ELLIPSIS = "…";

// Control characters (but tab and line feed) and those that turn the direction of text: a member's name is
// not validated by Kubernetes and must not be able to rearrange the line that it stands in.
// https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters
const UNPRINTABLE = /(?![\t\n])[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Text that any JSON reader accepts and any screen can show: no lone surrogates, no control characters. */
export function cleanText(text: string): string {
  return text.toWellFormed().replace(UNPRINTABLE, " ");
}

/** Like `cleanText`, on one line. */
export function cleanLine(text: string): string {
  return cleanText(text).replace(/[\t\n]+/g, " ");
}

/** At most `max` UTF-16 units, never half a surrogate pair; what is cut ends in `…`. */
export function truncateChars(text: string, max: number): string {
  if (text.length <= max) return text;
  if (max < 1) return "";
  return text.slice(0, pairBoundary(text, max - ELLIPSIS.length)) + ELLIPSIS;
}

/** At most `maxBytes` bytes of UTF-8, never part of a character; what is cut ends in `…` where that fits. */
export function truncateBytes(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  const ending = maxBytes >= Buffer.byteLength(ELLIPSIS) ? ELLIPSIS : "";
  const target = new Uint8Array(Math.max(0, maxBytes - Buffer.byteLength(ending)));
  const { read } = new TextEncoder().encodeInto(text, target);
  return text.slice(0, read) + ending;
}

/** Moves a cut back by one where it would separate a surrogate pair. */
function pairBoundary(text: string, index: number): number {
  const before = text.charCodeAt(index - 1);
  const after = text.charCodeAt(index);
  const splits = before >= 0xd800 && before <= 0xdbff && after >= 0xdc00 && after <= 0xdfff;
  return splits ? index - 1 : index;
}
