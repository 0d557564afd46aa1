import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Alert } from "../alerts/alert.ts";
import type { Notice } from "../alerts/notice.ts";
import type { Delivery } from "../outbox/delivery.ts";
import { QuietTables } from "./quiet-tables.ts";
import { baselineFromJson, baselineToJson } from "./serialize.ts";
import { DamagedStateError, migrate, StateError } from "./sqlite-schema.ts";
import type { Commit, Store, Stored } from "./store.ts";

/** Ended deliveries are kept this long: their ids must not be accepted again, and people ask what was sent. */
const KEEP_ENDED_MS = 14 * 86_400_000;
const PRUNE_EVERY_MS = 86_400_000;

/**
 * State in one SQLite file. WAL with `synchronous=NORMAL`: a killed process loses nothing that was committed; a machine
 * that loses power may lose the last commits, and tell again what it told last.
 * The lock is exclusive, so a second process on the same file is refused instead of sending everything twice.
 * Throws `StateError` when the file cannot be used.
 */
export function openSqliteStore(path: string, nowMs: number, newStoreId: () => string): Store {
  const db = open(path);
  try {
    db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    refuseDamaged(db, path);
    migrate(db, path);
    db.prepare("INSERT INTO meta VALUES ('store-id', ?) ON CONFLICT DO NOTHING").run(newStoreId());
    return new SqliteStore(db, nowMs);
  } catch (cause) {
    db.close();
    if (cause instanceof StateError) throw cause;
    if (isDamage(cause)) throw new DamagedStateError(path, (cause as Error).message, { cause });
    throw new StateError(explain(path, cause as Error), { cause });
  }
}

function refuseDamaged(db: DatabaseSync, path: string): void {
  const { quick_check: found } = db.prepare("PRAGMA quick_check(1)").get() as { quick_check: string };
  if (found !== "ok") throw new DamagedStateError(path, found);
}

/** SQLITE_CORRUPT and SQLITE_NOTADB: https://sqlite.org/rescode.html */
function isDamage(error: unknown): boolean {
  const code = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : 0;
  return code === 11 || code === 26;
}

function open(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path, { timeout: 2_000 });
  } catch (cause) {
    throw new StateError(explain(path, cause as Error), { cause });
  }
}

function explain(path: string, cause: Error): string {
  const hint = /locked|busy/i.test(cause.message)
    ? "another Ringbell is using it: stop that one first, or give this one its own --data directory"
    : `${cause.message}: the directory must exist and be writable for this user`;
  return `Cannot open state in ${path}: ${hint}`;
}

class SqliteStore implements Store {
  readonly #db: DatabaseSync;
  readonly #putAlert: StatementSync;
  readonly #putBaseline: StatementSync;
  readonly #quiet: QuietTables;
  readonly #accept: StatementSync;
  readonly #reschedule: StatementSync;
  readonly #end: StatementSync;
  readonly #prune: StatementSync;
  #prunedMs: number;

  constructor(db: DatabaseSync, nowMs: number) {
    this.#db = db;
    this.#putAlert = db.prepare("INSERT OR REPLACE INTO alerts VALUES (?, ?, ?)");
    this.#putBaseline = db.prepare("INSERT OR REPLACE INTO baselines VALUES (?, ?, ?)");
    this.#quiet = new QuietTables(db);
    this.#accept = db.prepare(
      "INSERT INTO deliveries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'owed', NULL, NULL) ON CONFLICT DO NOTHING",
    );
    this.#reschedule = db.prepare(
      "UPDATE deliveries SET attempts = ?, rounds = ?, next_at = ?, last_reason = ? WHERE id = ? AND state = 'owed'",
    );
    this.#end = db.prepare(
      "UPDATE deliveries SET attempts = ?, last_reason = ?, state = ?, detail = ?, ended_at = ? WHERE id = ?",
    );
    this.#prune = db.prepare("DELETE FROM deliveries WHERE state <> 'owed' AND ended_at < ?");
    this.#prunedMs = nowMs;
    this.#prune.run(nowMs - KEEP_ENDED_MS);
  }

  load(): Stored {
    try {
      return this.#read();
    } catch (cause) {
      const path = this.#db.location() ?? "memory";
      throw new DamagedStateError(path, (cause as Error).message, { cause });
    }
  }

  #read(): Stored {
    const { value: storeId } = this.#db.prepare("SELECT value FROM meta WHERE key = 'store-id'").get() as {
      value: string;
    };
    const json = (table: string): string[] =>
      this.#db
        .prepare(`SELECT json FROM ${table}`)
        .all()
        .map((row) => row["json"] as string);
    const owed = this.#db.prepare("SELECT * FROM deliveries WHERE state = 'owed' ORDER BY sequence").all();
    const last = this.#db.prepare("SELECT max(sequence) AS sequence FROM deliveries").get();
    return {
      storeId,
      alerts: json("alerts").map((text) => JSON.parse(text) as Alert),
      baselines: json("baselines").map(baselineFromJson),
      ...this.#quiet.read(),
      deliveries: owed.map(toDelivery),
      lastSequence: (last?.["sequence"] as number | null) ?? 0,
    };
  }

  commit(commit: Commit): readonly Delivery[] {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      const accepted = this.#write(commit);
      this.#db.exec("COMMIT");
      return accepted;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  close(): void {
    this.#db.close();
  }

  #write(commit: Commit): readonly Delivery[] {
    for (const alert of commit.alerts ?? [])
      this.#putAlert.run(alert.rule, alert.ring, JSON.stringify(alert));
    for (const baseline of commit.baselines ?? []) {
      this.#putBaseline.run(baseline.rule, baseline.ring, baselineToJson(baseline));
    }
    this.#quiet.write(commit);
    const accepted = (commit.accepted ?? []).filter((delivery) => this.#insert(delivery));
    for (const { attempts, rounds, nextAtMs, lastReason, id } of commit.rescheduled ?? []) {
      this.#reschedule.run(attempts, rounds, nextAtMs, lastReason ?? null, id);
    }
    for (const { delivery, end } of commit.ended ?? []) {
      const detail = end.kind === "dead" ? (end.detail ?? null) : null;
      const reason = end.kind === "dead" ? end.reason : null;
      if (end.atMs > this.#prunedMs + PRUNE_EVERY_MS) this.#pruneAt(end.atMs);
      this.#end.run(delivery.attempts, reason, end.kind, detail, end.atMs, delivery.id);
    }
    return accepted;
  }

  #pruneAt(nowMs: number): void {
    this.#prunedMs = nowMs;
    this.#prune.run(nowMs - KEEP_ENDED_MS);
  }

  #insert(d: Delivery): boolean {
    const { changes } = this.#accept.run(
      d.id,
      d.sequence,
      d.destination,
      d.subject,
      JSON.stringify(d.notice),
      d.acceptedAtMs,
      d.expiresAtMs,
      d.attempts,
      d.rounds,
      d.nextAtMs,
      d.lastReason ?? null,
    );
    return Number(changes) > 0;
  }
}

function toDelivery(row: Record<string, unknown>): Delivery {
  return {
    id: row["id"] as string,
    destination: row["destination"] as string,
    subject: row["subject"] as string,
    sequence: row["sequence"] as number,
    notice: JSON.parse(row["notice"] as string) as Notice,
    acceptedAtMs: row["accepted_at"] as number,
    expiresAtMs: row["expires_at"] as number,
    attempts: row["attempts"] as number,
    rounds: row["rounds"] as number,
    nextAtMs: row["next_at"] as number,
    lastReason: (row["last_reason"] as string | null) ?? undefined,
  };
}
