import type { WatchScope } from "../cluster/watch-plan.ts";
import type { EndLine, EventLine, RecordedEvent, RecordingHeader } from "./recording-format.ts";

/** What a recorder writes with. */
export interface RecorderOptions {
  readonly version: string;
  readonly startedAtMs: number;
  readonly scopes: readonly WatchScope[];
  /** Takes one line with its line break. */
  readonly write: (line: string) => void;
  /** Takes the place of names by stand-ins, in the header as in events. */
  readonly disguise?: <T>(value: T) => T;
}

/** Writes a recording, line by line. Knows no files and no clock. */
export class Recorder {
  readonly #options: RecorderOptions;
  #events = 0;
  #bytes = 0;
  #lastMs = 0;

  /** Writes the header. */
  constructor(options: RecorderOptions) {
    this.#options = options;
    const { version, startedAtMs, scopes, disguise } = options;
    const header: RecordingHeader = {
      ringbellRecording: 1,
      version,
      startedAt: new Date(startedAtMs).toISOString(),
      ...(disguise && { anonymized: true as const }),
      scopes: disguise ? scopes.map(disguise) : scopes,
    };
    this.#write(header);
  }

  get events(): number {
    return this.#events;
  }

  /** Written so far, before any compression. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Writes what a scope's watch said at `nowMs` (epoch milliseconds). Times within the event are from the start of the recording. */
  event(scopeIndex: number, event: RecordedEvent, nowMs: number): void {
    const { disguise } = this.#options;
    this.#events++;
    this.#write({ t: this.#since(nowMs), s: scopeIndex, event: disguise ? disguise(event) : event });
  }

  /** Writes the last line. */
  end(nowMs: number): void {
    this.#write({ t: this.#since(nowMs), end: { events: this.#events } });
  }

  // A clock that is set back must not turn the order around.
  #since(nowMs: number): number {
    this.#lastMs = Math.max(this.#lastMs, nowMs - this.#options.startedAtMs);
    return this.#lastMs;
  }

  #write(line: RecordingHeader | EventLine | EndLine): void {
    const text = `${JSON.stringify(line)}\n`;
    this.#bytes += Buffer.byteLength(text);
    this.#options.write(text);
  }
}
