import type { SliceEvent, Source } from "../cluster/slice.ts";
import { type Scope, scopeCovers } from "../cluster/watch-plan.ts";
import { RingBook } from "./ring-book.ts";
import type { Ring } from "./ring.ts";

/** The books of both sources. */
export class RingBooks {
  readonly #books: Readonly<Record<Source, RingBook>> = {
    endpointslices: new RingBook("endpointslices"),
    endpoints: new RingBook("endpoints"),
  };

  of(source: Source): RingBook {
    return this.#books[source];
  }

  /** Takes in one event of a scope's watch. */
  apply(scope: Scope, event: SliceEvent, nowMs: number): void {
    this.#books[scope.source].apply(event, nowMs, (namespace, service) =>
      scopeCovers(scope, namespace, service),
    );
  }

  /** The rings that changed and can be read. */
  take(nowMs: number): readonly Ring[] {
    return Object.values(this.#books).flatMap((book) => book.take(nowMs));
  }

  /** The rings as last taken. */
  rings(): readonly Ring[] {
    return Object.values(this.#books).flatMap((book) => [...book.rings()]);
  }

  /** Forgets all Services that a new plan does not watch, without a word about them. */
  follow(plan: readonly Scope[]): void {
    for (const [source, book] of Object.entries(this.#books) as [Source, RingBook][]) {
      const scopes = plan.filter((scope) => scope.source === source);
      book.keepOnly((namespace, service) => scopes.some((scope) => scopeCovers(scope, namespace, service)));
    }
  }

  /** How many Services have slices. */
  get size(): number {
    return this.#books.endpointslices.size + this.#books.endpoints.size;
  }

  /** When to call `take` next, in epoch milliseconds; undefined when no ring waits. */
  nextDueMs(): number | undefined {
    const [one, other] = [this.#books.endpointslices.nextDueMs(), this.#books.endpoints.nextDueMs()];
    return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
  }
}
