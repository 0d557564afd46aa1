import type { DatabaseSync } from "node:sqlite";

/**
 * Steps from one version of the stored state to the next; the version is SQLite's `user_version`.
 * A step that was released is never changed: append another.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE alerts (rule TEXT, ring TEXT, json TEXT NOT NULL, PRIMARY KEY (rule, ring)) STRICT, WITHOUT ROWID;
  CREATE TABLE baselines (rule TEXT, ring TEXT, json TEXT NOT NULL, PRIMARY KEY (rule, ring)) STRICT, WITHOUT ROWID;
  CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    sequence INTEGER NOT NULL,
    destination TEXT NOT NULL,
    subject TEXT NOT NULL,
    notice TEXT NOT NULL,
    accepted_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    rounds INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    last_reason TEXT,
    state TEXT NOT NULL CHECK (state IN ('owed', 'delivered', 'dead')),
    detail TEXT,
    ended_at INTEGER
  ) STRICT;
  CREATE INDEX deliveries_owed ON deliveries (sequence) WHERE state = 'owed';
  CREATE INDEX deliveries_ended ON deliveries (ended_at) WHERE state <> 'owed';
  `,
  `
  CREATE TABLE silences (id TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE alert_groups (destination TEXT, key TEXT, json TEXT NOT NULL, PRIMARY KEY (destination, key)) STRICT, WITHOUT ROWID;
  CREATE TABLE group_members (
    destination TEXT, key TEXT, subject TEXT, json TEXT NOT NULL, PRIMARY KEY (destination, key, subject)
  ) STRICT, WITHOUT ROWID;
  `,
];

/** The version that this program writes. */
export const STATE_VERSION = MIGRATIONS.length;

/** The state cannot be used as it is; the message says what to do. */
export class StateError extends Error {
  override readonly name = "StateError";
}

/** The file holds what is no state, or no longer: `why` says what was found. */
export class DamagedStateError extends StateError {
  readonly why: string;

  constructor(path: string, why: string, options?: ErrorOptions) {
    super(`Cannot read state in ${path}: it is damaged (${why})`, options);
    this.why = why;
  }
}

/** Brings the stored state to `STATE_VERSION`, one transaction per step. Throws `StateError` for a newer one. */
export function migrate(db: DatabaseSync, path: string): void {
  const { user_version: version } = db.prepare("PRAGMA user_version").get() as { user_version: number };
  if (version > STATE_VERSION) {
    throw new StateError(
      `Cannot open state in ${path}: it has version ${version}, this Ringbell knows up to ${STATE_VERSION}; ` +
        "run the newer Ringbell again, or give this one another --data directory",
    );
  }
  for (let next = version; next < STATE_VERSION; next++) {
    db.exec(`BEGIN IMMEDIATE; ${MIGRATIONS[next]} PRAGMA user_version = ${next + 1}; COMMIT`);
  }
}
