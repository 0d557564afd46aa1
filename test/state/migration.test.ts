import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { STATE_VERSION } from "../../src/state/sqlite-schema.ts";
import { openSqliteStore } from "../../src/state/sqlite-store.ts";
import type { Store } from "../../src/state/store.ts";

// Written by the Ringbell whose state had version 1: an alert, a baseline, two owed deliveries and one that has ended.
const VERSION_1 = new URL("../fixtures/state/version-1.db", import.meta.url);

let directory: string;
let path: string;
const open = (): Store => openSqliteStore(path, 1_000_000, () => "another");

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "ringbell-migration-"));
  path = join(directory, "ringbell.db");
  copyFileSync(VERSION_1, path);
});
afterEach(() => rmSync(directory, { recursive: true }));

function versionOf(): unknown {
  const db = new DatabaseSync(path);
  const row = db.prepare("PRAGMA user_version").get();
  db.close();
  return row?.["user_version"];
}

describe("state of version 1", () => {
  test("is read whole, and goes on with silences and groups", () => {
    expect(versionOf()).toBe(1);
    const store = open();
    const stored = store.load();
    expect(stored).toMatchObject({
      storeId: "store-of-version-1",
      alerts: [
        { rule: "cassandra-below-quorum", episode: 2, phase: { kind: "firing", firedAtMs: 1_000_000 } },
      ],
      baselines: [{ rule: "pod-left-ring", generation: 7 }],
      silences: [],
      groups: [],
      deliveries: [
        { id: "msg_2", destination: "on-call", attempts: 2, lastReason: "timeout", nextAtMs: 1_030_000 },
        { id: "msg_3" },
      ],
      lastSequence: 3,
    });
    expect(stored.baselines[0]?.deviations.get("data/cassandra-1")).toMatchObject({ signature: "absent" });
    store.commit({
      silences: [
        { id: "s1", matchers: [], author: "a", reason: "r", startsAtMs: 0, endsAtMs: 1, createdAtMs: 0 },
      ],
    });
    store.close();
  });

  test("is of the newest version after that, and opens again", () => {
    open().close();
    expect(versionOf()).toBe(STATE_VERSION);
    const store = open();
    expect(store.load().lastSequence).toBe(3);
    store.close();
  });

  test("still knows the ids of what has ended", () => {
    const store = open();
    const [first] = store.load().deliveries;
    if (!first) throw new Error("nothing is owed");
    expect(store.commit({ accepted: [{ ...first, id: "msg_1" }] })).toEqual([]);
    store.close();
  });
});
