/**
 * A process that only writes: an API server for one watch, whose bytes are all made beforehand, chunk headers included.
 * Each event is an HTTP chunk of its own, as kube-apiserver flushes them.
 */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { serveParent } from "./child.ts";
import { canaryLine, eventLines, listBody, type StreamPlan } from "./watch-lines.ts";

export type WriterOrder =
  | { readonly kind: "prepare"; readonly plan: StreamPlan }
  /** All events, then the canary's fall. */
  | { readonly kind: "write" }
  /** The events of one pass alone. */
  | { readonly kind: "writePass"; readonly pass: number }
  /** The canary is well again. */
  | { readonly kind: "calm" };

const BLOCK_BYTES = 256 * 1024;
const WATCH_HEAD =
  "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nDate: Sat, 21 Nov 2026 00:00:00 GMT\r\n\r\n";

let list: Buffer = Buffer.alloc(0);
let passes: readonly (readonly Buffer[])[] = [];
let watch: Socket | undefined;

const server = createServer((socket) => {
  socket.setNoDelay(true);
  socket.on("error", () => undefined);
  let head = "";
  socket.on("data", (data) => {
    head += data.toString("latin1");
    if (!head.includes("\r\n\r\n")) return;
    if (head.includes("sendInitialEvents")) {
      // As servers do that offer no streamed lists: pages follow at once.
      socket.write("HTTP/1.1 422 Unprocessable Entity\r\ncontent-length: 0\r\n\r\n");
    } else if (head.includes("watch=true")) {
      watch = socket;
      socket.write(WATCH_HEAD);
    } else {
      socket.write(
        `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${list.length}\r\n\r\n`,
      );
      socket.write(list);
    }
    head = "";
  });
});

function chunk(line: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${line.length.toString(16)}\r\n`), line, Buffer.from("\r\n")]);
}

function blocksOf(lines: readonly Buffer[]): Buffer[] {
  const made: Buffer[] = [];
  let parts: Buffer[] = [];
  let size = 0;
  for (const line of lines) {
    parts.push(chunk(line));
    size += line.length;
    if (size < BLOCK_BYTES) continue;
    made.push(Buffer.concat(parts));
    parts = [];
    size = 0;
  }
  return [...made, Buffer.concat(parts)];
}

async function writeBlocks(socket: Socket | undefined, blocks: readonly Buffer[]): Promise<undefined> {
  if (!socket) throw new Error("Cannot write events: nobody watches");
  for (const block of blocks) if (!socket.write(block)) await once(socket, "drain");
}

async function prepare(plan: StreamPlan): Promise<{ readonly url: string }> {
  list = listBody(plan);
  const lines = eventLines(plan);
  passes = Array.from({ length: plan.passes }, (_, pass) =>
    blocksOf(lines.slice(pass * plan.services, (pass + 1) * plan.services)),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

serveParent(async (order: WriterOrder) => {
  switch (order.kind) {
    case "prepare":
      return await prepare(order.plan);
    case "write":
      return await writeBlocks(watch, [...passes.flat(), chunk(canaryLine(false))]);
    case "writePass":
      return await writeBlocks(watch, passes[order.pass] ?? []);
    case "calm":
      return await writeBlocks(watch, [chunk(canaryLine(true))]);
    default:
      return order satisfies never;
  }
});
