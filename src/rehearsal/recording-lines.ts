import type { EventLine } from "./recording-format.ts";

/** A recording cannot be read. The message says which, where and why. */
export class RecordingError extends Error {
  override readonly name = "RecordingError";
}

const LINE_FEED = 10;

/** The lines of a recording, without their line feeds and without empty ones. */
export function* lines(bytes: Buffer): Iterable<Buffer> {
  let start = 0;
  while (start < bytes.length) {
    const found = bytes.indexOf(LINE_FEED, start);
    const end = found < 0 ? bytes.length : found;
    if (end > start) yield bytes.subarray(start, end);
    start = end + 1;
  }
}

/** True for the last line. */
export function isEnd(read: unknown): boolean {
  return typeof read === "object" && read !== null && "end" in read;
}

/** The event of a line that was read. Throws `RecordingError`. */
export function eventLine(path: string, number: number, read: unknown): EventLine {
  const { t, s, event } = (read ?? {}) as Partial<EventLine>;
  if (typeof t !== "number" || typeof s !== "number" || typeof event?.kind !== "string")
    throw unreadable(path, number, read === undefined ? "it is not JSON" : "wanted t, s and event");
  return { t, s, event };
}

/** The JSON of a line; undefined when it is none. */
export function tryParsed(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** The error that names a line. */
export function unreadable(path: string, number: number, why: string): RecordingError {
  return new RecordingError(`Cannot read recording ${path}: line ${number}: ${why}`);
}
