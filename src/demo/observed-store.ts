import type { Delivery } from "../outbox/delivery.ts";
import type { Commit, Store, Stored } from "../state/store.ts";

/** A store that also tells of each transaction, once it is written: all that Ringbell decides passes here. */
export class ObservedStore implements Store {
  readonly #store: Store;
  readonly #onCommit: (commit: Commit) => void;

  constructor(store: Store, onCommit: (commit: Commit) => void) {
    this.#store = store;
    this.#onCommit = onCommit;
  }

  load(): Stored {
    return this.#store.load();
  }

  commit(commit: Commit): readonly Delivery[] {
    const accepted = this.#store.commit(commit);
    this.#onCommit(commit);
    return accepted;
  }

  close(): void {
    this.#store.close();
  }
}
