import type { Logger } from "../runtime/logger.ts";
import { type WatchLine } from "./decode-event.ts";
import { LineSieve, type Wants } from "./line-sieve.ts";
import { KnownSlices } from "./known-slices.ts";
import { decodeObject } from "./list-slices.ts";
import { objectKey } from "./object-fields.ts";
import { SliceRereader } from "./reread-slice.ts";
import type { Slice, SliceEvent } from "./slice.ts";
import type { Scope } from "./watch-plan.ts";
import { inOrderOfWriting, type Written } from "./write-order.ts";

/** What taking in a scope's slices needs. */
export interface SliceIntakeOptions {
  readonly scope: Scope;
  readonly logger: Logger;
  /** Undefined: all are wanted. */
  readonly wants: Wants | undefined;
}

/**
 * What a change in a watch comes to: an event to hand over, nothing that anybody wants, or damage, by which something
 * was lost.
 */
export type Taken =
  | { readonly kind: "event"; readonly event: SliceEvent }
  | { readonly kind: "nothing" }
  | { readonly kind: "damaged"; readonly issue: string };

type Change = Extract<WatchLine, { readonly object: unknown }>;

const NOTHING: Taken = { kind: "nothing" };

/**
 * Knows the slices of a scope as last handed over, and turns what a watch says into events about them. While a list is streamed
 * they are collected aside, until it is complete.
 */
export class SliceIntake {
  readonly #options: SliceIntakeOptions;
  readonly #sieve: LineSieve | undefined;
  readonly #known = new KnownSlices();
  readonly #rereader: SliceRereader | undefined;
  #collected: Map<string, Written> | undefined;
  #undecodable = 0;

  constructor(options: SliceIntakeOptions) {
    this.#options = options;
    const { wants, scope } = options;
    this.#sieve = wants && new LineSieve(scope.source, wants);
    this.#rereader = scope.source === "endpointslices" ? new SliceRereader(this.#known) : undefined;
  }

  /** Lines and objects that could not be read. */
  get undecodable(): number {
    return this.#undecodable;
  }

  /** Whether a streamed list is being collected. */
  get collects(): boolean {
    return this.#collected !== undefined;
  }

  /** Begins to collect a streamed list. */
  startCollecting(): void {
    this.#collected = new Map();
  }

  /** What was collected, in the order of its writing. */
  stopCollecting(): readonly Slice[] {
    const slices = inOrderOfWriting([...(this.#collected?.values() ?? [])]);
    this.#collected = undefined;
    return slices;
  }

  readonly previousSlice = (key: string): Slice | undefined => this.#known.get(key);

  /** Whether any rule looks at the slice's Service. */
  readonly keeps = (slice: Slice): boolean => {
    const { wants } = this.#options;
    if (wants === undefined) return true;
    if (slice.service === undefined) return false;
    // Only what is wanted is known.
    return this.#known.get(slice.key)?.service === slice.service || wants(slice.namespace, slice.service);
  };

  /** `wants` may give other answers from now on. */
  forgetWants(): void {
    this.#sieve?.forgetVerdicts();
  }

  /** The resourceVersion of a line that need not be parsed, as nobody wants what it says; undefined for all others. */
  skip(line: Buffer): string | undefined {
    return this.#sieve?.dropsLine(line) ? this.#sieve.versionOf(line) : undefined;
  }

  /** A complete list takes the place of all that is known. */
  replace(slices: readonly Slice[]): void {
    this.#known.replace(slices);
    if (this.#sieve) for (const slice of slices) this.#learn(slice);
  }

  /** Objects of a list that could not be read. */
  leaveOut(issues: readonly string[]): void {
    const { logger, scope } = this.#options;
    for (const issue of issues) {
      this.#undecodable++;
      logger.warn({ scope: scope.id, reason: issue }, "Object left out");
    }
  }

  /** Takes in a line about a slice that is known, where it need not be parsed for that. Undefined for all others. */
  reread(line: Buffer): { readonly taken: Taken; readonly resourceVersion: string } | undefined {
    // A list that is streamed is no news about what is known.
    const reread = this.#collected ? undefined : this.#rereader?.read(line);
    if (reread === undefined) return undefined;
    const { slice, resourceVersion } = reread;
    return { taken: { kind: "event", event: { kind: "changed", slice } }, resourceVersion };
  }

  take(change: Change): Taken {
    if (change.kind === "deleted") return this.#takeDeleted(change.object);
    const decoded = decodeObject(this.#options.scope.source, change.object, this.previousSlice);
    if (decoded.kind === "malformed") return this.damaged(decoded.issue);
    if (decoded.kind === "slice") return this.#takeSlice(decoded.slice, change.resourceVersion);
    if (change.kind === "added") this.leaveOut([decoded.issue]);
    else this.#undecodable++;
    return NOTHING;
  }

  /** Counts what could not be read. */
  damaged(issue: string): Taken & { readonly kind: "damaged" } {
    this.#undecodable++;
    return { kind: "damaged", issue };
  }

  #takeSlice(slice: Slice, version: string): Taken {
    // Its label may have named another Service before, which has lost it then.
    if (!this.keeps(slice)) return this.#remove(slice.key);
    this.#learn(slice);
    if (this.#collected) {
      this.#collected.set(slice.key, { slice, version });
      return NOTHING;
    }
    this.#known.set(slice);
    return { kind: "event", event: { kind: "changed", slice } };
  }

  #takeDeleted(object: unknown): Taken {
    const key = objectKey(object);
    if (key !== undefined) return this.#remove(key);
    return this.damaged("Cannot read watch event: DELETED without metadata.name or metadata.namespace");
  }

  #remove(key: string): Taken {
    if (this.#collected) {
      this.#collected.delete(key);
      return NOTHING;
    }
    const wasKnown = this.#known.delete(key);
    return wasKnown || this.#options.wants === undefined
      ? { kind: "event", event: { kind: "deleted", key } }
      : NOTHING;
  }

  #learn({ key, namespace }: Slice): void {
    this.#sieve?.learn(namespace, key.slice(namespace.length + 1));
  }
}
