import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { text } from "node:stream/consumers";
import type { Notice } from "../../src/alerts/notice.ts";

/** What a receiver does with a request: takes it, refuses it for now, keeps it waiting, or cuts the connection after reading it. */
export type Manner = "accept" | 500 | 503 | 429 | "hold" | "reset";

/** One request, in the order of coming. */
export interface Delivered {
  readonly id: string;
  readonly manner: Manner;
  readonly body: string;
  readonly notice: Notice;
}

/** A receiver of webhooks with bad days. */
export interface SoakReceiver {
  readonly url: string;
  readonly requests: readonly Delivered[];
  /** From now on, this share (0 to 1) of the requests is met in one of these manners, the others are accepted. */
  behave(manners: readonly Manner[], share: number): void;
  close(): Promise<void>;
}

/** Longer than the sender waits. */
const HOLD_MS = 6_000;

/** Starts a receiver on loopback. `random` decides which requests are met badly. */
export async function startSoakReceiver(random: () => number): Promise<SoakReceiver> {
  const requests: Delivered[] = [];
  const sockets = new Set<Socket>();
  let manners: readonly Manner[] = [];
  let share = 0;
  const pick = (): Manner =>
    (random() < share ? manners[Math.floor(random() * manners.length)] : undefined) ?? "accept";
  const server = createServer((request, response) => {
    text(request).then(
      (body) => {
        const manner = pick();
        requests.push({
          id: String(request.headers["webhook-id"]),
          manner,
          body,
          notice: JSON.parse(body) as Notice,
        });
        if (manner === "reset") {
          request.socket.resetAndDestroy();
          return;
        }
        response.statusCode = manner === "accept" || manner === "hold" ? 204 : manner;
        if (manner === 429) response.setHeader("retry-after", "1");
        if (manner === "hold") setTimeout(() => response.end(), HOLD_MS).unref();
        else response.end();
      },
      () => response.destroy(),
    );
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jobs`,
    requests,
    behave: (...next) => void ([manners, share] = next),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
