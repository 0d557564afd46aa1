import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";

/** The head of an answer, and its body as it comes. */
export interface StreamHead {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /**
   * What came together is handed over together. Must be read to its end or left by `break`, `return` or an abort;
   * else its connection stays. Throws what broke the connection, after all that came before.
   */
  readonly body: AsyncIterable<readonly Buffer[]>;
}

/**
 * Sends a request and resolves with the head of its answer. Without Node's streams, as kube-apiserver sends each event as a chunk
 * of its own: through a `Readable` they cost more than their JSON.
 * Rejects with the signal's reason, or when there is no connection or no answer. Calls `onEnd` once it is over, in whatever way.
 */
export function openStream(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  signal: AbortSignal,
  onEnd: () => void,
): Promise<StreamHead> {
  const handler = new StreamHandler(signal, onEnd);
  try {
    signal.throwIfAborted();
    dispatcher.dispatch(request, handler);
  } catch (error) {
    handler.fail(error);
  }
  return handler.head;
}

class StreamHandler implements Dispatcher.DispatchHandler {
  readonly head: Promise<StreamHead>;
  readonly #signal: AbortSignal;
  readonly #onEnd: () => void;
  readonly #resolveHead: (head: StreamHead) => void;
  readonly #rejectHead: (reason: unknown) => void;
  readonly #onAbort = (): void => {
    // What has come but was not read is not wanted any more.
    this.#chunks = [];
    this.fail(this.#signal.reason);
  };
  #controller: Dispatcher.DispatchController | undefined;
  #chunks: Buffer[] = [];
  #end: { readonly error: unknown } | "complete" | undefined;
  #wake: () => void = () => undefined;

  constructor(signal: AbortSignal, onEnd: () => void) {
    const { promise, resolve, reject } = Promise.withResolvers<StreamHead>();
    this.head = promise;
    this.#resolveHead = resolve;
    this.#rejectHead = reject;
    this.#signal = signal;
    this.#onEnd = onEnd;
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#end !== undefined) this.#disconnect();
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    // 1xx announce the answer: https://www.rfc-editor.org/rfc/rfc9110#name-informational-1xx
    if (status >= 200) this.#resolveHead({ status, headers, body: this.#read() });
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#end !== undefined) return;
    this.#chunks.push(chunk);
    this.#wake();
  }

  onResponseEnd(): void {
    this.#finish("complete");
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#finish({ error });
  }

  fail(error: unknown): void {
    this.#finish({ error });
    this.#disconnect();
  }

  #finish(end: { readonly error: unknown } | "complete"): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#signal.removeEventListener("abort", this.#onAbort);
    if (end !== "complete") this.#rejectHead(end.error);
    this.#wake();
    this.#onEnd();
  }

  #disconnect(): void {
    this.#controller?.abort(new Error("left"));
  }

  async *#read(): AsyncGenerator<readonly Buffer[], void> {
    try {
      for (;;) {
        const chunks = this.#chunks;
        this.#chunks = [];
        if (chunks.length > 0) yield chunks;
        else if (this.#end === "complete") return;
        else if (this.#end !== undefined) throw this.#end.error;
        else await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      if (this.#end === undefined) this.fail(new Error("left"));
    }
  }
}
