import { gunzipSync } from "node:zlib";
import type { ApiObject } from "./resources.ts";

/** One line of a recorded watch, and when it came. */
export interface TimedEvent {
  /** Milliseconds after the request. */
  readonly atMs: number;
  /** The line as it was, without its line break. */
  readonly line: string;
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  /** For BOOKMARK without a name, for ERROR a Status. */
  readonly object: ApiObject;
}

/** A watch of a real API server, from the request to its end. */
export interface Recording {
  /** `GET /apis/…?watch=true&…` */
  readonly request: string;
  /** Epoch milliseconds. */
  readonly startedAtMs: number;
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly endedBy: "server" | "client";
  /** Milliseconds after the request. */
  readonly endMs: number;
  readonly events: readonly TimedEvent[];
  /** How many of the events only told the state at the start. */
  readonly initialEvents: number;
}

interface Meta {
  readonly request: string;
  readonly startedAt: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly end: string;
  readonly endMs: number;
  readonly events: readonly { readonly ms: number }[];
}

const GZIP_MAGIC = 0x1f8b;

/**
 * Reads a recording: the body of a watch (`.jsonl`, or `.jsonl.gz`, told apart by its first bytes) and its `.meta.json`.
 * Throws when there are not as many lines as times.
 */
export function parseRecording(body: Uint8Array, metaJson: string): Recording {
  const meta = JSON.parse(metaJson) as Meta;
  const isGzip = body.length > 1 && ((body[0] ?? 0) << 8) + (body[1] ?? 0) === GZIP_MAGIC;
  const text = Buffer.from(isGzip ? gunzipSync(body) : body).toString();
  const lines = text.split("\n").filter((line) => line !== "");
  if (lines.length !== meta.events.length) {
    throw new RangeError(
      `Cannot read recording of ${meta.request}: ${lines.length} lines, but ${meta.events.length} times in its meta.json`,
    );
  }
  const events = lines.map((line, index): TimedEvent => {
    const event = JSON.parse(line) as Pick<TimedEvent, "type" | "object">;
    return { atMs: meta.events[index]?.ms ?? 0, line, type: event.type, object: event.object };
  });
  return {
    request: meta.request,
    startedAtMs: Date.parse(meta.startedAt),
    status: meta.status,
    headers: meta.headers,
    endedBy: meta.end.includes("server") ? "server" : "client",
    endMs: meta.endMs,
    events,
    initialEvents: 1 + events.findIndex(isEndOfInitialEvents),
  };
}

function isEndOfInitialEvents({ type, object }: TimedEvent): boolean {
  const annotations = object.metadata["annotations"] as Readonly<Record<string, string>> | undefined;
  return type === "BOOKMARK" && annotations?.["k8s.io/initial-events-end"] === "true";
}

/** Two recordings of the same moment (slices and Endpoints) as one story, in the order of the server's writes. */
export function mergeRecordings(...recordings: readonly Recording[]): TimedEvent[] {
  const version = ({ object }: TimedEvent): number => Number(object.metadata.resourceVersion ?? 0);
  return recordings
    .flatMap((recording) => recording.events.slice(recording.initialEvents))
    .filter((event) => event.type !== "ERROR" && event.type !== "BOOKMARK")
    .sort((a, b) => version(a) - version(b));
}
