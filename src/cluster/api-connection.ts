import type { KubeConfig } from "@kubernetes/client-node";
import { Agent, type Dispatcher, ProxyAgent, request } from "undici";
import type { Clock } from "../runtime/clock.ts";
import { type Credentials, CredentialSource } from "./api-credentials.ts";
import { openStream } from "./api-stream.ts";
import { decodeStream, decodeWhole } from "./content-encoding.ts";

/** Query parameters; undefined ones are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** A whole answer of the API server. */
export interface ApiAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: Buffer;
}

/** An answer whose body goes on. */
export interface ApiStream {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /**
   * Chunks that came together are handed over together. Must be read to its end or left by `break`, `return` or an abort;
   * else its connection stays.
   */
  readonly body: AsyncIterable<readonly Buffer[]>;
}

/** GET requests to one API server. Failures to connect, to read and to finish in time are thrown; HTTP statuses are not. */
export interface ApiConnection {
  /** The whole answer, within `timeoutMs` milliseconds. Throws `DeadlineError` after that, or the signal's reason. */
  get(path: string, query: Query, options: { signal: AbortSignal; timeoutMs: number }): Promise<ApiAnswer>;
  /** The head of the answer, and its body as it comes, without any time limit but the signal. */
  stream(path: string, query: Query, signal: AbortSignal): Promise<ApiStream>;
  /** Ends all connections, those in use too. */
  close(): Promise<void>;
}

/** What a connection needs. */
export interface ApiConnectionOptions {
  /** Called at the first request, and anew after each refusal of credentials (HTTP 401). */
  readonly loadKubeConfig: () => KubeConfig;
  readonly clock: Clock;
  /** Of Ringbell, for the `user-agent`. */
  readonly version: string;
}

/** No complete answer in time. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
}

const CLOSED = "the connection to the API server is closed";
const CONNECT_TIMEOUT_MS = 10_000;
/** As client-go: less than the 60 s after which many load balancers drop an idle connection. */
const KEEP_ALIVE_PROBE_MS = 30_000;

interface Agents {
  readonly key: string;
  readonly lists: Dispatcher;
  readonly watches: Dispatcher;
}

/** Makes a connection; nothing is read or opened before the first request. */
export function createApiConnection(options: ApiConnectionOptions): ApiConnection {
  return new UndiciConnection(options);
}

class UndiciConnection implements ApiConnection {
  readonly #clock: Clock;
  readonly #userAgent: string;
  readonly #credentials: CredentialSource;
  readonly #retired = new Set<Dispatcher>();
  /** Of requests that go on. */
  readonly #open = new Set<AbortController>();
  #agents: Agents | undefined;
  #closed = false;

  constructor({ clock, version, loadKubeConfig }: ApiConnectionOptions) {
    this.#clock = clock;
    this.#userAgent = `ringbell/${version}`;
    this.#credentials = new CredentialSource(loadKubeConfig);
  }

  async get(
    path: string,
    query: Query,
    { signal, timeoutMs }: { signal: AbortSignal; timeoutMs: number },
  ): Promise<ApiAnswer> {
    const { controller, release } = this.#begin(signal);
    const cancelDeadline = this.#clock.at(this.#clock.now() + timeoutMs, () =>
      controller.abort(new DeadlineError(`no complete answer within ${timeoutMs / 1000} s`)),
    );
    try {
      const { credentials, headers, agents } = await this.#prepare(controller.signal);
      const answer = await request(credentials.server + path + queryString(query), {
        dispatcher: agents.lists,
        headers,
        signal: controller.signal,
      });
      if (answer.statusCode === 401) this.#credentials.refused(credentials);
      const bytes = Buffer.from(await answer.body.arrayBuffer());
      const body = await decodeWhole(firstValue(answer.headers["content-encoding"]), bytes);
      return { status: answer.statusCode, retryAfter: firstValue(answer.headers["retry-after"]), body };
    } finally {
      cancelDeadline();
      release();
    }
  }

  async stream(path: string, query: Query, signal: AbortSignal): Promise<ApiStream> {
    const { controller, release } = this.#begin(signal);
    try {
      const { credentials, headers, agents } = await this.#prepare(controller.signal);
      const url = new URL(credentials.server + path + queryString(query));
      const answer = await openStream(
        agents.watches,
        { origin: url.origin, path: url.pathname + url.search, method: "GET", headers },
        controller.signal,
        release,
      );
      if (answer.status === 401) this.#credentials.refused(credentials);
      const encoding = firstValue(answer.headers["content-encoding"]);
      return {
        status: answer.status,
        retryAfter: firstValue(answer.headers["retry-after"]),
        body: decodeStream(encoding, answer.body, () => controller.abort(new Error("left"))),
      };
    } catch (error) {
      controller.abort(error);
      release();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const agents = this.#agents;
    this.#agents = undefined;
    const dispatchers = [...this.#retired, ...(agents ? [agents.lists, agents.watches] : [])];
    this.#retired.clear();
    // Destroying an agent that was told to close leaves what is open on it.
    for (const controller of this.#open) controller.abort(new Error(CLOSED));
    await Promise.all(dispatchers.map((dispatcher) => dispatcher.destroy()));
  }

  /** A request that ends with its signal, or when the connection is closed. */
  #begin(signal: AbortSignal): { readonly controller: AbortController; readonly release: () => void } {
    const controller = new AbortController();
    const onAbort = (): void => controller.abort(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    this.#open.add(controller);
    return {
      controller,
      release: () => {
        this.#open.delete(controller);
        signal.removeEventListener("abort", onAbort);
      },
    };
  }

  async #prepare(
    signal: AbortSignal,
  ): Promise<{ credentials: Credentials; headers: Record<string, string>; agents: Agents }> {
    // An exec plugin may hang, and would not heed the signal.
    const credentials = await orAborted(this.#credentials.read(), signal);
    if (this.#closed) throw new Error(CLOSED);
    const headers = {
      accept: "application/json",
      "accept-encoding": "identity",
      "user-agent": this.#userAgent,
      ...credentials.headers,
    };
    return { credentials, headers, agents: this.#agentsFor(credentials) };
  }

  /** The agents for these credentials; when TLS material has changed, new ones, while watches on the old ones run on. */
  #agentsFor(credentials: Credentials): Agents {
    const current = this.#agents;
    if (current?.key === credentials.connectionKey) return current;
    if (current) {
      this.#retire(current.lists);
      this.#retire(current.watches);
    }
    this.#agents = {
      key: credentials.connectionKey,
      lists: makeAgent(credentials, {}),
      // A watch is silent for minutes; the reflector has its own watchdog.
      watches: makeAgent(credentials, { headersTimeout: 0, bodyTimeout: 0 }),
    };
    return this.#agents;
  }

  #retire(agent: Dispatcher): void {
    this.#retired.add(agent);
    const forget = (): boolean => this.#retired.delete(agent);
    agent.close().then(forget, forget);
  }
}

/**
 * HTTP/1.1 only. Over HTTP/2 all watches would share one connection, and undici does not notice when its peer is gone:
 * it sends PINGs but sets no deadline for the answer (https://github.com/nodejs/undici/pull/4296).
 */
function makeAgent({ tls, proxyUrl }: Credentials, timeouts: Agent.Options): Dispatcher {
  const probes = { timeout: CONNECT_TIMEOUT_MS, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_PROBE_MS };
  if (proxyUrl === undefined) {
    return new Agent({ ...timeouts, allowH2: false, connect: { ...tls, ...probes } });
  }
  return new ProxyAgent({
    ...timeouts,
    uri: proxyUrl,
    allowH2: false,
    requestTls: { ...tls, ...probes, allowH2: false },
    proxyTls: { ...probes, allowH2: false },
  });
}

function queryString(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.append(name, String(value));
  }
  return parameters.size === 0 ? "" : `?${parameters.toString()}`;
}

function firstValue(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
