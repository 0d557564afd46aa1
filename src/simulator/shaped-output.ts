import type { ServerResponse } from "node:http";
import { constants, createGzip, type Gzip } from "node:zlib";
import type { Clock } from "../runtime/clock.ts";

/** How bytes are cut and slowed on their way out. */
export interface OutputShape {
  /** Sizes of the chunks, used in turn and from the first again: `[1]` is byte by byte, which splits UTF-8 too. */
  readonly chunkBytes?: readonly number[];
  /** One chunk each so many milliseconds of the clock; without it all at once. */
  readonly everyMs?: number;
  /** Compresses, though nobody asked: RFC 9110 allows it, and proxies do. */
  readonly gzip?: boolean;
}

const LINE_FEED = 0x0a;

/** [I/O] The body of one answer, with a valve: it can be cut into pieces, slowed, or stopped. */
export class ShapedOutput {
  readonly #response: ServerResponse;
  readonly #clock: Clock;
  readonly #shape: OutputShape | undefined;
  readonly #gzip: Gzip | undefined;
  #queue: Buffer[] = [];
  #turn = 0;
  #frozen = false;
  #ending = false;
  #cancelTimer: (() => void) | undefined;
  #sentLines = 0;

  constructor(response: ServerResponse, clock: Clock, shape: OutputShape | undefined) {
    this.#response = response;
    this.#clock = clock;
    this.#shape = shape;
    this.#gzip = shape?.gzip === true ? compressed(response) : undefined;
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  /** How many lines have left, whole. */
  get sentLines(): number {
    return this.#sentLines;
  }

  /** Once the answer ends, nothing more is taken. */
  write(bytes: Buffer): void {
    if (this.#ending) return;
    if (!this.#frozen && !this.#shape) this.#send(bytes);
    else {
      this.#queue.push(...this.#cut(bytes));
      this.#pump();
    }
  }

  /** Ends the answer cleanly, after what is still to be written. */
  end(): void {
    this.#ending = true;
    this.#pump();
  }

  /** Keeps everything back from now on, as a dead link does; the socket stays open. */
  freeze(): void {
    this.#frozen = true;
    this.#stopTimer();
  }

  /** Lets go of what was kept back. */
  thaw(): void {
    this.#frozen = false;
    this.#pump();
  }

  /** Forgets what is still to be written. Call it when the socket is gone. */
  dispose(): void {
    this.freeze();
    this.#queue = [];
  }

  #cut(bytes: Buffer): Buffer[] {
    const sizes = this.#shape?.chunkBytes;
    if (!sizes?.length) return [bytes];
    const chunks: Buffer[] = [];
    for (let at = 0; at < bytes.length;) {
      const size = Math.max(1, sizes[this.#turn++ % sizes.length] ?? 1);
      chunks.push(bytes.subarray(at, at + size));
      at += size;
    }
    return chunks;
  }

  #send(bytes: Buffer): void {
    (this.#gzip ?? this.#response).write(bytes);
    if (bytes.at(-1) === LINE_FEED) this.#sentLines += 1;
  }

  #pump(): void {
    if (this.#frozen || this.#cancelTimer) return;
    const everyMs = this.#shape?.everyMs;
    for (let chunk = this.#queue.shift(); chunk; chunk = this.#queue.shift()) {
      this.#send(chunk);
      if (everyMs !== undefined && this.#queue.length > 0) return this.#later(everyMs);
    }
    if (this.#ending) (this.#gzip ?? this.#response).end();
  }

  #later(ms: number): void {
    this.#cancelTimer = this.#clock.at(this.#clock.now() + ms, () => {
      this.#cancelTimer = undefined;
      this.#pump();
    });
  }

  #stopTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}

/** What is written to it goes out at once, compressed. */
function compressed(response: ServerResponse): Gzip {
  response.setHeader("Content-Encoding", "gzip");
  const gzip = createGzip({ flush: constants.Z_SYNC_FLUSH });
  gzip.pipe(response);
  response.on("close", () => gzip.destroy());
  return gzip;
}
