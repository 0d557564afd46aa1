import type { Clock } from "../runtime/clock.ts";
import type { ApiConnection, ApiStream } from "./api-connection.ts";
import { decodeStatusText } from "./decode-event.ts";
import { answerFailure, describeAttempt, type Failure, parseRetryAfter, thrownFailure } from "./failure.ts";
import { LineSplitter, LineTooLongError } from "./split-lines.ts";
import { type Scope, scopeRequest } from "./watch-plan.ts";

/** How to watch a scope. */
export interface WatchOptions {
  readonly scope: Scope;
  readonly connection: ApiConnection;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly resourceVersion: string;
  /** After this the server ends the watch. */
  readonly timeoutSeconds: number;
  /** How long the head of the answer may take. */
  readonly headTimeoutMs: number;
  /** How long the watch may be silent; asked again after each chunk, as it may change. */
  readonly silenceLimitMs: () => number;
  readonly onOpen: () => void;
  readonly onBytes: (nowMs: number) => void;
  /** Called with each line. A failure ends the watch. The line is valid during the call only. */
  readonly onLine: (line: Buffer) => Failure | undefined;
  /** Called after all lines that one chunk of the network completed. */
  readonly onBatchEnd: () => Failure | undefined;
}

/** A refusal is a short JSON text; a proxy's page may be longer. */
const REFUSAL_LIMIT_BYTES = 64 * 1024;

/**
 * Watches once, until the server ends the watch, something fails, or the signal aborts.
 * Returns why, or undefined for a plain end. Never throws, and leaves no socket and no timer behind.
 */
export async function watchLines(options: WatchOptions): Promise<Failure | undefined> {
  const watch = new Watch(options);
  try {
    return await watch.run();
  } finally {
    watch.release();
  }
}

class Watch {
  readonly #options: WatchOptions;
  readonly #request = new AbortController();
  readonly #onAbort = (): void => this.#request.abort(this.#options.signal.reason);
  readonly #splitter = new LineSplitter();
  #cancelTimer: () => void = () => undefined;
  #lastByteMs = 0;
  #limitMs = 0;
  #verdict: Failure | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
    options.signal.addEventListener("abort", this.#onAbort, { once: true });
    if (options.signal.aborted) this.#onAbort();
  }

  async run(): Promise<Failure | undefined> {
    try {
      this.#armHeadDeadline();
      const stream = await this.#open();
      if (stream.status !== 200) return await this.#refusal(stream);
      this.#cancelTimer();
      this.#seen();
      this.#armWatchdog();
      this.#options.onOpen();
      return await this.#read(stream);
    } catch (error) {
      return this.#verdict ?? this.#thrown(error);
    }
  }

  release(): void {
    this.#cancelTimer();
    this.#options.signal.removeEventListener("abort", this.#onAbort);
    // Ends the socket of a watch that was left in the middle; harmless otherwise.
    this.#request.abort();
  }

  #open(): Promise<ApiStream> {
    const { scope, connection, resourceVersion, timeoutSeconds } = this.#options;
    const { path, ...selectors } = scopeRequest(scope);
    const query = { ...selectors, watch: true, allowWatchBookmarks: true, resourceVersion, timeoutSeconds };
    return connection.stream(path, query, this.#request.signal);
  }

  async #read(stream: ApiStream): Promise<Failure | undefined> {
    for await (const chunk of stream.body) {
      this.#seen();
      this.#takeChunk(chunk);
      if (this.#verdict) return this.#verdict;
      if (this.#options.silenceLimitMs() !== this.#limitMs) this.#armWatchdog();
    }
    // A line without its line feed was cut off; the server sends it again after the last resourceVersion.
    return undefined;
  }

  #takeChunk(chunk: Buffer): void {
    try {
      this.#splitter.push(chunk, this.#takeLine);
    } finally {
      // What came before a bad line has been handed over as well.
      const failure = this.#options.onBatchEnd();
      this.#verdict ??= failure;
    }
  }

  readonly #takeLine = (line: Buffer): boolean => {
    if (line.length > 0) this.#verdict = this.#options.onLine(line);
    return this.#verdict === undefined;
  };

  async #refusal(stream: ApiStream): Promise<Failure> {
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of stream.body) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > REFUSAL_LIMIT_BYTES) break;
    }
    const status = decodeStatusText(Buffer.concat(chunks).toString("utf8"));
    const retryAfterMs = parseRetryAfter(stream.retryAfter, this.#options.clock.now());
    return answerFailure("watch", this.#options.scope, stream.status, status, retryAfterMs);
  }

  #seen(): void {
    this.#lastByteMs = this.#options.clock.now();
    this.#options.onBytes(this.#lastByteMs);
  }

  #armHeadDeadline(): void {
    const { clock, headTimeoutMs } = this.#options;
    this.#cancelTimer = clock.at(clock.now() + headTimeoutMs, () =>
      this.#end("deadline", `no answer within ${headTimeoutMs / 1000} s`),
    );
  }

  #armWatchdog(): void {
    const { clock, silenceLimitMs } = this.#options;
    this.#cancelTimer();
    this.#limitMs = silenceLimitMs();
    this.#cancelTimer = clock.at(this.#lastByteMs + this.#limitMs, () => {
      if (clock.now() - this.#lastByteMs < this.#limitMs) this.#armWatchdog();
      else this.#end("silent", `no sign of life for ${this.#limitMs / 1000} s`);
    });
  }

  #end(kind: "deadline" | "silent", reason: string): void {
    this.#verdict = { kind, message: `${describeAttempt("watch", this.#options.scope)}: ${reason}` };
    this.#request.abort(new Error(reason));
  }

  #thrown(error: unknown): Failure {
    const failure = thrownFailure("watch", this.#options.scope, error);
    return error instanceof LineTooLongError ? { ...failure, kind: "undecodable" } : failure;
  }
}
