import type { ServerResponse } from "node:http";
import type { Clock } from "../runtime/clock.ts";
import { type OutputShape, ShapedOutput } from "./shaped-output.ts";
import { isStatus } from "./status.ts";
import { goJson } from "./wire.ts";

/** [I/O] Sets the headers that every answer of an API server has. `requestId` becomes the audit id. */
export function sendHead(response: ServerResponse, nowMs: number, requestId: number): void {
  response.sendDate = false;
  response.setHeader("Audit-Id", `00000000-0000-4000-8000-${requestId.toString(16).padStart(12, "0")}`);
  response.setHeader("Cache-Control", "no-cache, private");
  response.setHeader("Content-Type", "application/json");
  response.setHeader("Date", new Date(nowMs).toUTCString());
}

/** [I/O] Sends an object whole. A Status decides the HTTP status, and `retryAfterSeconds` becomes a header. */
export function sendJson(response: ServerResponse, body: object): void {
  if (isStatus(body)) {
    response.statusCode = body.code;
    const seconds = body.details?.["retryAfterSeconds"];
    if (typeof seconds === "number") response.setHeader("Retry-After", String(seconds));
  }
  const bytes = jsonBytes(body);
  response.setHeader("Content-Length", bytes.length);
  response.end(bytes);
}

/** [I/O] Sends an object with status 200, cut and slowed as `shape` says. */
export function sendBody(
  response: ServerResponse,
  body: object,
  clock: Clock,
  shape: OutputShape | undefined,
): void {
  if (!shape) return sendJson(response, body);
  const output = new ShapedOutput(response, clock, shape);
  response.on("close", () => output.dispose());
  output.write(jsonBytes(body));
  output.end();
}

/** A body as it goes over the wire: Go's encoder ends it with a line break. */
export function jsonBytes(body: object): Buffer {
  return Buffer.from(`${goJson(body)}\n`);
}
