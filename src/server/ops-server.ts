import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Api } from "./api.ts";
import { serveApi } from "./serve-api.ts";

/** What the outside may ask of a running Ringbell. */
export interface OpsSource {
  /** Why it is not ready yet; empty when it is. */
  notReady(): readonly string[];
  /** The Prometheus text format. */
  metrics(): Promise<{ readonly contentType: string; readonly body: string }>;
  /** Answers what is below `/api/`; without it nothing is there. */
  readonly api?: Api;
}

/** The listening server. */
export interface OpsServer {
  /** As bound: with the real port when 0 was asked for. */
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Where to listen: `host:port`, `:port` for all addresses, `[::1]:port`. Undefined when it is not of that form. */
export function parseListen(
  text: string,
): { readonly host: string | undefined; readonly port: number } | undefined {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) return undefined;
  return { host: match[1] ?? (match[2] === "" ? undefined : match[2]), port };
}

/** The address cannot be bound; the message says why. */
export class ListenError extends Error {
  override readonly name = "ListenError";
}

/** Serves `/healthz`, `/readyz`, `/metrics` and the API. Rejects with `ListenError` when the address cannot be bound. */
export async function startOpsServer(
  source: OpsSource,
  listen: { readonly host: string | undefined; readonly port: number },
): Promise<OpsServer> {
  const server = createServer((request, response) => {
    const path = (request.url ?? "/").replace(/[?#].*$/, "");
    if (source.api && path.startsWith("/api/")) return void serveApi(source.api, path, request, response);
    if (request.method !== "GET" && request.method !== "HEAD")
      return answer(response, 405, "only GET is served here\n");
    answerPath(path, source, response).catch(() => answer(response, 500, "failed\n"));
  });
  server.headersTimeout = 5_000;
  server.requestTimeout = 10_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(listenError(error, listen)));
    server.listen(listen.port, listen.host, resolve);
  });
  const address = server.address() as AddressInfo;
  return { host: address.address, port: address.port, close: () => close(server) };
}

function listenError(
  cause: NodeJS.ErrnoException,
  { host, port }: { readonly host: string | undefined; readonly port: number },
): ListenError {
  const why: Readonly<Record<string, string>> = {
    EADDRINUSE: "the port is in use, give another --listen",
    EADDRNOTAVAIL: "this machine has no such address",
    EACCES: "permission denied, ports below 1024 need a privilege",
  };
  const code = cause.code ?? cause.message;
  return new ListenError(`Cannot listen on ${host ?? ""}:${port}: ${why[code] ?? code}`, { cause });
}

async function answerPath(path: string, source: OpsSource, response: ServerResponse): Promise<void> {
  switch (path) {
    case "/healthz":
      return answer(response, 200, "ok\n");
    case "/readyz": {
      const reasons = source.notReady();
      if (reasons.length === 0) return answer(response, 200, "ok\n");
      return answer(response, 503, reasons.map((reason) => `not ready: ${reason}\n`).join(""));
    }
    case "/metrics": {
      const { contentType, body } = await source.metrics();
      return answer(response, 200, body, contentType);
    }
    default:
      return answer(
        response,
        404,
        "here are /healthz, /readyz, /metrics, /api/v1/status, /api/v1/standings and /api/v1/silences\n",
      );
  }
}

function answer(
  response: ServerResponse,
  status: number,
  body: string,
  contentType = "text/plain; charset=utf-8",
): void {
  response.writeHead(status, { "content-type": contentType, "x-content-type-options": "nosniff" }).end(body);
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
