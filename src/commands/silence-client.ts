import type { SilenceJson, SilenceRequest } from "../alerts/silence-json.ts";
import type { Secret } from "../runtime/secret.ts";
import { REACH_HINT, requestTrouble } from "./url-option.ts";

/** Where a Ringbell is reached, and with what. */
export interface SilenceClientOptions {
  readonly fetch: typeof fetch;
  /** Of its `--listen` address, without a path. */
  readonly url: URL;
  readonly token: Secret | undefined;
}

/** What came of a request: what was asked for, or a sentence for people. */
export type ClientResult<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: string };

/** The silences of a running Ringbell, over its API. */
export interface SilenceClient {
  list(): Promise<ClientResult<readonly SilenceJson[]>>;
  add(silence: SilenceRequest): Promise<ClientResult<SilenceJson>>;
  expire(id: string): Promise<ClientResult<SilenceJson>>;
}

const TIMEOUT_MS = 10_000;
const PATH = "/api/v1/silences";

/** Talks to the Ringbell at that address. */
export function silenceClient(options: SilenceClientOptions): SilenceClient {
  return {
    list: () => request(options, "list silences", "GET", PATH),
    add: (silence) => request(options, "add a silence", "POST", PATH, silence),
    expire: (id) => request(options, `expire silence ${id}`, "DELETE", `${PATH}/${encodeURIComponent(id)}`),
  };
}

async function request<Value>(
  { fetch, url, token }: SilenceClientOptions,
  what: string,
  method: string,
  path: string,
  body?: SilenceRequest,
): Promise<ClientResult<Value>> {
  const at = `Cannot ${what} at ${url.origin}`;
  let response: Response;
  let text: string;
  try {
    response = await fetch(new URL(path, url), {
      method,
      headers: {
        accept: "application/json",
        ...(body && { "content-type": "application/json" }),
        ...(token && { authorization: `Bearer ${token.reveal()}` }),
      },
      ...(body && { body: JSON.stringify(body) }),
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    text = await response.text();
  } catch (error) {
    return { ok: false, problem: `${at}: ${reasonOf(error)}; ${REACH_HINT}` };
  }
  const answer = parseJson(text);
  if (response.ok && answer !== undefined) return { ok: true, value: answer as Value };
  return { ok: false, problem: `${at}: ${refusalOf(response.status, answer)}` };
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError")
    return `no answer within ${TIMEOUT_MS / 1000} s`;
  return requestTrouble(error);
}

function refusalOf(status: number, answer: unknown): string {
  const { error, issues } = (answer ?? {}) as { error?: unknown; issues?: unknown };
  if (typeof error !== "string") return `HTTP ${status}, and not as Ringbell answers: is --url right?`;
  const listed = Array.isArray(issues) ? issues.map((issue) => `\n  ${String(issue)}`).join("") : "";
  const hint = status === 401 ? "; give it with --token-file or RINGBELL_API_TOKEN" : "";
  return `${error}${hint}${listed}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
