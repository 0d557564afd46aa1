import { gunzipSync } from "node:zlib";
import type { WatchScope } from "../cluster/watch-plan.ts";
import { type Moment, recordedMoments, together } from "./recorded-moments.ts";
import { type ReadBytes, readRecording } from "./recorded-writes.ts";
import type { EndLine, EventLine, RecordingHeader } from "./recording-format.ts";
import { lines, RecordingError, tryParsed } from "./recording-lines.ts";

/** What happened to some rings over some time, to be played. Times are epoch milliseconds. */
export interface History {
  /** What was there by then is where the play begins. */
  readonly startMs: number;
  readonly endMs: number;
  /** What was watched; undefined for a recording that does not say. */
  readonly scopes: readonly WatchScope[] | undefined;
  readonly events: number;
  /** What the recording lacks, for people. */
  readonly warnings: readonly string[];
  /** In the order it happened. May be asked for again. */
  readonly moments: () => Iterable<Moment>;
}

/** What is not listed by then is not waited for. */
const LONGEST_START_MS = 30_000;
/**
 * Reads a recording: one of `ringbell record`, or the body of a watch (`NAME.jsonl`) with `NAME.meta.json` beside it; either
 * may be compressed. Throws `RecordingError`.
 */
export function readHistory(path: string, readBytes: ReadBytes): History {
  const read = readBytes(path);
  const isGzip = read.length > 1 && read[0] === 0x1f && read[1] === 0x8b;
  const bytes = Buffer.from(isGzip ? unzipped(path, read) : read);
  const header = headerOf(path, bytes);
  return header ? ownHistory(path, bytes, header) : watchHistory(path, readBytes);
}

function unzipped(path: string, bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes);
  } catch {
    throw new RecordingError(`Cannot read recording ${path}: its compression is damaged or cut off`);
  }
}

function headerOf(path: string, bytes: Buffer): RecordingHeader | undefined {
  const [first] = lines(bytes);
  const header = first && (tryParsed(first) as Partial<RecordingHeader> | undefined);
  if (header?.ringbellRecording === undefined) return undefined;
  const { ringbellRecording: version, startedAt = "", scopes } = header;
  if (version !== 1)
    throw new RecordingError(
      `Cannot read recording ${path}: its format is ${String(version)}, this version of Ringbell reads 1`,
    );
  if (!Array.isArray(scopes) || Number.isNaN(Date.parse(startedAt)))
    throw new RecordingError(`Cannot read recording ${path}: its first line lacks startedAt or scopes`);
  return header as RecordingHeader;
}

function ownHistory(path: string, bytes: Buffer, header: RecordingHeader): History {
  const { scopes } = header;
  const originMs = Date.parse(header.startedAt);
  const { events, firstListedMs, lastMs, isWhole } = survey(bytes);
  const listed = [...firstListedMs.values()];
  const startMs = Math.min(Math.max(0, ...listed), Math.min(Infinity, ...listed) + LONGEST_START_MS);
  const warnings = scopes.flatMap(({ id }, index) =>
    firstListedMs.has(index) ? [] : [`${id} was never listed: nothing is known of it`],
  );
  if (!isWhole) warnings.push("the recording was cut off: its last line is missing");
  return {
    startMs: originMs + (listed.length > 0 ? startMs : 0),
    endMs: originMs + lastMs,
    scopes,
    events,
    warnings,
    moments: () => together(recordedMoments(path, bytes, scopes, originMs)),
  };
}

interface Survey {
  events: number;
  readonly firstListedMs: Map<number, number>;
  lastMs: number;
  isWhole: boolean;
}

/** What must be known before the first event is played; few lines are parsed for it. */
function survey(bytes: Buffer): Survey {
  const found: Survey = { events: 0, firstListedMs: new Map(), lastMs: 0, isWhole: false };
  let number = 0;
  // The last line may be half of one.
  let tail: Buffer[] = [];
  for (const line of lines(bytes)) {
    number++;
    if (number === 1) continue;
    tail = [...tail.slice(-1), line];
    const start = line.toString("latin1", 0, 80);
    if (start.includes('"event":')) found.events++;
    if (!start.includes('"event":{"kind":"listed"')) continue;
    const listed = tryParsed(line) as EventLine | undefined;
    if (listed && !found.firstListedMs.has(listed.s)) found.firstListedMs.set(listed.s, listed.t);
  }
  const [last] = tail.reverse().flatMap((line) => (tryParsed(line) as Partial<EndLine> | undefined) ?? []);
  found.lastMs = typeof last?.t === "number" ? last.t : 0;
  found.isWhole = last?.end !== undefined;
  return found;
}

/** A watch of the API itself: one source, no word of what was asked for that is worth relying on. */
function watchHistory(path: string, readBytes: ReadBytes): History {
  const metaPath = path.replace(/\.jsonl(\.gz)?$/, ".meta.json");
  if (metaPath === path)
    throw new RecordingError(`Cannot read recording ${path}: it is none of ringbell record`);
  const meta = JSON.parse(Buffer.from(readBytes(metaPath)).toString("utf8")) as {
    readonly startedAt: string;
    readonly endMs: number;
  };
  const { before, later } = readRecording(path, readBytes);
  const originMs = Date.parse(meta.startedAt);
  const writes = [...before, ...later];
  return {
    startMs: originMs,
    endMs: originMs + meta.endMs,
    scopes: undefined,
    events: writes.length,
    warnings: [],
    moments: () =>
      together(
        writes.map(({ afterMs, source, write }) => ({
          kind: "writes",
          atMs: originMs + afterMs,
          source,
          writes: [write],
        })),
      ),
  };
}
