import { renameSync, statSync } from "node:fs";
import { openSqliteStore } from "./sqlite-store.ts";
import { DamagedStateError } from "./sqlite-schema.ts";
import type { Store, Stored } from "./store.ts";

/** An open store, and what became of a file that could not be read. */
export interface OpenedState {
  readonly store: Store;
  /** Where the damaged file is kept now, and what is wrong with it. */
  readonly damage: { readonly setAside: string; readonly why: string } | undefined;
}

/** Beside the file itself: https://sqlite.org/tempfiles.html */
const COMPANIONS = ["", "-wal", "-shm"];

/**
 * Opens the stored state. A damaged file is set aside, under its name with `.damaged-` and the time, and the start goes on with a
 * new one. Throws `StateError` for what somebody else has to mend: a newer version, a lock, a directory that cannot be written.
 */
export function openState(path: string, nowMs: number, newStoreId: () => string): OpenedState {
  try {
    return { store: openAndRead(path, nowMs, newStoreId), damage: undefined };
  } catch (error) {
    if (!(error instanceof DamagedStateError)) throw error;
    const setAside = freeName(`${path}.damaged-${new Date(nowMs).toISOString().replaceAll(/[:.]/g, "-")}`);
    for (const suffix of COMPANIONS) {
      if (statSync(path + suffix, { throwIfNoEntry: false })) renameSync(path + suffix, setAside + suffix);
    }
    return { store: openSqliteStore(path, nowMs, newStoreId), damage: { setAside, why: error.why } };
  }
}

/** The name, or with the first number that makes it a new one: what was set aside before is kept. */
function freeName(name: string): string {
  let free = name;
  for (let number = 2; statSync(free, { throwIfNoEntry: false }); number++) free = `${name}-${number}`;
  return free;
}

/** Also reads it: what SQLite finds in order may still hold what cannot be understood. */
function openAndRead(path: string, nowMs: number, newStoreId: () => string): Store {
  const store = openSqliteStore(path, nowMs, newStoreId);
  let read: Stored | undefined;
  try {
    read = store.load();
  } catch (error) {
    store.close();
    throw error;
  }
  return {
    load() {
      const first = read ?? store.load();
      read = undefined;
      return first;
    },
    commit: (commit) => store.commit(commit),
    close: () => store.close(),
  };
}
