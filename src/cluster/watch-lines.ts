import type { Clock } from "../runtime/clock.ts";
import type { ApiConnection, ApiStream } from "./api-connection.ts";
import { decodeStatusText } from "./decode-event.ts";
import { answerFailure, describeAttempt, type Failure, parseRetryAfter, thrownFailure } from "./failure.ts";
import { LineSplitter, LineTooLongError } from "./split-lines.ts";
import { scopeRequest, type WatchScope } from "./watch-plan.ts";

/** How to watch a scope. */
export interface WatchOptions {
  readonly scope: WatchScope;
  readonly connection: ApiConnection;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly resourceVersion: string;
  /** Asks for all that exists as events, then for a bookmark that says so, then for the watch. */
  readonly sendInitialEvents: boolean;
  /** After this the server ends the watch. */
  readonly timeoutSeconds: number;
  /** How long the head of the answer may take. */
  readonly headTimeoutMs: number;
  /** How long the watch may be silent until it is left; asked again when something came, as it may change. */
  readonly quietLimitMs: () => number;
  readonly onOpen: () => void;
  readonly onBytes: (nowMs: number) => void;
  /** Called with each line. A failure ends the watch. The line is valid during the call only. */
  readonly onLine: (line: Buffer) => Failure | undefined;
  /** Called after all lines that came together. */
  readonly onBatchEnd: () => Failure | undefined;
}

/** How a watch ended: by the server in its time, left because it was `quiet`, or by a failure. */
export type WatchEnd =
  | { readonly kind: "ended" }
  | { readonly kind: "quiet" }
  | { readonly kind: "failed"; readonly failure: Failure };

/** An event is some kilobytes at most, written at once: when one takes longer, something drips. */
const LINE_TIMEOUT_MS = 30_000;

/** A refusal is a short JSON text; a proxy's page may be longer. */
const REFUSAL_LIMIT_BYTES = 64 * 1024;

/**
 * Watches once, until the server ends the watch, it is silent for too long, something fails, or the signal aborts.
 * Never throws, and leaves no socket and no timer behind.
 */
export async function watchLines(options: WatchOptions): Promise<WatchEnd> {
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
  /** When the line that has not ended yet began. */
  #lineBeganMs: number | undefined;
  #isQuiet = false;
  #verdict: Failure | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
    options.signal.addEventListener("abort", this.#onAbort, { once: true });
    if (options.signal.aborted) this.#onAbort();
  }

  async run(): Promise<WatchEnd> {
    try {
      this.#armHeadDeadline();
      const stream = await this.#open();
      if (stream.status !== 200) return { kind: "failed", failure: await this.#refusal(stream) };
      this.#cancelTimer();
      this.#seen();
      this.#armWatchdog();
      this.#options.onOpen();
      await this.#read(stream);
    } catch (error) {
      if (this.#isQuiet && !this.#verdict) return { kind: "quiet" };
      this.#verdict ??= this.#thrown(error);
    }
    return this.#verdict ? { kind: "failed", failure: this.#verdict } : { kind: "ended" };
  }

  release(): void {
    this.#cancelTimer();
    this.#options.signal.removeEventListener("abort", this.#onAbort);
    // Ends the socket of a watch that was left in the middle; harmless otherwise.
    this.#request.abort();
  }

  #open(): Promise<ApiStream> {
    const { scope, connection, resourceVersion, timeoutSeconds, sendInitialEvents } = this.#options;
    const { path, ...selectors } = scopeRequest(scope);
    const query = {
      ...selectors,
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion: resourceVersion === "" ? undefined : resourceVersion,
      timeoutSeconds,
      // https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-lists
      ...(sendInitialEvents ? { sendInitialEvents, resourceVersionMatch: "NotOlderThan" } : {}),
    };
    return connection.stream(path, query, this.#request.signal);
  }

  async #read(stream: ApiStream): Promise<void> {
    for await (const chunks of stream.body) {
      this.#seen();
      this.#takeChunks(chunks);
      if (this.#verdict) return;
      if (this.#noteLine() || this.#options.quietLimitMs() !== this.#limitMs) this.#armWatchdog();
    }
    // A line without its line feed was cut off; the server sends it again after the last resourceVersion.
  }

  #takeChunks(chunks: readonly Buffer[]): void {
    try {
      for (const chunk of chunks) if (!this.#splitter.push(chunk, this.#takeLine)) return;
    } finally {
      // What came before a bad line has been handed over as well.
      const failure = this.#options.onBatchEnd();
      this.#verdict ??= failure;
    }
  }

  /** Whether the watchdog has to look for the end of a line that has just begun. */
  #noteLine(): boolean {
    if (this.#splitter.pendingBytes === 0) this.#lineBeganMs = undefined;
    else if (this.#lineBeganMs === undefined) {
      this.#lineBeganMs = this.#lastByteMs;
      return true;
    }
    return false;
  }

  readonly #takeLine = (line: Buffer): boolean => {
    this.#lineBeganMs = undefined;
    if (line.length > 0) this.#verdict = this.#options.onLine(line);
    return this.#verdict === undefined;
  };

  async #refusal(stream: ApiStream): Promise<Failure> {
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const batch of stream.body) {
      chunks.push(...batch);
      length += batch.reduce((sum, chunk) => sum + chunk.length, 0);
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
      this.#giveUp(`no answer within ${headTimeoutMs / 1000} s`),
    );
  }

  #armWatchdog(): void {
    const { clock, quietLimitMs } = this.#options;
    this.#cancelTimer();
    this.#limitMs = quietLimitMs();
    const lineEndMs = (this.#lineBeganMs ?? Number.POSITIVE_INFINITY) + LINE_TIMEOUT_MS;
    this.#cancelTimer = clock.at(Math.min(this.#lastByteMs + this.#limitMs, lineEndMs), () => {
      const nowMs = clock.now();
      if (nowMs - this.#lastByteMs >= this.#limitMs) {
        this.#isQuiet = true;
        this.#request.abort(new Error("quiet"));
      } else if (this.#lineBeganMs !== undefined && nowMs - this.#lineBeganMs >= LINE_TIMEOUT_MS) {
        this.#giveUp(`an event did not end within ${LINE_TIMEOUT_MS / 1000} s`);
      } else this.#armWatchdog();
    });
  }

  #giveUp(reason: string): void {
    if (this.#request.signal.aborted) return;
    const message = `${describeAttempt("watch", this.#options.scope)}: ${reason}`;
    this.#verdict = { kind: "deadline", message };
    this.#request.abort(new Error(reason));
  }

  #thrown(error: unknown): Failure {
    const failure = thrownFailure("watch", this.#options.scope, error);
    return error instanceof LineTooLongError ? { ...failure, kind: "undecodable" } : failure;
  }
}
