import type { ObjectRecord } from "../cluster/decode-record.ts";
import type { ObjectEvent } from "../cluster/object-intake.ts";
import { type ObjectScope, objectScopeCovers } from "../cluster/object-plan.ts";
import type { Slice, Source } from "../cluster/slice.ts";
import type { Scope } from "../cluster/watch-plan.ts";
import type { Pipeline, Plan } from "../pipeline.ts";
import { shows, SliceTruth, type SliceWrite } from "./slice-truth.ts";

/** One write of a Pod, a workload or a Namespace, as every watch that covers it would show it. */
export type ObjectWrite = Exclude<ObjectEvent, { readonly kind: "listed" }>;

/** Who is told what is written: nobody while Ringbell does not run or the API server is silent. */
export interface Watcher {
  readonly pipeline: Pipeline;
  readonly plan: Plan;
}

/** Takes the place of an API server and of the watches of it: knows what is, and shows each watch what it covers. */
export class StandInApi {
  readonly #slices = new SliceTruth();
  readonly #objects = new Map<string, ObjectRecord>();

  writeSlice(source: Source, write: SliceWrite, watcher: Watcher | undefined): void {
    const before = this.#slices.write(source, write);
    if (!watcher) return;
    const { pipeline, plan } = watcher;
    for (const scope of plan.scopes) {
      if (scope.source !== source) continue;
      const wasShown = before !== undefined && isTakenIn(pipeline, scope, before);
      if (write.kind === "changed" && isTakenIn(pipeline, scope, write.slice)) pipeline.onEvent(scope, write);
      // A slice that a selector does not find any more is as good as deleted for its watch.
      else if (wasShown) pipeline.onEvent(scope, { kind: "deleted", key: before.key });
    }
  }

  writeObject(write: ObjectWrite, watcher: Watcher | undefined): void {
    const object = write.kind === "changed" ? write.object : write.last;
    const id = `${object.kind} ${object.key}`;
    if (write.kind === "changed") this.#objects.set(id, object);
    else this.#objects.delete(id);
    for (const scope of watcher?.plan.objects ?? [])
      if (objectScopeCovers(scope, object)) watcher?.pipeline.onObjects(scope, write);
  }

  /** Shows every watch its complete list: Pods before the rings that they are in. */
  list({ pipeline, plan }: Watcher): void {
    for (const scope of plan.objects) {
      pipeline.onObjects(scope, { kind: "listed", objects: this.#listObjects(scope) });
      pipeline.onBatchEnd();
    }
    for (const scope of plan.scopes) {
      const slices = this.#slices.list(scope).filter((slice) => isTakenIn(pipeline, scope, slice));
      pipeline.onEvent(scope, { kind: "listed", slices });
      pipeline.onBatchEnd();
    }
  }

  #listObjects(scope: ObjectScope): readonly ObjectRecord[] {
    return [...this.#objects.values()].filter((object) => objectScopeCovers(scope, object));
  }
}

/** A watch leaves out what no rule looks at. */
function isTakenIn(pipeline: Pipeline, scope: Scope, slice: Slice): boolean {
  const { namespace, service } = slice;
  return service !== undefined && shows(scope, slice) && pipeline.mayWant(scope.source, namespace, service);
}
