import type { IncomingMessage, ServerResponse } from "node:http";
import { type Api, API_BODY_MAX_BYTES, type ApiAnswer, apiError } from "./api.ts";

/** So much of a body that is too large is read all the same: who is still sending would miss the answer. */
const READ_MAX_BYTES = 1024 * 1024;

/** Reads a request whole, has it answered, and sends the answer. Never rejects. */
export async function serveApi(
  api: Api,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const body = await readBody(request);
    if (body === undefined) {
      if (!request.complete) response.once("finish", () => request.destroy());
      const error = `the body is larger than ${API_BODY_MAX_BYTES} bytes`;
      return send(response, apiError(413, error, { headers: { connection: "close" } }));
    }
    const { method = "GET", headers } = request;
    const { remoteAddress } = request.socket;
    const answer = api.answer({ method, path, headers, remoteAddress, body });
    send(response, answer ?? apiError(404, `nothing is served at ${path.slice(0, 200)}`));
  } catch {
    send(response, apiError(500, "failed"));
  }
}

/** The body as text; undefined when it is too large. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  if (Number(request.headers["content-length"] ?? 0) > READ_MAX_BYTES) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > READ_MAX_BYTES) return undefined;
    if (size <= API_BODY_MAX_BYTES) chunks.push(chunk);
  }
  return size > API_BODY_MAX_BYTES ? undefined : Buffer.concat(chunks).toString("utf8");
}

function send(response: ServerResponse, { status, body, headers }: ApiAnswer): void {
  if (response.headersSent || response.destroyed) return;
  const all = {
    "content-type": "application/json; charset=utf-8",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    ...headers,
  };
  response.writeHead(status, all).end(`${JSON.stringify(body)}\n`);
}
