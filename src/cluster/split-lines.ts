/**
 * 16 MiB. etcd refuses requests above 1.5 MiB (https://etcd.io/docs/v3.6/dev-guide/limit/), and JSON is a few times the size of the
 * protobuf stored there; the largest Endpoints object (1,000 addresses) has about 0.25 MB. More is not an event.
 */
export const LINE_LIMIT_BYTES = 16 * 1024 * 1024;

/** A line grew past the limit: what comes is no stream of watch events. */
export class LineTooLongError extends Error {
  override readonly name = "LineTooLongError";
}

const LINE_FEED = 0x0a;

/** Nearly all lines are shorter than this; a buffer of their own for each would keep the garbage collector busy. */
const SCRATCH_BYTES = 64 * 1024;

/**
 * Cuts a stream of bytes into lines at line feeds, and only there: JSON may hold U+2028, which `node:readline` takes for a
 * line end. Works on bytes, so that a character cut in two by the network is whole again in its line.
 * Lines are views of a chunk, or of memory that the next line is put together in; keep none of them longer than the call.
 */
export class LineSplitter {
  readonly #limit: number;
  #parts: Buffer[] = [];
  #scratch: Buffer | undefined;
  #pending = 0;

  constructor(limitBytes: number = LINE_LIMIT_BYTES) {
    this.#limit = limitBytes;
  }

  /** Bytes of a line that has not ended yet. When the stream ends they are of no use. */
  get pendingBytes(): number {
    return this.#pending;
  }

  /**
   * Calls back with each line that ends in this chunk, without its line feed, until the callback returns false.
   * Returns false then, else true. Throws `LineTooLongError`.
   */
  push(chunk: Buffer, onLine: (line: Buffer) => boolean): boolean {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      this.#check(this.#pending + end - start);
      const line = chunk.subarray(start, end);
      start = end + 1;
      if (!onLine(this.#pending === 0 ? line : this.#join(line))) return false;
    }
    if (start < chunk.length) {
      this.#pending += chunk.length - start;
      this.#parts.push(chunk.subarray(start));
      this.#check(this.#pending);
    }
    return true;
  }

  #join(end: Buffer): Buffer {
    const length = this.#pending + end.length;
    const line =
      length > SCRATCH_BYTES
        ? Buffer.allocUnsafeSlow(length)
        : (this.#scratch ??= Buffer.allocUnsafeSlow(SCRATCH_BYTES)).subarray(0, length);
    let at = 0;
    for (const part of this.#parts) at += part.copy(line, at);
    end.copy(line, at);
    this.#parts = [];
    this.#pending = 0;
    return line;
  }

  #check(length: number): void {
    if (length > this.#limit) {
      throw new LineTooLongError(`Cannot read watch event: a line has more than ${this.#limit} bytes`);
    }
  }
}
