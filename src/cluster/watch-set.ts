import type { Reflector } from "./reflector.ts";
import type { Scope, WatchScope } from "./watch-plan.ts";

interface Watched<S> {
  readonly scope: S;
  readonly reflector: Reflector;
}

/**
 * The running list+watch loops of a watch plan. A new plan starts what it adds and ends what it no longer needs;
 * watches that stay are not touched, so nothing is listed again.
 */
export class WatchSet<S extends WatchScope = Scope> {
  readonly #start: (scope: S) => Reflector;
  readonly #watched = new Map<string, Watched<S>>();

  constructor(start: (scope: S) => Reflector) {
    this.#start = start;
  }

  /**
   * Other Services may be wanted than before. Watches of single Services have left nothing out; those of all Services have
   * dropped what nobody wanted, and list again. Those of other objects drop nothing.
   */
  relistWide(): void {
    for (const { scope, reflector } of this.#watched.values()) {
      if ("source" in scope && scope.services === undefined) reflector.relist();
    }
  }

  /** Follows a new plan. Resolves when watches that are no longer needed have ended; those that are run at once. */
  async follow(plan: readonly S[]): Promise<void> {
    const wanted = new Set(plan.map((scope) => scope.id));
    const ending = [...this.#watched.values()].filter(({ scope }) => !wanted.has(scope.id));
    for (const { scope } of ending) this.#watched.delete(scope.id);
    for (const scope of plan) {
      if (!this.#watched.has(scope.id)) this.#watched.set(scope.id, { scope, reflector: this.#start(scope) });
    }
    await Promise.all(ending.map(({ reflector }) => reflector.stop()));
  }

  /** Ends all watches. */
  async stop(): Promise<void> {
    await this.follow([]);
  }

  get reflectors(): readonly Reflector[] {
    return [...this.#watched.values()].map(({ reflector }) => reflector);
  }
}
