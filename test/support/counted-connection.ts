import type { ApiConnection, ApiStream } from "../../src/cluster/api-connection.ts";

/** A connection that tells what is under way on it: tests on a virtual clock must not move time while bytes do. */
export interface CountedConnection extends ApiConnection {
  /** Requests that wait for their answer (a stream: for its head). */
  readonly waiting: number;
  /** Streams that are being read. */
  readonly open: number;
  /** Complete lines that the open streams have brought and that have been taken in. */
  readonly lines: number;
  /** Rises with whatever happens here. */
  readonly activity: number;
}

/** Counts what goes over a connection. */
export function countedConnection(connection: ApiConnection): CountedConnection {
  const waiting = new Set<symbol>();
  const open = new Map<symbol, number>();
  let activity = 0;

  const answered = async <T>(call: () => Promise<T>): Promise<T> => {
    const id = Symbol("call");
    waiting.add(id);
    activity += 1;
    try {
      return await call();
    } finally {
      waiting.delete(id);
      activity += 1;
    }
  };

  async function* counted(body: ApiStream["body"], id: symbol): AsyncGenerator<readonly Buffer[]> {
    try {
      for await (const chunks of body) {
        const lines = chunks.reduce((sum, chunk) => sum + lineFeeds(chunk), 0);
        yield chunks;
        // The next chunks are asked for when these have been taken in.
        open.set(id, (open.get(id) ?? 0) + lines);
        activity += 1;
      }
    } finally {
      open.delete(id);
      activity += 1;
    }
  }

  return {
    get: (path, query, options) => answered(() => connection.get(path, query, options)),
    stream: (path, query, signal) =>
      answered(async () => {
        const stream = await connection.stream(path, query, signal);
        const id = Symbol("stream");
        open.set(id, 0);
        return { ...stream, body: counted(stream.body, id) };
      }),
    close: () => connection.close(),
    get waiting() {
      return waiting.size;
    },
    get open() {
      return open.size;
    },
    get lines() {
      return [...open.values()].reduce((sum, lines) => sum + lines, 0);
    },
    get activity() {
      return activity;
    },
  };
}

function lineFeeds(chunk: Buffer): number {
  let count = 0;
  for (let at = chunk.indexOf(0x0a); at !== -1; at = chunk.indexOf(0x0a, at + 1)) count += 1;
  return count;
}
