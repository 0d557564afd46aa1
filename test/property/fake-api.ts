import {
  type ApiAnswer,
  type ApiConnection,
  type ApiStream,
  DeadlineError,
  type Query,
} from "../../src/cluster/api-connection.ts";
import type { Clock } from "../../src/runtime/clock.ts";
import type { Random } from "../../src/runtime/random.ts";
import { FakeStream } from "./fake-stream.ts";
import type { ModelServer, SliceJson } from "./model-server.ts";

/** What the API server is like, and who listens. */
export interface FakeApiOptions {
  readonly server: ModelServer;
  readonly clock: Clock;
  readonly random: Random;
  /** Whether `sendInitialEvents=true` is answered (servers since 1.32) or refused. */
  readonly streamsLists: boolean;
  /** The client has been told all up to this version. */
  readonly onTold: (version: number) => void;
}

interface Held {
  readonly release: () => void;
}

/**
 * The API server as one list+watch loop sees it, in memory: it does only what it is told to, so that between two orders
 * nothing moves. Lists that may be stale are, by chance; pages are small; answers are held back, by chance.
 */
export class FakeApi implements ApiConnection {
  readonly #options: FakeApiOptions;
  readonly #held = new Set<Held>();
  readonly #faults: number[] = [];
  #stream: FakeStream | undefined;
  /** From now on nothing is held back and nothing is stale. */
  isCalm = false;

  constructor(options: FakeApiOptions) {
    this.#options = options;
  }

  /** The client waits for this server: for bytes of a watch, or for an answer. */
  get isAwaited(): boolean {
    return this.#held.size > 0 || this.#stream?.isRead === true;
  }

  /** The watch is open and has told everything. */
  get isDrained(): boolean {
    return this.#stream?.isOpen === true && this.#stream.isRead && this.#stream.isDrained;
  }

  /** The next request fails with this HTTP status; 0 is a connection that breaks. */
  failNext(status: number): void {
    this.#faults.push(status);
  }

  forgetFaults(): void {
    this.#faults.length = 0;
  }

  /** Answers what was held back. */
  answer(): void {
    for (const { release } of this.#held) release();
  }

  /** The open watch, if there is one. */
  get watch(): FakeStream | undefined {
    return this.#stream?.isOpen ? this.#stream : undefined;
  }

  get(path: string, query: Query, limits: { signal: AbortSignal; timeoutMs: number }): Promise<ApiAnswer> {
    return this.#later(limits.signal, limits.timeoutMs, () => this.#list(path, query));
  }

  stream(path: string, query: Query, signal: AbortSignal): Promise<ApiStream> {
    return this.#later(signal, undefined, () => this.#watch(path, query, signal));
  }

  async close(): Promise<void> {
    this.#stream?.end();
  }

  #later<T>(signal: AbortSignal, timeoutMs: number | undefined, answer: () => T): Promise<T> {
    const { clock, random } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const settle = (how: () => void): void => {
      this.#held.delete(held);
      signal.removeEventListener("abort", onAbort);
      cancel?.();
      how();
    };
    const fail = (error: Error): void => settle(() => reject(error));
    const onAbort = (): void => fail(signal.reason as Error);
    const release = (): void =>
      settle(() => {
        const status = this.#faults.shift();
        if (status === 0) reject(new Error("ECONNRESET"));
        else resolve(status === undefined ? answer() : (refusal(status) as T));
      });
    const held: Held = { release };
    let cancel: (() => void) | undefined;
    if (signal.aborted) onAbort();
    else if (this.isCalm || random() < 0.7) release();
    else {
      signal.addEventListener("abort", onAbort, { once: true });
      if (timeoutMs !== undefined) {
        cancel = clock.at(clock.now() + timeoutMs, () => fail(new DeadlineError("no complete answer")));
      }
      this.#held.add(held);
    }
    return promise;
  }

  #list(path: string, query: Query): ApiAnswer {
    const { server, random, onTold } = this.#options;
    const [tokenVersion, start = ""] = String(query["continue"] ?? "").split("|", 2);
    const version = tokenVersion ? Number(tokenVersion) : this.#versionFor(query["resourceVersion"]);
    if (version > server.version) return refusal(504);
    if (version < server.oldest) return refusal(410);
    const slices = server.at(version);
    const keys = [...slices.keys()].sort().filter((key) => key > start);
    const items = keys.flatMap((key) => slices.get(key) ?? []).filter(matcher(path, query));
    const limit = query["limit"] === undefined ? items.length : 1 + Math.floor(random() * 3);
    const last = limit < items.length ? items[limit - 1]?.metadata : undefined;
    if (!last) onTold(version);
    const metadata = {
      resourceVersion: String(version),
      ...(last && { continue: `${version}|${last.namespace}/${last.name}` }),
    };
    const list = { kind: "EndpointSliceList", metadata, items: items.slice(0, limit) };
    return { status: 200, retryAfter: undefined, body: Buffer.from(JSON.stringify(list)) };
  }

  /** "0" and a number allow for newer states, "0" for older ones too: a watch cache may lag. */
  #versionFor(asked: Query[string]): number {
    const { server, random } = this.#options;
    const floor = Math.max(Number(asked ?? server.version), server.oldest);
    if (this.isCalm || floor >= server.version) return Math.max(floor, server.version);
    return floor + Math.floor(random() * (server.version - floor + 1));
  }

  #watch(path: string, query: Query, signal: AbortSignal): ApiStream {
    const { server, random, streamsLists, onTold } = this.#options;
    const initialEvents = query["sendInitialEvents"] === true;
    const asked = query["resourceVersion"];
    if (initialEvents && !streamsLists) return streamOf(refusal(random() < 0.5 ? 400 : 422));
    const version = initialEvents ? this.#versionFor(asked === "" ? undefined : asked) : Number(asked);
    if (!(version >= 1)) throw new Error(`the model has no watch from resourceVersion "${asked}"`);
    const isGone = version < server.oldest;
    if (isGone && random() < 0.5) return streamOf(refusal(410));
    const matches = matcher(path, query);
    const stream = new FakeStream({
      server,
      random,
      matches,
      version: isGone ? server.version : version,
      initialEvents,
      onTold,
    });
    if (isGone) {
      stream.write(JSON.stringify({ type: "ERROR", object: status(410) }));
      stream.send(1);
    }
    const onAbort = (): void => stream.end(signal.reason as Error);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#stream = stream;
    return { status: 200, retryAfter: undefined, body: stream };
  }
}

function matcher(path: string, query: Query): (slice: SliceJson) => boolean {
  const namespace = /\/namespaces\/([^/]+)\//.exec(path)?.[1];
  const selector = String(query["labelSelector"] ?? "");
  const list = / in \((.*)\)$/.exec(selector)?.[1] ?? /=(.*)$/.exec(selector)?.[1];
  const services = list?.split(",");
  return ({ metadata }) =>
    (namespace === undefined || metadata.namespace === namespace) &&
    (services === undefined || services.includes(metadata.labels["kubernetes.io/service-name"] ?? ""));
}

/** The Status object of a failure. */
export function status(code: number): object {
  const reason = code === 410 ? "Expired" : "InternalError";
  return { kind: "Status", apiVersion: "v1", status: "Failure", message: "on command", reason, code };
}

function refusal(code: number): ApiAnswer {
  return {
    status: code,
    retryAfter: code === 429 ? "1" : undefined,
    body: Buffer.from(JSON.stringify(status(code))),
  };
}

function streamOf({ status, retryAfter, body }: ApiAnswer): ApiStream {
  async function* once(): AsyncIterable<readonly Buffer[]> {
    yield [body];
  }
  return { status, retryAfter, body: once() };
}
