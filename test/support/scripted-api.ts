import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** One request that arrived, and the means to answer it byte by byte. */
export interface Call {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly response: ServerResponse;
  /** True once either side has ended it. */
  closed: boolean;
}

export type Answer = (call: Call) => void;

/** An HTTP server that answers lists and watches in the way each test scripts, faults included. */
export class ScriptedApi {
  readonly lists: Call[] = [];
  /** Without those that ask for a streamed list. */
  readonly watches: Call[] = [];
  /** Watches that ask for a streamed list. */
  readonly streams: Call[] = [];
  readonly sockets = new Set<Socket>();
  readonly #answers: Record<"list" | "watch" | "stream", Answer[]> = { list: [], watch: [], stream: [] };
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => this.#take(request, response));
    this.#server.on("connection", (socket) => {
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
    });
  }

  static async start(port = 0): Promise<ScriptedApi> {
    const api = new ScriptedApi();
    api.#server.listen(port, "localhost");
    await once(api.#server, "listening");
    return api;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://localhost:${this.port}`;
  }

  /** Answers for the next lists, in order; after them, an empty list at version 1. */
  onList(...answers: Answer[]): this {
    this.#answers.list.push(...answers);
    return this;
  }

  /** Answers for the next watches, in order; after them, an open and silent watch. */
  onWatch(...answers: Answer[]): this {
    this.#answers.watch.push(...answers);
    return this;
  }

  /** Answers for the next streamed lists, in order; after them, what a server says that does not offer them. */
  onStream(...answers: Answer[]): this {
    this.#answers.stream.push(...answers);
    return this;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "/", "http://any");
    const call: Call = {
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      response,
      closed: false,
    };
    response.on("close", () => {
      call.closed = true;
    });
    response.on("error", () => undefined);
    const streams = call.query.has("sendInitialEvents");
    const verb = streams ? "stream" : call.query.get("watch") === "true" ? "watch" : "list";
    const { calls, usual } = {
      list: { calls: this.lists, usual: list([], "1") },
      watch: { calls: this.watches, usual: stream() },
      stream: { calls: this.streams, usual: refuse(422, "Invalid") },
    }[verb];
    calls.push(call);
    const answer = this.#answers[verb].shift() ?? usual;
    answer(call);
  }
}

/** A whole answer with a JSON body. */
export function json(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return ({ response }) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify(body));
  };
}

/** A list, or one page of it. */
export function list(items: readonly unknown[], resourceVersion: string, token?: string): Answer {
  const metadata = token === undefined ? { resourceVersion } : { resourceVersion, continue: token };
  return json(200, { kind: "EndpointSliceList", metadata, items });
}

/** A `Status` with a code, as the API server refuses. */
export function refuse(code: number, reason: string, headers: Record<string, string> = {}): Answer {
  return json(code, status(code, reason), headers);
}

/** The body of a refusal. */
export function status(code: number, reason: string): object {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: `${reason} it is`,
    reason,
    code,
  };
}

/** Opens a watch, sends these chunks, and leaves it open. */
export function stream(...chunks: readonly (string | Buffer)[]): Answer {
  return (call) => {
    call.response.writeHead(200, { "content-type": "application/json" });
    call.response.flushHeaders();
    for (const chunk of chunks) call.response.write(chunk);
  };
}

/** Opens a watch, sends these chunks, and ends it as the API server does at its time. */
export function streamAndEnd(...chunks: readonly (string | Buffer)[]): Answer {
  return (call) => {
    stream(...chunks)(call);
    call.response.end();
  };
}

/** Opens a watch, sends these chunks, and breaks the connection in the middle of the body. */
export function streamAndBreak(how: "reset" | "close", ...chunks: readonly (string | Buffer)[]): Answer {
  return (call) => {
    stream(...chunks)(call);
    const socket = call.response.socket;
    // After the bytes are out; a reset would discard them otherwise.
    setImmediate(() => setImmediate(() => (how === "reset" ? socket?.resetAndDestroy() : socket?.destroy())));
  };
}

/** No answer at all. */
export const hang: Answer = () => undefined;

/** One line of a watch. */
export function line(type: string, object: unknown): string {
  return `${JSON.stringify({ type, object })}\n`;
}

/** A bookmark line. */
export function bookmark(resourceVersion: string): string {
  return line("BOOKMARK", { kind: "EndpointSlice", metadata: { resourceVersion }, endpoints: null });
}

/** The bookmark that ends a streamed list. */
export function endOfList(resourceVersion: string): string {
  const annotations = { "k8s.io/initial-events-end": "true" };
  return line("BOOKMARK", {
    kind: "EndpointSlice",
    metadata: { resourceVersion, annotations },
    endpoints: null,
  });
}

/** The JSON of an EndpointSlice `data/NAME` of the Service `web`. */
export function sliceJson(name: string, resourceVersion: string, ...addresses: readonly string[]): object {
  return {
    metadata: { name, namespace: "data", resourceVersion, labels: { "kubernetes.io/service-name": "web" } },
    addressType: "IPv4",
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: null,
  };
}

/** Lets the event loop turn until the condition holds; fails after five seconds of real time. */
export async function until(condition: () => boolean, what = String(condition)): Promise<void> {
  const endMs = performance.now() + 5000;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`Waited in vain until ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
