import type { Source } from "./slice.ts";
import { type Scope, scopeCovers } from "./watch-plan.ts";

/** A watch that is open again says what was missed at once; so long it gets for that, in milliseconds. */
const CATCH_UP_MS = 1_000;

/**
 * Which scopes have been listed, which are blind, and whose watch is known to be down: about the rings of these two nothing can be
 * said, since what is known of them may be stale.
 */
export class ScopeSight {
  readonly #blind = new Map<string, Scope>();
  /** By the time at which it will have caught up; `Infinity` while the watch is down. */
  readonly #down = new Map<string, { readonly scope: Scope; readonly untilMs: number }>();
  readonly #listed = new Set<string>();
  #isSighted = false;

  /** A scope has been listed. */
  list(scope: Scope): void {
    this.#listed.add(scope.id);
    const wasBlind = this.#blind.delete(scope.id);
    const wasDown = this.#down.delete(scope.id);
    if (wasBlind || wasDown) this.#isSighted = true;
  }

  /** The watch of a scope has failed and is not open. */
  down(scope: Scope): void {
    this.#down.set(scope.id, { scope, untilMs: Infinity });
  }

  /** It is open again, and goes on where it was. */
  up(scope: Scope, nowMs: number): void {
    const isDown = this.#down.get(scope.id)?.untilMs === Infinity;
    if (isDown) this.#down.set(scope.id, { scope, untilMs: nowMs + CATCH_UP_MS });
  }

  /** True when something may be said now that could not be said at the last call. */
  takeSight(nowMs: number): boolean {
    const before = this.#down.size;
    if (before > 0) {
      for (const [id, { untilMs }] of this.#down) {
        // Further away than it ever was: the clock was set back.
        const isSetBack = Number.isFinite(untilMs) && nowMs < untilMs - CATCH_UP_MS;
        if (nowMs >= untilMs || isSetBack) this.#down.delete(id);
      }
    }
    const isSighted = this.#isSighted || this.#down.size < before;
    this.#isSighted = false;
    return isSighted;
  }

  /** When to call `takeSight`, in epoch milliseconds. */
  catchUpMs(): number | undefined {
    if (this.#down.size === 0) return undefined;
    const untilMs = Math.min(...this.#down.values().map((each) => each.untilMs));
    return Number.isFinite(untilMs) ? untilMs : undefined;
  }

  lose(scope: Scope): void {
    this.#blind.set(scope.id, scope);
  }

  /** False while what is known of a Service may be stale. */
  sees(source: Source, namespace: string, service: string): boolean {
    if (this.#blind.size === 0 && this.#down.size === 0) return true;
    const covers = (scope: Scope): boolean =>
      scope.source === source && scopeCovers(scope, namespace, service);
    return !this.#blind.values().some(covers) && !this.#down.values().some(({ scope }) => covers(scope));
  }

  /** Goes on with another plan. Returns the scopes whose lists show what other rules want as well. */
  follow(plan: readonly Scope[]): readonly Scope[] {
    const ids = new Set(plan.map((scope) => scope.id));
    for (const id of this.#blind.keys()) if (!ids.has(id)) this.#blind.delete(id);
    for (const id of this.#down.keys()) if (!ids.has(id)) this.#down.delete(id);
    // A watch of all Services has dropped what no rule wanted: only its next list shows who is absent.
    const listed = plan.filter((scope) => scope.services !== undefined && this.#listed.has(scope.id));
    this.#listed.clear();
    for (const scope of listed) this.#listed.add(scope.id);
    return listed;
  }
}
