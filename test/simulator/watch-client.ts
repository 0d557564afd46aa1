import { readFileSync } from "node:fs";
import { parseRecording, type Recording } from "../../src/simulator/recording.ts";

/** A watch as a test reads it: line by line, over real HTTP. */
export interface TestWatch {
  readonly response: Response;
  /** The next line; undefined at a clean end. Rejects when the connection breaks. */
  line(): Promise<string | undefined>;
  /** The next line, parsed. */
  event(): Promise<WatchEvent>;
  lines(count: number): Promise<string[]>;
  close(): void;
}

export interface WatchEvent {
  readonly type: string;
  readonly object: {
    readonly metadata: { readonly name?: string; readonly resourceVersion: string };
    readonly code?: number;
    readonly message?: string;
  };
}

export async function openWatch(url: string, headers: Record<string, string> = {}): Promise<TestWatch> {
  const abort = new AbortController();
  const response = await fetch(url, { signal: abort.signal, headers });
  const lines = linesOf(response);
  const line = async (): Promise<string | undefined> => (await lines.next()).value;
  return {
    response,
    line,
    event: async () => JSON.parse((await line()) ?? "null") as WatchEvent,
    async lines(count) {
      const read: string[] = [];
      while (read.length < count) read.push((await line()) ?? "END");
      return read;
    },
    close: () => abort.abort(),
  };
}

async function* linesOf(response: Response): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
    rest += decoder.decode(bytes, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield `HALF ${rest}`;
  return undefined;
}

const FIXTURES = new URL("../fixtures/recordings/", import.meta.url);

export function fixture(name: string): string {
  return readFileSync(new URL(name, FIXTURES), "utf8");
}

/** `recording("create.endpointslices")` */
export function recording(name: string): Recording {
  const meta = fixture(`${name}.meta.json`);
  const file = name.startsWith("scale-0-250") || name.startsWith("scale-250-80") ? ".jsonl.gz" : ".jsonl";
  return parseRecording(readFileSync(new URL(`${name}${file}`, FIXTURES)), meta);
}
