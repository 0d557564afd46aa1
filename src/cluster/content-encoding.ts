import { pipeline, Readable, type Transform } from "node:stream";
import { promisify } from "node:util";
import {
  brotliDecompress,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  gunzip,
  inflate,
} from "node:zlib";

interface Coding {
  readonly whole: (bytes: Buffer) => Promise<Buffer>;
  readonly stream: () => Transform;
}

// https://www.rfc-editor.org/rfc/rfc9110#name-content-codings
const GZIP: Coding = { whole: promisify<Buffer, Buffer>(gunzip), stream: () => createGunzip() };
const CODINGS = new Map<string, Coding>([
  ["gzip", GZIP],
  ["x-gzip", GZIP],
  ["deflate", { whole: promisify<Buffer, Buffer>(inflate), stream: () => createInflate() }],
  ["br", { whole: promisify<Buffer, Buffer>(brotliDecompress), stream: () => createBrotliDecompress() }],
]);

/** Undoes a `content-encoding`: some proxies compress though nobody asked for it. Rejects for one that is not known, and damage. */
export async function decodeWhole(encoding: string | undefined, bytes: Buffer): Promise<Buffer> {
  return findCoding(encoding)?.whole(bytes) ?? bytes;
}

/**
 * As `decodeWhole`, for a body as it comes; what was flushed by the sender comes out at once. `leave` ends the request, for when the
 * reader leaves or the bytes are damaged.
 */
export function decodeStream(
  encoding: string | undefined,
  body: AsyncIterable<readonly Buffer[]>,
  leave: () => void,
): AsyncIterable<readonly Buffer[]> {
  const coding = findCoding(encoding);
  return coding ? decoded(coding.stream(), body, leave) : body;
}

function findCoding(encoding: string | undefined): Coding | undefined {
  const name = encoding?.trim().toLowerCase() ?? "identity";
  if (name === "identity" || name === "") return undefined;
  const coding = CODINGS.get(name);
  if (!coding) throw new Error(`the answer has a content-encoding that is not known: ${name}`);
  return coding;
}

async function* decoded(
  transform: Transform,
  body: AsyncIterable<readonly Buffer[]>,
  leave: () => void,
): AsyncGenerator<readonly Buffer[], void> {
  // Errors of either reach the reader below.
  pipeline(Readable.from(joined(body)), transform, () => undefined);
  try {
    for await (const chunk of transform) yield [chunk as Buffer];
  } finally {
    leave();
  }
}

async function* joined(body: AsyncIterable<readonly Buffer[]>): AsyncGenerator<Buffer, void> {
  for await (const chunks of body) yield Buffer.concat(chunks);
}
