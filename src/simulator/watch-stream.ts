import type { ServerResponse } from "node:http";
import type { Clock } from "../runtime/clock.ts";
import type { ApiRequest } from "./api-request.ts";
import { type OutputShape, ShapedOutput } from "./shaped-output.ts";
import { bookmarkLine } from "./wire.ts";

/** The times of a watch, in milliseconds. */
export interface WatchTiming {
  /** Between two bookmarks; kube-apiserver: about 60 s. */
  readonly bookmarkEveryMs: number;
  /** When `timeoutSeconds` was not given. */
  readonly defaultTimeoutMs: number;
}

/** How a watch begins, where not as it was asked to. */
export interface WatchBeginning {
  /** From this resourceVersion. */
  readonly asOf?: number;
  /** After so many initial objects it ends, is reset, or says nothing any more. */
  /** No bookmark marks the end of the initial objects: servers before 1.27. */
  readonly unmarked?: boolean;
  readonly breakOff?: { readonly after: number; readonly how: "end" | "reset" | "silence" };
}

/** What a test can see of an open watch. */
export interface OpenWatch {
  /** Rises by one with each watch. */
  readonly id: number;
  /** Path and query, as they were asked for. */
  readonly url: string;
  readonly request: ApiRequest;
  readonly openedAtMs: number;
  /** The resourceVersion of the last event or bookmark written to it. */
  readonly lastVersion: number | undefined;
  /** How many lines have left the server, whole. What was written waits while the watch is frozen or slowed. */
  readonly sentLines: number;
  readonly frozen: boolean;
}

// Measured at kube-apiserver 1.36.2: 1 to 2 s before the timeout, and none in a watch of 5 s.
const LAST_BOOKMARK_BEFORE_END_MS = 1_500;
const SHORTEST_WITH_LAST_BOOKMARK_MS = 10_000;

/** [I/O] One watch on its socket: writes lines, bookmarks in their time, and a clean end when its time is over. */
export class WatchStream implements OpenWatch {
  readonly id: number;
  readonly url: string;
  readonly request: ApiRequest;
  readonly openedAtMs: number;
  readonly beginning: WatchBeginning;
  lastVersion: number | undefined;
  readonly #response: ServerResponse;
  readonly #output: ShapedOutput;
  readonly #clock: Clock;
  readonly #currentVersion: () => number;
  readonly #cancels = new Set<() => void>();

  constructor(options: {
    readonly id: number;
    readonly url: string;
    readonly request: ApiRequest;
    readonly beginning: WatchBeginning;
    readonly response: ServerResponse;
    readonly clock: Clock;
    readonly shape: OutputShape | undefined;
    readonly timing: WatchTiming;
    readonly currentVersion: () => number;
  }) {
    this.id = options.id;
    this.url = options.url;
    this.request = options.request;
    this.beginning = options.beginning;
    this.#response = options.response;
    this.#clock = options.clock;
    this.#currentVersion = options.currentVersion;
    this.openedAtMs = options.clock.now();
    this.#output = new ShapedOutput(options.response, options.clock, options.shape);
    this.#arm(options.timing);
  }

  get frozen(): boolean {
    return this.#output.frozen;
  }

  get sentLines(): number {
    return this.#output.sentLines;
  }

  /** Writes one complete line. `version` is the resourceVersion that a client takes from it. */
  writeLine(line: Buffer, version?: number): void {
    if (version !== undefined) this.lastVersion = version;
    this.#output.write(line);
  }

  /** Writes a bookmark; default: of the current resourceVersion. */
  writeBookmark(endOfInitialEvents = false, version = this.#currentVersion()): void {
    this.writeLine(bookmarkLine(this.request.source, version, endOfInitialEvents), version);
  }

  /** Ends the answer cleanly, as at a timeout. */
  end(): void {
    this.#cancelTimers();
    this.#output.end();
  }

  /** Cuts the connection with a TCP RST: the client sees ECONNRESET. */
  reset(): void {
    this.#response.socket?.resetAndDestroy();
    this.dispose();
  }

  /** Closes the connection without the end of the chunked body, as a dying proxy does. */
  abort(): void {
    this.#response.socket?.end();
    this.dispose();
  }

  freeze(): void {
    this.#output.freeze();
  }

  thaw(): void {
    this.#output.thaw();
  }

  /** Stops all timers; the socket is somebody else's. */
  dispose(): void {
    this.#cancelTimers();
    this.#output.dispose();
  }

  #arm(timing: WatchTiming): void {
    const timeoutMs = this.request.timeoutMs ?? timing.defaultTimeoutMs;
    const endMs = this.openedAtMs + timeoutMs;
    if (this.request.bookmarks) {
      this.#armBookmark(this.openedAtMs + timing.bookmarkEveryMs, endMs, timing.bookmarkEveryMs);
      if (timeoutMs >= SHORTEST_WITH_LAST_BOOKMARK_MS) {
        this.#at(endMs - LAST_BOOKMARK_BEFORE_END_MS, () => this.writeBookmark());
      }
    }
    this.#at(endMs, () => this.end());
  }

  #armBookmark(atMs: number, endMs: number, everyMs: number): void {
    if (atMs >= endMs) return;
    this.#at(atMs, () => {
      this.#armBookmark(atMs + everyMs, endMs, everyMs);
      this.writeBookmark();
    });
  }

  #at(atMs: number, callback: () => void): void {
    const cancel = this.#clock.at(atMs, () => {
      this.#cancels.delete(cancel);
      callback();
    });
    this.#cancels.add(cancel);
  }

  #cancelTimers(): void {
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }
}
