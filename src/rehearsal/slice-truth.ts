import type { Slice, SliceEvent, Source } from "../cluster/slice.ts";
import { type Scope, scopeCovers } from "../cluster/watch-plan.ts";

/** One write of a slice, as every watch that covers it would show it. */
export type SliceWrite = Exclude<SliceEvent, { readonly kind: "listed" }>;

/** The slices that exist, as an API server would list them, whoever is watching. */
export class SliceTruth {
  readonly #slices: Readonly<Record<Source, Map<string, Slice>>> = {
    endpointslices: new Map(),
    endpoints: new Map(),
  };

  /** Takes in a write; returns the slice as it was before. */
  write(source: Source, write: SliceWrite): Slice | undefined {
    const slices = this.#slices[source];
    const key = write.kind === "changed" ? write.slice.key : write.key;
    const before = slices.get(key);
    if (write.kind === "changed") slices.set(key, write.slice);
    else slices.delete(key);
    return before;
  }

  /** A complete list of a scope. */
  list(scope: Scope): readonly Slice[] {
    return [...this.#slices[scope.source].values()].filter((slice) => shows(scope, slice));
  }
}

/** True when a watch of the scope shows this slice. */
export function shows(scope: Scope, { namespace, service }: Slice): boolean {
  return service === undefined ? scope.services === undefined : scopeCovers(scope, namespace, service);
}
