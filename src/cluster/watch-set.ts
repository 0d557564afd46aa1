import type { Reflector } from "./reflector.ts";
import type { Scope } from "./watch-plan.ts";

interface Watched {
  readonly scope: Scope;
  readonly reflector: Reflector;
}

/**
 * The running list+watch loops of a watch plan. A new plan starts what it adds and ends what it no longer needs;
 * watches that stay are not touched, so nothing is listed again.
 */
export class WatchSet {
  readonly #start: (scope: Scope) => Reflector;
  readonly #watched = new Map<string, Watched>();

  constructor(start: (scope: Scope) => Reflector) {
    this.#start = start;
  }

  /**
   * Other Services may be wanted than before. Watches of single Services have left nothing out; those of all Services have
   * dropped what nobody wanted, and list again.
   */
  relistWide(): void {
    for (const { scope, reflector } of this.#watched.values()) {
      if (scope.services === undefined) reflector.relist();
    }
  }

  /** Follows a new plan. Resolves when watches that are no longer needed have ended; those that are run at once. */
  async follow(plan: readonly Scope[]): Promise<void> {
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
