import type { ServerResponse } from "node:http";
import type { Clock } from "../runtime/clock.ts";

/** How bytes are cut and slowed on their way out. */
export interface OutputShape {
  /** Sizes of the chunks, used in turn and from the first again: `[1]` is byte by byte, which splits UTF-8 too. */
  readonly chunkBytes?: readonly number[];
  /** One chunk each so many milliseconds of the clock; without it all at once. */
  readonly everyMs?: number;
}

/** [I/O] The body of one answer, with a valve: it can be cut into pieces, slowed, or stopped. */
export class ShapedOutput {
  readonly #response: ServerResponse;
  readonly #clock: Clock;
  readonly #shape: OutputShape | undefined;
  #queue: Buffer[] = [];
  #turn = 0;
  #frozen = false;
  #ending = false;
  #cancelTimer: (() => void) | undefined;

  constructor(response: ServerResponse, clock: Clock, shape: OutputShape | undefined) {
    this.#response = response;
    this.#clock = clock;
    this.#shape = shape;
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  write(bytes: Buffer): void {
    if (!this.#frozen && !this.#shape) this.#response.write(bytes);
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

  #pump(): void {
    if (this.#frozen || this.#cancelTimer) return;
    const everyMs = this.#shape?.everyMs;
    for (let chunk = this.#queue.shift(); chunk; chunk = this.#queue.shift()) {
      this.#response.write(chunk);
      if (everyMs !== undefined && this.#queue.length > 0) return this.#later(everyMs);
    }
    if (this.#ending) this.#response.end();
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
