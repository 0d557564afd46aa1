import type { OutputShape } from "./shaped-output.ts";
import { status } from "./status.ts";
import type { OpenWatch, WatchStream } from "./watch-stream.ts";
import { bookmarkLine, watchLine } from "./wire.ts";

/**
 * What happens to a request instead of its answer:
 * - an object with `status`: that answer (without `body`: a Status); `status: 200` with a `body` of lines is a watch that ends
 * - an object with `delayMs`: the right answer, but so much later
 * - `reset`: TCP RST before any byte; `close`: the connection ends without an answer
 * - `noHeaders`: taken, and never answered; `hang`: the head and half of the body, then nothing
 * - `truncate`: the head and half of the body, then the connection ends
 * - `endAtOnce`: a good head, an empty body and a clean end; `notJson`: status 200 with a proxy's HTML page
 * - an object with `shape`: the right answer, cut, slowed (slow loris) or compressed as that says
 * - an object with `asOf`: the answer of a server that is behind or repeats itself: a list as it was at that
 *   resourceVersion, a watch that begins there and not where it was asked to
 * - an object with `initialEvents`: a list that comes as a stream breaks off after so many objects, without the bookmark
 *   that ends it
 * - `closeAfter`: the right answer under `Connection: close`, as a server sends clients away (GOAWAY in HTTP/2)
 * - `closeReused`: waits for a request on a connection that had one before, and closes that connection: an idle
 *   connection was closed while the request was on its way
 */
export type RequestFault =
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | object;
    }
  | { readonly delayMs: number }
  | { readonly shape: OutputShape }
  | { readonly asOf: number }
  | { readonly initialEvents: number; readonly then: "end" | "reset" | "silence" }
  | "reset"
  | "close"
  | "noHeaders"
  | "hang"
  | "truncate"
  | "endAtOnce"
  | "notJson"
  | "closeAfter"
  | "closeReused";

/** What a request asks for; `watchList`: a watch that begins with all objects (`sendInitialEvents=true`), a list as a stream. */
export type RequestVerb = "list" | "watchList" | "watch";

/** Picks open watches; all of them when it is left out. */
export type WhichWatches = (watch: OpenWatch) => boolean;

/** What faults need of the server. */
export interface FaultTarget {
  watches(): readonly WatchStream[];
  /** Stops taking connections: new ones are refused, open ones live on. */
  stopListening(): Promise<void>;
  /** Listens on the same port again. */
  startListening(): Promise<void>;
  resetConnections(): void;
  /** Tells a watch again what happened after a resourceVersion. */
  repeat(watch: WatchStream, afterVersion: number): void;
}

interface Planned {
  readonly fault: RequestFault;
  left: number;
}

/** [I/O] Trouble on command. Everything here happens at once; what is planned happens to the requests to come. */
export class Faults {
  readonly #target: FaultTarget;
  readonly #planned: Record<RequestVerb, Planned[]> = { list: [], watchList: [], watch: [] };
  #shape: OutputShape | undefined;
  #skewMs = 0;

  constructor(target: FaultTarget) {
    this.#target = target;
  }

  /** The next `count` lists (`Infinity`: until `clear`) get this, whole ones and streams. Plans queue up. */
  nextLists(count: number, fault: RequestFault): void {
    this.#planned.list.push({ fault, left: count });
  }

  /** The next `count` lists that come as a stream get this, before what is planned for all lists. Plans queue up. */
  nextWatchLists(count: number, fault: RequestFault): void {
    this.#planned.watchList.push({ fault, left: count });
  }

  /** The next `count` watches (`Infinity`: until `clear`) get this, lists as streams not. Plans queue up. */
  nextWatches(count: number, fault: RequestFault): void {
    this.#planned.watch.push({ fault, left: count });
  }

  /** How the bodies of answers from now on are cut and slowed; undefined for neither. */
  shapeOutput(shape: OutputShape | undefined): void {
    this.#shape = shape;
  }

  get shape(): OutputShape | undefined {
    return this.#shape;
  }

  /** The server's clock goes wrong by so much (negative: behind): the `Date` of its answers. */
  skewClock(ms: number): void {
    this.#skewMs = ms;
  }

  get skewMs(): number {
    return this.#skewMs;
  }

  /** Forgets all that is planned. What has happened stays. */
  clear(): void {
    this.#planned.list = [];
    this.#planned.watchList = [];
    this.#planned.watch = [];
    this.#shape = undefined;
    this.#skewMs = 0;
  }

  /** The fault that is due for a request, counted as used. `reused`: its connection had a request before. For the server. */
  take(verb: RequestVerb, reused: boolean): RequestFault | undefined {
    const queues =
      verb === "watchList" ? [this.#planned.watchList, this.#planned.list] : [this.#planned[verb]];
    const queue = queues.find(({ length }) => length > 0);
    const first = queue?.[0];
    if (!queue || !first || (first.fault === "closeReused" && !reused)) return undefined;
    first.left -= 1;
    if (first.left <= 0) queue.shift();
    return first.fault;
  }

  /** TCP RST. */
  resetWatches(which?: WhichWatches): void {
    for (const watch of this.#watches(which)) watch.reset();
  }

  /** A clean end, as at a timeout. */
  endWatches(which?: WhichWatches): void {
    for (const watch of this.#watches(which)) watch.end();
  }

  /** The connection closes without the end of the body. */
  abortWatches(which?: WhichWatches): void {
    for (const watch of this.#watches(which)) watch.abort();
  }

  /** The first half of `line` (default: of a bookmark), then a clean end. */
  endMidLine(line?: string, which?: WhichWatches): void {
    for (const watch of this.#watches(which)) {
      const whole = line === undefined ? bookmarkLine(watch.request.source, 1) : Buffer.from(line);
      watch.writeLine(firstHalf(whole));
      watch.end();
    }
  }

  /** Half-open: no more bytes, the socket stays open, timeouts pass unheard. */
  freezeWatches(which?: WhichWatches): void {
    for (const watch of this.#watches(which)) watch.freeze();
  }

  /** Lets frozen watches go on with what was kept back. */
  thawWatches(which?: WhichWatches): void {
    for (const watch of this.#watches(which)) watch.thaw();
  }

  /** An ERROR event with a Status of this code; `end` says whether the watch ends with it, as it should. */
  sendError(code: number, options: { readonly end?: boolean; readonly which?: WhichWatches } = {}): void {
    const line = watchLine("ERROR", failure(code));
    for (const watch of this.#watches(options.which)) {
      watch.writeLine(line);
      if (options.end ?? true) watch.end();
    }
  }

  /** Any bytes as one line, as they are: broken JSON, a kind nobody knows, a raw U+2028. */
  sendLine(line: string, which?: WhichWatches): void {
    for (const watch of this.#watches(which)) watch.writeLine(Buffer.from(`${line}\n`));
  }

  /** A bookmark now; `version`: not of the current resourceVersion but of this one. */
  sendBookmark(which?: WhichWatches, version?: number): void {
    for (const watch of this.#watches(which)) watch.writeBookmark(false, version);
  }

  /** Says again what happened after a resourceVersion, as if it were new: duplicates, and events older than a list. */
  repeatEvents(afterVersion: number, which?: WhichWatches): void {
    for (const watch of this.#watches(which)) this.#target.repeat(watch, afterVersion);
  }

  /** New connections are refused (ECONNREFUSED), open watches live on: a server that was told to stop. */
  stopListening(): Promise<void> {
    return this.#target.stopListening();
  }

  /** Takes connections again, on the same port. */
  startListening(): Promise<void> {
    return this.#target.startListening();
  }

  /** Every connection is reset and new ones are refused: a server that was killed. */
  async kill(): Promise<void> {
    this.#target.resetConnections();
    await this.#target.stopListening();
  }

  #watches(which: WhichWatches = () => true): WatchStream[] {
    return this.#target.watches().filter((watch) => which(watch));
  }
}

/** The first half of some bytes, at least one. */
export function firstHalf(bytes: Buffer): Buffer {
  return bytes.subarray(0, Math.ceil(bytes.length / 2));
}

// https://github.com/kubernetes/apimachinery/blob/master/pkg/api/errors/errors.go
const REASONS = new Map([
  [401, "Unauthorized"],
  [403, "Forbidden"],
  [404, "NotFound"],
  [410, "Expired"],
  [429, "TooManyRequests"],
  [500, "InternalError"],
  [503, "ServiceUnavailable"],
  [504, "Timeout"],
]);

/** The Status of a failure on command. */
export function failure(code: number): object {
  return status(code, REASONS.get(code), `simulated failure ${code}`);
}
