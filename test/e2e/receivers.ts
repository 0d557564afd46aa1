import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** One request as it came in. */
export interface Received {
  /** `/jobs` */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Slack, PagerDuty and a webhook's receiver on loopback, told apart by path. They accept everything and remember it. */
export class Receivers {
  readonly #server: Server;
  readonly #received: Received[] = [];

  private constructor() {
    this.#server = createServer((request, response) => {
      void text(request).then((body) => {
        this.#received.push({ path: request.url ?? "", headers: request.headers, body });
        response.writeHead(request.url === "/pager" ? 202 : 200).end("ok");
      });
    });
  }

  static async open(): Promise<Receivers> {
    const receivers = new Receivers();
    await once(receivers.#server.listen(0, "127.0.0.1"), "listening");
    return receivers;
  }

  /** The address of one of them. */
  url(path: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${path}`;
  }

  /** What came to this path so far, in order; without a path: to any. */
  at(path?: string): readonly Received[] {
    return this.#received.filter((each) => path === undefined || each.path === path);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}
