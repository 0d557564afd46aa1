import type { Clock } from "../runtime/clock.ts";
import type { ModelStep } from "./cluster-model.ts";
import type { ObjectStore } from "./object-store.ts";
import type { TimedEvent } from "./recording.ts";

/** Writes one step into a store, in order. */
export function applyStep(store: ObjectStore, step: ModelStep): void {
  for (const change of step.changes) {
    if ("put" in change) store.put(change.put);
    else store.delete(change.remove.source, change.remove.namespace, change.remove.name);
  }
}

/** Writes one recorded event into a store as it is; bookmarks only raise the resourceVersion, errors are left out. */
export function applyEvent(store: ObjectStore, event: TimedEvent): void {
  if (event.type === "BOOKMARK") store.advanceTo(Number(event.object.metadata.resourceVersion));
  else if (event.type !== "ERROR") store.append({ type: event.type, object: event.object });
}

/** [I/O] Plays steps on a clock, the first ones (`afterMs` 0) at once. Returns the function that stops the play. */
export function playSteps(clock: Clock, store: ObjectStore, steps: readonly ModelStep[]): () => void {
  return play(
    clock,
    steps.map((step) => ({ atMs: step.afterMs, run: () => applyStep(store, step) })),
  );
}

/** [I/O] Plays recorded events on a clock, `speed` times as fast as they came. Returns the function that stops it. */
export function playEvents(
  clock: Clock,
  store: ObjectStore,
  events: readonly TimedEvent[],
  speed = 1,
): () => void {
  return play(
    clock,
    events.map((event) => ({ atMs: event.atMs / speed, run: () => applyEvent(store, event) })),
  );
}

interface Cue {
  readonly atMs: number;
  readonly run: () => void;
}

/** One timer at a time, so that cues of the same moment keep their order. */
function play(clock: Clock, cues: readonly Cue[]): () => void {
  const startMs = clock.now();
  let cancel = (): void => undefined;
  let next = 0;
  const advance = (): void => {
    for (let cue = cues[next]; cue; cue = cues[next]) {
      if (startMs + cue.atMs > clock.now()) {
        cancel = clock.at(startMs + cue.atMs, advance);
        return;
      }
      next += 1;
      cue.run();
    }
  };
  advance();
  return () => cancel();
}
