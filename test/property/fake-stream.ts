import type { Random } from "../../src/runtime/random.ts";
import type { ModelServer, SliceJson } from "./model-server.ts";

/** Where the client is after all bytes up to an offset: which version it has been told. */
interface Mark {
  readonly endOffset: number;
  readonly version: number;
}

/** Where a watch begins. */
interface StreamStart {
  readonly server: ModelServer;
  readonly random: Random;
  readonly matches: (slice: SliceJson) => boolean;
  readonly version: number;
  /** The state at `version` is told first, and its end with a bookmark. */
  readonly initialEvents: boolean;
  /** A version was told completely. */
  readonly onTold: (version: number) => void;
}

/** One watch: lines are written as late as possible, and go out in chunks that care for nothing, characters neither. */
export class FakeStream implements AsyncIterable<readonly Buffer[]> {
  readonly #start: StreamStart;
  #version: number;
  #written = Buffer.alloc(0);
  #writtenTo = 0;
  #sentTo = 0;
  #marks: Mark[] = [];
  #batches: (readonly Buffer[])[] = [];
  #reader: PromiseWithResolvers<IteratorResult<readonly Buffer[]>> | undefined;
  #end: { readonly error: Error | undefined } | undefined;

  constructor(start: StreamStart) {
    this.#start = start;
    this.#version = start.version;
    if (start.initialEvents) this.#writeInitialEvents();
  }

  /** The client waits for bytes. */
  get isRead(): boolean {
    return this.#reader !== undefined;
  }

  get isOpen(): boolean {
    return this.#end === undefined;
  }

  /** Everything up to now has been sent. */
  get isDrained(): boolean {
    return this.#version === this.#start.server.version && this.#sentTo === this.#writtenTo;
  }

  /** Sends a share of what is to be told, from 0 (nothing) to 1 (all). */
  send(share: number): void {
    this.#writeEvents();
    const count = Math.ceil(this.#written.length * share);
    const part = this.#written.subarray(0, count);
    this.#written = this.#written.subarray(count);
    this.#sentTo += count;
    const chunks = this.#cut(part);
    if (this.#start.random() < 0.5) this.#push(chunks);
    else for (const chunk of chunks) this.#push([chunk]);
    while (this.#marks[0] && this.#marks[0].endOffset <= this.#sentTo) {
      const mark = this.#marks.shift();
      if (mark) this.#start.onTold(mark.version);
    }
  }

  bookmark(): void {
    this.#writeEvents();
    this.#writeLine({ type: "BOOKMARK", object: bookmark(this.#version) }, this.#version);
  }

  /** Any line, as it is. */
  write(line: string): void {
    this.#writeEvents();
    this.#append(Buffer.from(`${line}\n`));
  }

  /** No more bytes: a clean end, or an error of the connection. What was written and not sent is lost. */
  end(error?: Error): void {
    this.#end ??= { error };
    const reader = this.#reader;
    this.#reader = undefined;
    if (error) reader?.reject(error);
    else reader?.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): AsyncIterator<readonly Buffer[]> {
    return {
      next: () => {
        const batch = this.#batches.shift();
        if (batch) return Promise.resolve({ done: false, value: batch });
        if (this.#end?.error) return Promise.reject(this.#end.error);
        if (this.#end) return Promise.resolve({ done: true, value: undefined });
        this.#reader = Promise.withResolvers();
        return this.#reader.promise;
      },
      return: () => {
        this.end();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  #writeInitialEvents(): void {
    const slices = this.#start.server.at(this.#version);
    for (const key of [...slices.keys()].sort()) {
      const object = slices.get(key);
      if (object && this.#start.matches(object)) this.#writeLine({ type: "ADDED", object });
    }
    const annotations = { "k8s.io/initial-events-end": "true" };
    this.#writeLine({ type: "BOOKMARK", object: bookmark(this.#version, annotations) }, this.#version);
  }

  #writeEvents(): void {
    const { server, matches } = this.#start;
    for (const { type, object, version } of server.eventsAfter(this.#version, matches)) {
      this.#writeLine({ type, object }, version);
    }
    this.#version = server.version;
  }

  #writeLine(event: object, version?: number): void {
    this.#append(Buffer.from(`${JSON.stringify(event)}\n`));
    if (version !== undefined) this.#marks.push({ endOffset: this.#writtenTo, version });
  }

  #append(bytes: Buffer): void {
    this.#written = Buffer.concat([this.#written, bytes]);
    this.#writtenTo += bytes.length;
  }

  #push(batch: readonly Buffer[]): void {
    if (batch.length === 0) return;
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader) reader.resolve({ done: false, value: batch });
    else this.#batches.push(batch);
  }

  /** Whole, in pieces of any size, or cut within a character. */
  #cut(bytes: Buffer): Buffer[] {
    if (bytes.length === 0) return [];
    const { random } = this.#start;
    const cuts = new Set([0, bytes.length]);
    const style = random();
    if (style < 0.4) for (let i = 0; i < 4; i++) cuts.add(Math.floor(random() * bytes.length));
    else if (style < 0.6) {
      const inCharacter = bytes.findIndex((byte) => byte >= 0x80 && byte < 0xc0);
      if (inCharacter > 0) cuts.add(inCharacter);
    }
    const places = [...cuts].sort((a, b) => a - b);
    return places.slice(1).map((end, i) => bytes.subarray(places[i], end));
  }
}

function bookmark(version: number, annotations?: Readonly<Record<string, string>>): object {
  return {
    kind: "EndpointSlice",
    apiVersion: "discovery.k8s.io/v1",
    metadata: { resourceVersion: String(version), ...(annotations && { annotations }) },
    addressType: "",
    endpoints: null,
    ports: null,
  };
}
