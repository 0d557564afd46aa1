import { isDeepStrictEqual } from "node:util";

/** What is known of one object, or was until a while ago. */
export interface Known<R> {
  readonly record: R;
  /** As it was before its deletion was asked for; undefined when it was not seen so. */
  readonly alive: R | undefined;
  /** When the record last changed, in epoch milliseconds of our clock, as the others. */
  readonly changedAtMs: number;
  /** When it was first seen to be on its way out: its deletion asked for, or gone. */
  readonly leavingSinceMs: number | undefined;
  /** When it was gone. */
  readonly goneAtMs: number | undefined;
}

interface Shelved {
  readonly key: string;
  readonly uid: string | undefined;
}

/**
 * Objects of one kind by key, and those that are gone for as long as somebody may ask why. Each change costs the same, however
 * many there are.
 */
export class RecentShelf<R extends Shelved> {
  readonly #keepMs: number;
  readonly #isLeaving: (record: R) => boolean;
  readonly #present = new Map<string, Known<R>>();
  /** In the order of their going. */
  readonly #gone = new Map<string, Known<R>>();
  /** Keys of `#gone` by the key of the object, the latest last. */
  readonly #goneByKey = new Map<string, readonly string[]>();

  constructor(keepMs: number, isLeaving: (record: R) => boolean) {
    this.#keepMs = keepMs;
    this.#isLeaving = isLeaving;
  }

  /** Those that are there now. */
  keys(): IterableIterator<string> {
    return this.#present.keys();
  }

  /** The one that is there now. */
  present(key: string): Known<R> | undefined {
    return this.#present.get(key);
  }

  /** The one with this uid; without a uid the one that is there, else the last that was. */
  find(key: string, uid: string | undefined): Known<R> | undefined {
    const present = this.#present.get(key);
    if (present !== undefined && (uid === undefined || present.record.uid === uid)) return present;
    const gone = this.#goneByKey.get(key) ?? [];
    return this.#gone.get(uid === undefined ? (gone.at(-1) ?? "") : idOf(key, uid));
  }

  /** Takes in a record; one with another uid takes the place of the one before, which is gone then. */
  put(record: R, nowMs: number): void {
    const before = this.#present.get(record.key);
    if (before !== undefined && before.record.uid !== record.uid) this.remove(record.key, nowMs);
    const same = before?.record.uid === record.uid ? before : undefined;
    if (same !== undefined && isDeepStrictEqual(same.record, record)) return this.#expire(nowMs);
    const isLeaving = this.#isLeaving(record);
    this.#present.set(record.key, {
      record,
      alive: isLeaving ? same?.alive : record,
      changedAtMs: nowMs,
      leavingSinceMs: isLeaving ? (same?.leavingSinceMs ?? nowMs) : undefined,
      goneAtMs: undefined,
    });
    this.#expire(nowMs);
  }

  /** It is gone. `last`: as it was at its end; it may never have been seen before. */
  remove(key: string, nowMs: number, last?: R): void {
    const known = this.#present.get(key);
    if (last !== undefined && (known === undefined || known.record.uid === last.uid)) this.put(last, nowMs);
    const ended = this.#present.get(key);
    if (ended !== undefined) this.#shelve(ended, nowMs);
    this.#expire(nowMs);
  }

  /** Forgets all of an object, as if it had never been. */
  forget(key: string): void {
    this.#present.delete(key);
    for (const id of this.#goneByKey.get(key) ?? []) this.#gone.delete(id);
    this.#goneByKey.delete(key);
  }

  #shelve(known: Known<R>, nowMs: number): void {
    const { key, uid } = known.record;
    const id = idOf(key, uid);
    this.#present.delete(key);
    // Deleted first, so that it comes last.
    this.#gone.delete(id);
    this.#gone.set(id, { ...known, leavingSinceMs: known.leavingSinceMs ?? nowMs, goneAtMs: nowMs });
    const ids = (this.#goneByKey.get(key) ?? []).filter((other) => other !== id);
    this.#goneByKey.set(key, [...ids, id]);
  }

  #expire(nowMs: number): void {
    for (const [id, { record, goneAtMs = 0 }] of this.#gone) {
      if (nowMs - goneAtMs < this.#keepMs) return;
      this.#gone.delete(id);
      const ids = (this.#goneByKey.get(record.key) ?? []).filter((other) => other !== id);
      if (ids.length > 0) this.#goneByKey.set(record.key, ids);
      else this.#goneByKey.delete(record.key);
    }
  }
}

function idOf(key: string, uid: string | undefined): string {
  return `${key} ${uid ?? ""}`;
}
