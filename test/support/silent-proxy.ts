import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** The ways through a proxy, as the client sees them. */
export type Way = "requests" | "answers";

interface Link {
  readonly client: Socket;
  /** Undefined for a connection that came while requests were swallowed. */
  server: Socket | undefined;
  /** What silence has kept back. */
  readonly kept: Record<Way, (() => void)[]>;
}

/**
 * A TCP proxy that can go silent: sockets stay open and acknowledge all they are sent, and nothing comes of it. That is what
 * a firewall does that has forgotten a connection, or a load balancer whose backend is gone.
 */
export class SilentProxy {
  readonly #server: Server;
  readonly #targetPort: number;
  readonly #links = new Set<Link>();
  readonly #silent = new Set<Way>();
  #activity = 0;

  private constructor(targetPort: number) {
    this.#targetPort = targetPort;
    // Half-open sockets are the point: an end is passed on like other bytes.
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#take(client));
  }

  static async start(targetPort: number): Promise<SilentProxy> {
    const proxy = new SilentProxy(targetPort);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Rises with whatever happens here. */
  get activity(): number {
    return this.#activity;
  }

  get isSilent(): boolean {
    return this.#silent.size > 0;
  }

  /** Connections of clients. */
  get connections(): number {
    return [...this.#links].filter(({ client }) => !client.destroyed).length;
  }

  /**
   * From now on nothing goes these ways; default: neither. While requests go nowhere, new connections are taken and lead
   * nowhere too.
   */
  silence(...ways: Way[]): void {
    for (const way of ways.length > 0 ? ways : (["requests", "answers"] as const)) this.#silent.add(way);
  }

  /** Passes on again, first what was kept back. */
  resume(): void {
    this.#silent.clear();
    for (const link of this.#links) {
      if (!link.server) this.#connect(link);
      for (const way of ["requests", "answers"] as const) for (const pass of link.kept[way].splice(0)) pass();
    }
  }

  /** Passes on again, but for the connections that there are: they are reset, as by a firewall that was restarted. */
  resumeWithoutMemory(): void {
    for (const { client, server } of this.#links) {
      client.resetAndDestroy();
      server?.destroy();
    }
    this.resume();
  }

  async close(): Promise<void> {
    for (const { client, server } of this.#links) {
      client.destroy();
      server?.destroy();
    }
    this.#server.close();
    await once(this.#server, "close");
  }

  #take(client: Socket): void {
    this.#activity += 1;
    const link: Link = { client, server: undefined, kept: { requests: [], answers: [] } };
    this.#links.add(link);
    if (!this.#silent.has("requests")) this.#connect(link);
    this.#pipe(link, client, "requests");
  }

  #connect(link: Link): void {
    const server = connect({ port: this.#targetPort, host: "127.0.0.1", allowHalfOpen: true });
    link.server = server;
    this.#pipe(link, server, "answers");
  }

  #pipe(link: Link, from: Socket, way: Way): void {
    const to = (): Socket | undefined => (way === "requests" ? link.server : link.client);
    const pass = (send: () => void): void => {
      this.#activity += 1;
      if (this.#silent.has(way) || !to()) link.kept[way].push(send);
      else send();
    };
    from.on("data", (bytes) => pass(() => void to()?.write(bytes)));
    from.on("end", () => pass(() => void to()?.end()));
    // A reset, or a socket that is closed after both ends: the other side goes too.
    from.on("error", () => undefined);
    from.on("close", () => {
      pass(() => void to()?.destroy());
      if (link.client.destroyed && (link.server?.destroyed ?? true)) this.#links.delete(link);
    });
  }
}
