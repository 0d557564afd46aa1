import type { ObjectEvent } from "../cluster/object-intake.ts";
import type { SliceEvent } from "../cluster/slice.ts";
import type { Scope, WatchScope } from "../cluster/watch-plan.ts";

/**
 * The first line of a recording. A recording is JSON lines: this one, then a line for each event in the order it came, then a
 * last one that says that it is whole. Events are in Ringbell's own form (`Slice` and the records of other objects), not the API's:
 * smaller, and without what nobody needs to judge a ring (ports, managed fields, annotations). Readers leave out what they do not know.
 */
export interface RecordingHeader {
  readonly ringbellRecording: 1;
  /** Ringbell's version. */
  readonly version: string;
  /** RFC 3339. All other times count from here. */
  readonly startedAt: string;
  /** Present when names and addresses are stand-ins. */
  readonly anonymized?: true;
  /** What was watched; events name a scope by its index here. */
  readonly scopes: readonly WatchScope[];
}

/** What a watch said, or that it showed no life since `sinceMs` (milliseconds from the start of the recording). */
export type RecordedEvent =
  | SliceEvent
  | ObjectEvent
  | { readonly kind: "blind"; readonly sinceMs: number; readonly why?: string };

/** One event. */
export interface EventLine {
  /** Milliseconds from the start of the recording. Never falls. */
  readonly t: number;
  /** The scope's index. */
  readonly s: number;
  readonly event: RecordedEvent;
}

/** The last line: without it the recording was cut off. */
export interface EndLine {
  readonly t: number;
  readonly end: { readonly events: number };
}

/** True for a scope of slices. */
export function isSliceScope(scope: WatchScope): scope is Scope {
  return "source" in scope;
}
