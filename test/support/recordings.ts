import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

const DIRECTORY = new URL("../fixtures/recordings/", import.meta.url);

/** What the recorder noted of each line, independently of our decoding. */
export interface RecordedEvent {
  readonly type: string;
  /** `namespace/name`; absent for bookmarks and errors. */
  readonly name?: string;
  readonly rv?: string;
  readonly endpoints?: number;
  readonly ready?: number;
  readonly terminating?: number;
}

/** A real watch stream: see test/fixtures/recordings/README.md. */
export interface Recording {
  readonly name: string;
  readonly source: "endpointslices" | "endpoints";
  readonly bytes: Buffer;
  readonly lines: readonly Buffer[];
  readonly events: readonly RecordedEvent[];
}

/** All recorded streams of one source. */
export function recordings(source: Recording["source"]): Recording[] {
  const suffix = `.${source}.jsonl`;
  return readdirSync(DIRECTORY)
    .filter((file) => file.endsWith(suffix) || file.endsWith(`${suffix}.gz`))
    .map((file) => {
      const raw = readFileSync(new URL(file, DIRECTORY));
      const bytes = file.endsWith(".gz") ? gunzipSync(raw) : raw;
      const name = file.slice(0, file.indexOf(suffix));
      const meta = JSON.parse(readFileSync(new URL(`${name}.${source}.meta.json`, DIRECTORY), "utf8")) as {
        events: RecordedEvent[];
      };
      const lines = bytes
        .toString("utf8")
        .split("\n")
        .filter((text) => text !== "")
        .map((text) => Buffer.from(text));
      return { name, source, bytes, lines, events: meta.events };
    });
}

/** The body of a recorded answer that is not a stream. */
export function recordedAnswer(file: string): string {
  return readFileSync(new URL(file, DIRECTORY), "utf8");
}
