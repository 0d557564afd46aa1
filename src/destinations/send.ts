import { Agent, type Dispatcher, EnvHttpProxyAgent, request as undiciRequest } from "undici";
import { Secret } from "../runtime/secret.ts";
import { BlockedAddressError, guardedLookup, isBlockedAddress, type ResolveAll } from "./address-guard.ts";
import type { HttpAnswer, HttpRequest, SendFailure } from "./destination.ts";
import { parseHttpUrl } from "./http-url.ts";
import { sendFailure, shownUrl } from "./send-failure.ts";

/** How long an attempt may take from its start to the end of the answer, where nothing else is said. */
export const DEFAULT_TIMEOUT_MS = 10_000;
/** As much of an answer's body as is read. */
export const BODY_MAX_BYTES = 64 * 1024;
const CONNECTIONS_PER_HOST = 128;

/** How requests are made. */
export interface SenderOptions {
  readonly timeoutMs?: number;
  /** Without it, requests go straight to their hosts. */
  readonly proxy?: ProxySettings;
  /** Instead of a timer of real time, which counts also where the rest of the process runs on a virtual clock. */
  readonly timeoutSignal?: (ms: number) => AbortSignal;
  /** Name resolution, for tests. */
  readonly resolve?: ResolveAll;
  /** Makes the exchange instead of the built-in client, for tests with a stand-in network. Nothing is guarded at connect then. */
  readonly fetch?: typeof globalThis.fetch;
}

/** As the usual environment variables have it; empty for none. */
export interface ProxySettings {
  readonly httpProxy: string;
  readonly httpsProxy: string;
  readonly noProxy: string;
}

/** What differs for one request. */
export interface SendOptions {
  /** Instead of the request's own and the sender's. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** The only way out: makes one attempt, and tells what came of it without throwing. */
export interface Sender {
  send(request: HttpRequest, options?: SendOptions): Promise<HttpAnswer | SendFailure>;
  /** Ends open connections after the attempts under way. */
  close(): Promise<void>;
}

/** Reads `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, the lower-case names first; `undefined` when no proxy is set. */
export function proxyFromEnv(env: Readonly<Record<string, string | undefined>>): ProxySettings | undefined {
  const httpProxy = env["http_proxy"] ?? env["HTTP_PROXY"] ?? "";
  const httpsProxy = env["https_proxy"] ?? env["HTTPS_PROXY"] ?? "";
  if (!httpProxy && !httpsProxy) return undefined;
  return { httpProxy, httpsProxy, noProxy: env["no_proxy"] ?? env["NO_PROXY"] ?? "" };
}

/** Makes the sender that all destinations share, with its pool of connections. */
export function createSender(options: SenderOptions = {}): Sender {
  const dispatcher = createDispatcher(options);
  const exchange = options.fetch ? fetchExchange(options.fetch) : undiciExchange(dispatcher);

  return {
    async send(request, { timeoutMs, signal } = {}) {
      const wire = toWire(request);
      if ("failed" in wire) return wire;
      using timeout = startTimeout(
        timeoutMs ?? request.timeoutMs ?? options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
        options.timeoutSignal,
      );
      const either = signal ? AbortSignal.any([timeout.signal, signal]) : timeout.signal;
      try {
        return await exchange(wire, either);
      } catch (error) {
        const target = shownUrl(wire.url);
        if (signal?.aborted) return { failed: "aborted", detail: `Gave up sending to ${target}: stopping` };
        if (timeout.signal.aborted)
          return { failed: "timeout", detail: `Cannot send to ${target}: no answer in time` };
        return sendFailure(target, error);
      }
    },
    close: () => dispatcher.close(),
  };
}

interface Timeout extends Disposable {
  readonly signal: AbortSignal;
}

// A timer that is cleared in the end costs a fraction of AbortSignal.timeout(), which lives on until it fires.
function startTimeout(ms: number, timeoutSignal: SenderOptions["timeoutSignal"]): Timeout {
  if (timeoutSignal) return { signal: timeoutSignal(ms), [Symbol.dispose]: () => undefined };
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), ms);
  return { signal: controller.signal, [Symbol.dispose]: () => clearTimeout(timer) };
}

/** A request with its secrets revealed. Never leaves this file. */
interface WireRequest {
  readonly url: URL;
  readonly method: HttpRequest["method"];
  readonly headers: Record<string, string>;
  readonly body: string;
}

type Exchange = (wire: WireRequest, signal: AbortSignal) => Promise<HttpAnswer>;

function toWire(request: HttpRequest): WireRequest | SendFailure {
  const url = parseHttpUrl(reveal(request.url));
  if (!url) return { failed: "invalidRequest", detail: "Cannot send: the URL is not an http or https URL" };
  // A literal address is never looked up, so the connection's own guard would not see it; and a proxy has no guard.
  if (isBlockedAddress(url.hostname))
    return sendFailure(shownUrl(url), new BlockedAddressError(url.hostname));
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, reveal(value)]),
  );
  if (url.username || url.password) {
    // fetch refuses such URLs and undici drops what they say.
    const credentials = `${percentDecoded(url.username)}:${percentDecoded(url.password)}`;
    headers["authorization"] ??= `Basic ${Buffer.from(credentials).toString("base64")}`;
    url.username = "";
    url.password = "";
  }
  return { url, method: request.method, headers, body: reveal(request.body) };
}

function createDispatcher({ proxy, resolve }: SenderOptions): Dispatcher {
  const agentOptions: Agent.Options = {
    connections: CONNECTIONS_PER_HOST,
    // One request on a connection at a time: a slow receiver holds up no other delivery.
    pipelining: 1,
    // The attempt's signal ends everything, so these only mend what it cannot.
    headersTimeout: 120_000,
    bodyTimeout: 120_000,
    allowH2: false,
    connect: { lookup: guardedLookup(resolve), timeout: 30_000 },
  };
  return proxy ? new EnvHttpProxyAgent({ ...agentOptions, ...proxy }) : new Agent(agentOptions);
}

function undiciExchange(dispatcher: Dispatcher): Exchange {
  return async ({ url, method, headers, body: payload }, signal) => {
    // Never follows redirects.
    const answer = await undiciRequest(url, { dispatcher, method, headers, body: payload, signal });
    return {
      status: answer.statusCode,
      headers: flatHeaders(answer.headers),
      body: await readCapped(answer.body),
    };
  };
}

function fetchExchange(fetch: typeof globalThis.fetch): Exchange {
  return async ({ url, method, headers, body: payload }, signal) => {
    const answer = await fetch(url, {
      method,
      headers,
      ...(payload && { body: payload }),
      signal,
      redirect: "manual",
    });
    return {
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      body: answer.body ? await readCapped(answer.body) : "",
    };
  };
}

/**
 * Reads up to 64 KiB and drops the rest, with its connection. The status has come by now and decides;
 * a body that breaks off must not make a delivered notice count as failed, so what came of it is enough.
 */
async function readCapped(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= BODY_MAX_BYTES) break;
    }
  } catch {
    // As said above.
  }
  return Buffer.concat(chunks).subarray(0, BODY_MAX_BYTES).toString("utf8");
}

function flatHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name.toLowerCase()] = Array.isArray(value) ? value.join(", ") : value;
  }
  return flat;
}

/** Text with a stray `%` is taken as it stands. */
function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function reveal(value: string | Secret): string {
  return value instanceof Secret ? value.reveal() : value;
}
