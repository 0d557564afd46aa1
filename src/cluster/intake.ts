import type { WatchLine } from "./decode-event.ts";

/** One change, as a line of a watch tells it. */
export type Change = Extract<WatchLine, { readonly object: unknown }>;

/**
 * What a change comes to: an event to hand over, nothing that anybody wants to know, or damage, by which something was lost.
 */
export type Taken<Event> =
  | { readonly kind: "event"; readonly event: Event }
  | { readonly kind: "nothing" }
  | { readonly kind: "damaged"; readonly issue: string };

/** Knows the objects of a scope as last handed over, and turns what a watch says into events about them. */
export interface Intake<Item, Event> {
  /** Lines and objects that could not be read. */
  readonly undecodable: number;
  /** Whether a streamed list is being collected. */
  readonly collects: boolean;
  startCollecting(): void;
  /** What was collected. */
  stopCollecting(): readonly Item[];
  /** What is wanted may be other than before. */
  forgetWants(): void;
  /** The resourceVersion of a line that need not be parsed, as nobody wants what it says; undefined for all others. */
  skip(line: Buffer): string | undefined;
  /** Takes in a line about an object that is known, where it need not be parsed for that; undefined for all others. */
  reread?(line: Buffer): { readonly taken: Taken<Event>; readonly resourceVersion: string } | undefined;
  /** A complete list takes the place of all that is known. */
  replace(items: readonly Item[]): void;
  /** Objects of a list that could not be read. */
  leaveOut(issues: readonly string[]): void;
  take(change: Change): Taken<Event>;
  /** Counts what could not be read. */
  damaged(issue: string): { readonly kind: "damaged"; readonly issue: string };
}

/** Reads the objects of one list, as they come. */
export interface Listing<Item> {
  /** Returns why an object is left out; undefined when it was read, wanted or not. */
  take(object: unknown): string | undefined;
  items(): readonly Item[];
}

/** All that a list+watch loop has to know about the kind of objects that it is about. */
export interface IntakeStrategy<Item, Event> {
  readonly intake: Intake<Item, Event>;
  readonly startListing: () => Listing<Item>;
  readonly listed: (items: readonly Item[]) => Event;
}
