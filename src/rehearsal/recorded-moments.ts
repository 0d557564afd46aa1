import type { ObjectRecord } from "../cluster/decode-record.ts";
import type { ObjectEvent } from "../cluster/object-intake.ts";
import type { Slice, SliceEvent, Source } from "../cluster/slice.ts";
import type { WatchScope } from "../cluster/watch-plan.ts";
import { isSliceScope } from "./recording-format.ts";
import { eventLine, isEnd, lines, tryParsed, unreadable } from "./recording-lines.ts";
import { restoreSlice } from "./restore-slice.ts";
import type { SliceWrite } from "./slice-truth.ts";
import type { ObjectWrite } from "./stand-in-api.ts";

/** Something that happened, at a time in epoch milliseconds. */
export type Moment = { readonly atMs: number } & (
  | { readonly kind: "writes"; readonly source: Source; readonly writes: readonly SliceWrite[] }
  | { readonly kind: "objects"; readonly writes: readonly ObjectWrite[] }
  /** No watch shows life from here on. */
  | { readonly kind: "silent" }
  | { readonly kind: "heard" }
);

/** What a recording of `ringbell record` tells, in its order. Throws `RecordingError` at a line that cannot be read. */
export function* recordedMoments(
  path: string,
  bytes: Buffer,
  scopes: readonly WatchScope[],
  originMs: number,
): Iterable<Moment> {
  const known = scopes.map(() => new Map<string, Slice | ObjectRecord>());
  const blind = new Map<number, number>();
  let isSilent = false;
  let number = 0;
  for (const line of lines(bytes)) {
    number++;
    if (number === 1) continue;
    const read = tryParsed(line);
    // Cut off in the middle of the last line: `warnings` says so.
    if (read === undefined && line.byteOffset + line.length === bytes.byteOffset + bytes.length) return;
    if (isEnd(read)) continue;
    const { t, s, event } = eventLine(path, number, read);
    const scope = scopes[s];
    const last = known[s];
    if (!scope || !last) throw unreadable(path, number, `there is no scope ${s}`);
    const atMs = originMs + t;
    if (event.kind === "blind") {
      blind.set(s, originMs + event.sinceMs);
      // The silence of one watch of several cannot be played: the others would fall silent with it.
      if (blind.size < scopes.length || isSilent) continue;
      isSilent = true;
      yield { kind: "silent", atMs: Math.min(atMs, Math.max(...blind.values())) };
      continue;
    }
    if (isSliceScope(scope)) {
      const writes = sliceWrites(event as SliceEvent, last as Known<Slice>);
      if (writes.length > 0) yield { kind: "writes", atMs, source: scope.source, writes };
    } else {
      const writes = objectWrites(event as ObjectEvent, last as Known<ObjectRecord>);
      if (writes.length > 0) yield { kind: "objects", atMs, writes };
    }
    if (event.kind !== "listed") continue;
    blind.delete(s);
    if (isSilent) yield { kind: "heard", atMs };
    isSilent = false;
  }
}

/** What came at the same time was decided together: two slices of one ring, say, or a Pod and what follows from it. */
export function* together(apart: Iterable<Moment>): Iterable<Moment> {
  let held: Moment | undefined;
  for (const moment of apart) {
    if (held && takesIn(held, moment)) continue;
    if (held) yield held;
    held = "writes" in moment ? ({ ...moment, writes: [...moment.writes] } as Moment) : moment;
  }
  if (held) yield held;
}

/** Adds the writes of the next moment to those of one whose list is its own, if both are of one time and kind. */
function takesIn(held: Moment, next: Moment): boolean {
  if (held.atMs !== next.atMs || held.kind !== next.kind || !("writes" in held && "writes" in next))
    return false;
  if (held.kind === "writes" && next.kind === "writes" && held.source !== next.source) return false;
  (held.writes as unknown[]).push(...next.writes);
  return true;
}

type Known<Item> = Map<string, Item>;

/** A list also says what is gone. */
function sliceWrites(event: SliceEvent, known: Known<Slice>): SliceWrite[] {
  const restored = (read: Slice): Slice => {
    const slice = restoreSlice(read, known.get(read.key));
    known.set(slice.key, slice);
    return slice;
  };
  if (event.kind === "changed") return [{ kind: "changed", slice: restored(event.slice) }];
  if (event.kind === "deleted") {
    known.delete(event.key);
    return [event];
  }
  const listed = new Set(event.slices.map(({ key }) => key));
  const gone = [...known.keys()].filter((key) => !listed.has(key));
  for (const key of gone) known.delete(key);
  return [
    ...gone.map((key): SliceWrite => ({ kind: "deleted", key })),
    ...event.slices.map((read): SliceWrite => ({ kind: "changed", slice: restored(read) })),
  ];
}

function objectWrites(event: ObjectEvent, known: Known<ObjectRecord>): ObjectWrite[] {
  if (event.kind !== "listed") {
    if (event.kind === "changed") known.set(event.object.key, event.object);
    else known.delete(event.key);
    return [event];
  }
  const listed = new Set(event.objects.map(({ key }) => key));
  const gone = [...known].flatMap(([key, last]): ObjectWrite[] =>
    listed.has(key) ? [] : [{ kind: "deleted", key, last }],
  );
  known.clear();
  for (const object of event.objects) known.set(object.key, object);
  return [...gone, ...event.objects.map((object): ObjectWrite => ({ kind: "changed", object }))];
}
