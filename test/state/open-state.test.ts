import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openState } from "../../src/state/open-state.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const ALERT = { rule: "quorum", ring: "data/cassandra", episode: 3, phase: { kind: "inactive" } } as const;
let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "ringbell-state-"));
  path = join(directory, "ringbell.db");
});
afterEach(() => rmSync(directory, { recursive: true }));

function open() {
  return openState(path, NOW, () => "store");
}

function filled(): void {
  const { store } = open();
  store.commit({ alerts: [ALERT] });
  store.close();
}

describe("openState()", () => {
  test("opens what is whole, and reads it as it was stored", () => {
    filled();
    const { store, damage } = open();
    expect(damage).toBeUndefined();
    expect(store.load().alerts).toEqual([ALERT]);
    store.commit({ alerts: [{ ...ALERT, episode: 4 }] });
    expect(store.load().alerts).toEqual([{ ...ALERT, episode: 4 }]);
    store.close();
  });

  test.each([
    [
      "that is no database",
      () => writeFileSync(path, "not a database, but longer than a hundred bytes ".repeat(9)),
    ],
    [
      "with a broken page",
      () => {
        filled();
        const bytes = readFileSync(path);
        bytes.fill(0xff, 4096, 8192);
        writeFileSync(path, bytes);
      },
    ],
    [
      "with a row that cannot be understood",
      () => {
        filled();
        const db = new DatabaseSync(path);
        db.exec("UPDATE alerts SET json = '{' ");
        db.close();
      },
    ],
  ])("sets a file aside %s, keeps it, and begins anew", (_what, damageIt) => {
    damageIt();
    const bytes = readFileSync(path);
    const { store, damage } = open();
    expect(damage?.setAside).toBe(`${path}.damaged-2026-01-02T03-04-05-000Z`);
    expect(damage?.why).toBeTruthy();
    expect(readFileSync(damage?.setAside ?? "")).toEqual(bytes);
    expect(store.load().alerts).toEqual([]);
    store.commit({ alerts: [ALERT] });
    store.close();
    expect(open().damage).toBeUndefined();
  });

  test("refuses a newer version, and leaves it as it is", () => {
    filled();
    const db = new DatabaseSync(path);
    db.exec("PRAGMA user_version = 99");
    db.close();
    expect(open).toThrow(/it has version 99/);
    expect(readdirSync(directory).filter((name) => name.includes("damaged"))).toEqual([]);
  });

  test("refuses a file that another process uses", () => {
    const first = open();
    first.store.commit({ alerts: [ALERT] });
    expect(open).toThrow(/another Ringbell is using it/);
    first.store.close();
  });
});

test("What was set aside before is kept, though the clock shows the same moment", () => {
  for (const text of ["first", "second", "third"]) {
    writeFileSync(path, `${text}: not a database, but longer than a hundred bytes `.repeat(9));
    open().store.close();
  }
  const kept = readdirSync(directory).filter((name) => name.includes("damaged"));
  const texts = kept.map((name) => readFileSync(join(directory, name), "utf8").split(":")[0]);
  expect(new Set(texts)).toEqual(new Set(["first", "second", "third"]));
});
