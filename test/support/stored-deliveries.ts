import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Notice } from "../../src/alerts/notice.ts";

const FILE = "ringbell.db";

/** One delivery as it lies in the file. */
export interface StoredDelivery {
  readonly id: string;
  readonly sequence: number;
  readonly destination: string;
  readonly state: "owed" | "delivered" | "dead";
  readonly attempts: number;
  readonly reason: string | null;
  readonly notice: Notice;
}

/** What a data directory holds, in the order of acceptance. The file is read from a copy: a killed process's stays as it is. */
export function storedDeliveries(dataDirectory: string): readonly StoredDelivery[] {
  const copy = mkdtempSync(join(tmpdir(), "ringbell-stored-"));
  try {
    // With the write-ahead log, where a killed process leaves what it has committed.
    for (const name of stateFiles(dataDirectory)) copyFileSync(join(dataDirectory, name), join(copy, name));
    const db = new DatabaseSync(join(copy, FILE));
    const rows = db.prepare("SELECT * FROM deliveries ORDER BY sequence").all();
    db.close();
    return rows.map((row) => ({
      id: row["id"] as string,
      sequence: row["sequence"] as number,
      destination: row["destination"] as string,
      state: row["state"] as StoredDelivery["state"],
      attempts: row["attempts"] as number,
      reason: row["last_reason"] as string | null,
      notice: JSON.parse(row["notice"] as string) as Notice,
    }));
  } finally {
    rmSync(copy, { recursive: true });
  }
}

/** Ends the wait between two rounds of tries, which is up to half a minute at first: as if that had passed. */
export function endStoredWaits(dataDirectory: string): void {
  const db = new DatabaseSync(join(dataDirectory, FILE));
  db.exec("UPDATE deliveries SET next_at = accepted_at WHERE state = 'owed'");
  db.close();
}

/** All bytes of all files of the state. */
export function stateBytes(dataDirectory: string): Buffer {
  return Buffer.concat(stateFiles(dataDirectory).map((name) => readFileSync(join(dataDirectory, name))));
}

function stateFiles(dataDirectory: string): string[] {
  return readdirSync(dataDirectory).filter((name) => name.startsWith(FILE));
}
