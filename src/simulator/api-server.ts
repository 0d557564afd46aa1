import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "../runtime/clock.ts";
import { Access, type AccessOptions } from "./access.ts";
import { answer, type AnswerContext } from "./answer.ts";
import { Faults } from "./faults.ts";
import { listen, openSockets, stopListening } from "./loopback.ts";
import { ObjectStore } from "./object-store.ts";
import { Waiters } from "./waiters.ts";
import { WatchHub } from "./watch-hub.ts";
import type { OpenWatch, WatchTiming } from "./watch-stream.ts";

/** All but the clock may be left out. */
export interface ApiServerOptions extends AccessOptions {
  readonly clock: Clock;
  /** Default: an empty one. */
  readonly store?: ObjectStore;
  /** Default 0: any free one. */
  readonly port?: number;
  /**
   * What becomes of `sendInitialEvents=true`: `served` (the default, as since 1.32), `invalid` (422: the feature
   * gate is off), `badRequest` (400), or `ignored` (servers before 1.27).
   */
  readonly watchList?: "served" | "invalid" | "badRequest" | "ignored";
  readonly timing?: Partial<WatchTiming>;
}

/** A request as it came. */
export interface RequestRecord {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly atMs: number;
}

/** A running simulator. */
export interface ApiServer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  readonly store: ObjectStore;
  readonly faults: Faults;
  /** The latest 10,000, oldest first. */
  readonly requests: readonly RequestRecord[];
  /** Oldest first. A watch whose client has gone is not among them. */
  openWatches(): readonly OpenWatch[];
  /** Requests whose answer a fault keeps back, or lets out slowly. */
  readonly held: number;
  /** Connections that are open, idle ones too. */
  readonly connections: number;
  currentResourceVersion(): string;
  /** Resolves when `holds` is true; it is looked at after each request, each write, and each watch that opens or closes. */
  until(holds: () => boolean): Promise<void>;
  /** Destroys all sockets and frees the port. */
  close(): Promise<void>;
}

const REQUESTS_KEPT = 10_000;
// kube-apiserver draws 30 to 60 minutes, see --min-request-timeout:
// https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/
const DEFAULT_TIMING: WatchTiming = { bookmarkEveryMs: 60_000, defaultTimeoutMs: 1_800_000 };

/**
 * [I/O] Starts a Kubernetes API server on loopback: lists and watches of EndpointSlices and Endpoints, of Namespaces, Pods and the
 * workloads that own these, `/version` and `/readyz`. What it sends is held against recordings of kube-apiserver 1.36.2.
 * @example
 * const server = await startApiServer({ clock: systemClock });
 * server.store.put(slice);
 * server.faults.nextLists(3, { status: 500 });
 */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { clock } = options;
  const store = options.store ?? new ObjectStore();
  const hub = new WatchHub(store);
  const waiters = new Waiters();
  const requests: RequestRecord[] = [];
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 });
  const sockets = openSockets(server);
  const port = await listen(server, options.port ?? 0);
  const faults = new Faults({
    watches: () => hub.all(),
    stopListening: () => stopListening(server),
    startListening: async () => void (await listen(server, port)),
    resetConnections: () => sockets.forEach((socket) => socket.resetAndDestroy()),
    repeat: (watch, afterVersion) => hub.repeat(watch, afterVersion),
  });
  const held = new Set<ServerResponse>();
  const used = new WeakSet<Socket>();
  const context: AnswerContext = {
    clock,
    store,
    hub,
    faults,
    access: new Access(options),
    timing: { ...DEFAULT_TIMING, ...options.timing },
    watchList: options.watchList ?? "served",
    changed: () => waiters.check(),
    nextId: counter(),
    hold: (response) => hold(held, response),
  };
  server.on("request", (request, response) => {
    requests.push(recordOf(request, clock.now()));
    if (requests.length > REQUESTS_KEPT) requests.shift();
    const reused = used.has(request.socket);
    used.add(request.socket);
    answer(context, request, response, reused);
    waiters.check();
  });
  const unsubscribe = store.subscribe((event) => {
    hub.deliver(event);
    waiters.check();
  });
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    store,
    faults,
    requests,
    openWatches: () => hub.all(),
    get held() {
      return held.size;
    },
    get connections() {
      return sockets.size;
    },
    currentResourceVersion: () => String(store.version),
    until: (holds) => waiters.until(holds),
    async close() {
      unsubscribe();
      for (const stream of hub.all()) stream.dispose();
      for (const socket of sockets) socket.destroy();
      if (server.listening) await stopListening(server);
    },
  };
}

function hold(held: Set<ServerResponse>, response: ServerResponse): () => void {
  const release = (): void => void held.delete(response);
  held.add(response);
  response.on("close", release);
  return release;
}

function counter(): () => number {
  let last = 0;
  return () => ++last;
}

function recordOf(request: IncomingMessage, atMs: number): RequestRecord {
  const url = new URL(request.url ?? "/", "http://localhost");
  return {
    method: request.method ?? "",
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers,
    atMs,
  };
}
