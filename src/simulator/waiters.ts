interface Waiter {
  readonly holds: () => boolean;
  readonly resolve: () => void;
}

/** Promises that resolve when something holds: tests wait for what happens, not for time. */
export class Waiters {
  readonly #waiters = new Set<Waiter>();

  /** Resolves as soon as `holds` returns true: now, or at a later `check`. */
  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.add({ holds, resolve });
      this.check();
    });
  }

  /** Looks at what is waited for. Call it after each change. */
  check(): void {
    for (const waiter of this.#waiters) {
      if (!waiter.holds()) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }
}
