interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly key: string;
}

/**
 * The deadline of each key, with the earliest at hand, equal ones in the order they were set: a binary heap in which outdated entries are
 * dropped when they come up. Setting costs O(log n), whatever the number of keys.
 */
export class Deadlines {
  readonly #current = new Map<string, number>();
  readonly #heap: Entry[] = [];
  #order = 0;

  /** Sets, moves or (with `undefined`) removes the deadline of a key. */
  set(key: string, atMs: number | undefined): void {
    if (this.#current.get(key) === atMs) return;
    if (atMs === undefined) {
      this.#current.delete(key);
      return;
    }
    this.#current.set(key, atMs);
    this.#push({ atMs, order: this.#order++, key });
  }

  /** True when the key has a deadline. */
  has(key: string): boolean {
    return this.#current.has(key);
  }

  /** All that have a deadline. */
  keys(): readonly string[] {
    return [...this.#current.keys()];
  }

  /** The earliest deadline, in epoch milliseconds. */
  nextMs(): number | undefined {
    return this.#top()?.atMs;
  }

  /** Removes and returns the key with the earliest deadline, when that is not after `nowMs`. */
  takeDue(nowMs: number): { readonly atMs: number; readonly key: string } | undefined {
    const top = this.#top();
    if (!top || top.atMs > nowMs) return undefined;
    this.#current.delete(top.key);
    this.#pop();
    return top;
  }

  #top(): Entry | undefined {
    for (;;) {
      const top = this.#heap[0];
      if (!top || this.#current.get(top.key) === top.atMs) return top;
      this.#pop();
    }
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (!parent || !isBefore(entry, parent)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      const left = heap[below];
      if (!left) break;
      const right = heap[below + 1];
      let child = left;
      if (right && isBefore(right, left)) {
        child = right;
        below++;
      }
      if (!isBefore(child, last)) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = last;
  }
}

// Equal times in the order they were set: first come, first served.
function isBefore(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
