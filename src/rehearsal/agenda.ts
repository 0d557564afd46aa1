interface Entry {
  readonly atMs: number;
  readonly run: () => void;
}

/** What is going to happen, in order of time, then of entry. */
export class Agenda {
  readonly #entries: Entry[] = [];

  /** When the next thing happens, in epoch milliseconds; undefined when nothing more will. */
  get nextMs(): number | undefined {
    return this.#entries[0]?.atMs;
  }

  /** Enters what is to happen at a moment, behind all that is to happen in the same. */
  at(atMs: number, run: () => void): void {
    const index = this.#entries.findLastIndex((entry) => entry.atMs <= atMs);
    this.#entries.splice(index + 1, 0, { atMs, run });
  }

  /** Takes the next thing out and lets it happen. */
  runNext(): void {
    this.#entries.shift()?.run();
  }
}
