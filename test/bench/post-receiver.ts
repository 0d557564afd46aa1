/** A process that only answers POSTs, with as little work as can be, so that the sender is what is measured. */
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { serveParent } from "./child.ts";

const ANSWER = Buffer.from("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok");
const HEAD_END = Buffer.from("\r\n\r\n");

const server = createServer((socket) => {
  socket.setNoDelay(true);
  socket.on("error", () => undefined);
  let pending = Buffer.alloc(0);
  socket.on("data", (data) => {
    pending = pending.length === 0 ? data : Buffer.concat([pending, data]);
    const headEnd = pending.indexOf(HEAD_END);
    if (headEnd === -1) return;
    const head = pending.toString("latin1", 0, headEnd);
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    // One request at a time on a connection: what is there is one request or the start of one.
    if (pending.length < headEnd + HEAD_END.length + length) return;
    pending = Buffer.alloc(0);
    socket.write(ANSWER);
  });
});

serveParent(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
});
