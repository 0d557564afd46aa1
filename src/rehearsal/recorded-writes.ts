import { decodeObject } from "../cluster/list-slices.ts";
import type { Source } from "../cluster/slice.ts";
import { parseRecording, type TimedEvent } from "../simulator/recording.ts";
import { sourceOf } from "../simulator/resources.ts";
import type { SliceWrite } from "./slice-truth.ts";

/** Reads a whole file. Throws an error for people to read. */
export type ReadBytes = (path: string) => Uint8Array;

interface TimedWrite {
  /** Milliseconds after the recording began. */
  readonly afterMs: number;
  readonly source: Source;
  readonly write: SliceWrite;
}

/** A recorded watch as writes: what was there when it began, and what happened later. */
export interface RecordedWrites {
  readonly before: readonly TimedWrite[];
  readonly later: readonly TimedWrite[];
}

/**
 * Reads the recorded body of a watch, `NAME.jsonl` or `NAME.jsonl.gz` with `NAME.meta.json` beside it. An object that is first heard of
 * when it changes was there before; how it was then nobody knows, so it was as after that change. Throws an error for people to read.
 */
export function readRecording(path: string, readBytes: ReadBytes): RecordedWrites {
  const body = readBytes(path);
  const meta = Buffer.from(readBytes(path.replace(/\.jsonl(\.gz)?$/, ".meta.json"))).toString("utf8");
  const { events, initialEvents } = parseRecording(body, meta);
  const known = new Set<string>();
  const before: TimedWrite[] = [];
  const later: TimedWrite[] = [];
  for (const [index, event] of events.entries()) {
    const { kind, namespace, name } = { ...event.object, ...event.object.metadata };
    const key = `${kind} ${namespace}/${name}`;
    const wasThere = event.type === "MODIFIED" && !known.has(key);
    known.add(key);
    if (index < initialEvents || wasThere) before.push(...writeOf({ ...event, atMs: 0 }));
    else later.push(...writeOf(event));
  }
  return { before, later };
}

function writeOf({ type, object, atMs: afterMs }: TimedEvent): TimedWrite[] {
  // Bookmarks and errors are about the watch, and say nothing about a slice.
  if (type === "BOOKMARK" || type === "ERROR") return [];
  const source = sourceOf(object);
  if (source !== "endpointslices" && source !== "endpoints") return [];
  if (type === "DELETED") {
    const key = `${object.metadata.namespace}/${object.metadata.name}`;
    return [{ afterMs, source, write: { kind: "deleted", key } }];
  }
  const decoded = decodeObject(source, object, () => undefined);
  return decoded.kind === "slice"
    ? [{ afterMs, source, write: { kind: "changed", slice: decoded.slice } }]
    : [];
}
