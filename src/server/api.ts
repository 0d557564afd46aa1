import { isIPv4 } from "node:net";

/** One request to the API, read whole. */
export interface ApiRequest {
  readonly method: string;
  /** Without query. */
  readonly path: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The other end of the connection. */
  readonly remoteAddress: string | undefined;
  readonly body: string;
}

/** What is answered. The body goes out as JSON. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What answers requests below `/api/`; undefined where nothing is served at that path. */
export interface Api {
  answer(request: ApiRequest): ApiAnswer | undefined;
}

/** Bodies are read up to this many bytes. */
export const API_BODY_MAX_BYTES = 64 * 1024;

/** An answer that says what went wrong. */
export function apiError(
  status: number,
  error: string,
  more: { readonly issues?: readonly string[]; readonly headers?: Readonly<Record<string, string>> } = {},
): ApiAnswer {
  const { issues, headers } = more;
  return { status, body: { error, ...(issues && { issues }) }, ...(headers && { headers }) };
}

/** The one value of a header. */
export function headerOf({ headers }: ApiRequest, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : undefined;
}

const FORWARDED = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];

/**
 * True when the request comes from this machine (in Kubernetes: this Pod, or `kubectl port-forward` to it) and not through a proxy
 * on it. The `Host` must be local too: a name that resolves to loopback is how a web page reaches it (DNS rebinding).
 */
export function isLocalRequest(request: ApiRequest): boolean {
  if (FORWARDED.some((name) => request.headers[name] !== undefined)) return false;
  return isLoopback(request.remoteAddress ?? "") && isLocalHost(headerOf(request, "host") ?? "");
}

function isLoopback(address: string): boolean {
  const plain = address.replace(/^::ffff:/i, "");
  return plain === "::1" || (isIPv4(plain) && plain.startsWith("127."));
}

function isLocalHost(host: string): boolean {
  const name = host.replace(/:\d+$/, "").toLowerCase();
  return name === "localhost" || isLoopback(name.replace(/^\[(.*)\]$/, "$1"));
}
