import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newGroup } from "../../src/alerts/advance-group.ts";
import { unseenBaseline } from "../../src/alerts/baseline.ts";
import { type Group, memberOf } from "../../src/alerts/group.ts";
import { MemoryStore } from "../../src/state/memory-store.ts";
import { STATE_VERSION } from "../../src/state/sqlite-schema.ts";
import { openSqliteStore } from "../../src/state/sqlite-store.ts";
import type { Store } from "../../src/state/store.ts";
import { delivery } from "../support/deliveries.ts";
import { fireNotice, member, resolveNotice } from "../support/notices.ts";

let directory: string;
const path = () => join(directory, "ringbell.db");
const sqlite = (nowMs = 0): Store => openSqliteStore(path(), nowMs, () => "made-once");

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "ringbell-state-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** What a restart finds: closed and opened again, where the store outlives its object. */
const stores = {
  sqlite: { open: () => sqlite(), restart: (store: Store) => (store.close(), sqlite()) },
  memory: { open: (): Store => new MemoryStore(), restart: (store: Store) => store },
};

describe.each(Object.entries(stores))("the %s store", (_name, { open, restart }) => {
  const alert = {
    rule: "quorum",
    ring: "data/cassandra",
    episode: 2,
    phase: { kind: "pending", sinceMs: 5 },
  } as const;
  const baseline = {
    ...unseenBaseline("left", "data/cassandra"),
    generation: 7,
    presence: "present" as const,
    members: new Map([["data/c-0", member("c-0")]]),
    deviations: new Map([["data/c-1", { signature: "absent", sinceMs: 9, whileAway: false }]]),
  };

  const silence = {
    id: "s1",
    matchers: [{ name: "rule" as const, value: "quor*" }],
    author: "ann",
    reason: "upgrade",
    startsAtMs: 10,
    endsAtMs: 20,
    createdAtMs: 10,
  };
  const group: Group = {
    ...newGroup({ destination: "on-call", key: "node=node-3", by: { node: "node-3" } }, 0),
    episode: 2,
    phase: { kind: "told", sinceMs: 1, firstToldMs: 5, lastToldMs: 6, dirtySinceMs: undefined, endedAtMs: 8 },
    firing: 2,
  };
  const members = new Map([
    ["quorum data/a", memberOf(fireNotice())],
    ["quorum data/b", memberOf(fireNotice())],
  ]);

  test("is empty at first", () => {
    const store = open();
    expect(store.load()).toMatchObject({
      alerts: [],
      baselines: [],
      silences: [],
      groups: [],
      deliveries: [],
      lastSequence: 0,
    });
    store.close();
  });

  test("gives back alerts, baselines and owed deliveries after a restart", () => {
    let store = open();
    const owed = delivery({ sequence: 3, lastReason: "timeout", attempts: 2, rounds: 1 });
    store.commit({ alerts: [alert], baselines: [baseline], accepted: [owed] });
    const { storeId } = store.load();
    store = restart(store);
    expect(store.load()).toEqual({
      storeId,
      alerts: [alert],
      baselines: [baseline],
      silences: [],
      groups: [],
      deliveries: [owed],
      lastSequence: 3,
    });
    store.close();
  });

  test("keeps the last state of an alert and a baseline", () => {
    let store = open();
    store.commit({ alerts: [alert], baselines: [baseline] });
    store.commit({ alerts: [{ ...alert, episode: 3 }], baselines: [{ ...baseline, generation: 8 }] });
    store = restart(store);
    expect(store.load()).toMatchObject({ alerts: [{ episode: 3 }], baselines: [{ generation: 8 }] });
    store.close();
  });

  test("gives back silences and groups after a restart, as they were last", () => {
    let store = open();
    store.commit({ silences: [silence], groups: [{ group, members }] });
    const later = { ...silence, expiredAtMs: 15 };
    const other = { group: { ...group, destination: "chat", episode: 4 }, members: new Map() };
    store.commit({ silences: [later, { ...silence, id: "s2" }], groups: [other] });
    const resolved = memberOf(resolveNotice());
    const changed = new Map([
      ["quorum data/a", undefined],
      ["quorum data/c", resolved],
    ]);
    store.commit({ groups: [{ group: { ...group, firing: 1 }, members: changed }] });
    store = restart(store);
    const { silences, groups } = store.load();
    expect(silences.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual([later, { ...silence, id: "s2" }]);
    const left = new Map([
      ["quorum data/b", members.get("quorum data/b")],
      ["quorum data/c", resolved],
    ]);
    expect(groups.toSorted((a, b) => b.group.episode - a.group.episode)).toEqual([
      other,
      { group: { ...group, firing: 1 }, members: left },
    ]);
    store.close();
  });

  test("drops the silences and groups that are to be forgotten, and no others", () => {
    let store = open();
    const groups = [
      { group, members },
      { group: { ...group, key: "node=node-4" }, members },
    ];
    store.commit({ silences: [silence, { ...silence, id: "s2" }], groups });
    store.commit({ forgotten: { silences: ["s1"], groups: [{ destination: "on-call", key: group.key }] } });
    store = restart(store);
    const [, kept] = groups;
    expect(store.load()).toEqual(
      expect.objectContaining({ silences: [{ ...silence, id: "s2" }], groups: [kept] }),
    );
    // Should it come back, it has none of its old alerts.
    store.commit({ groups: [{ group, members: new Map() }] });
    store = restart(store);
    expect(store.load().groups).toContainEqual({ group, members: new Map() });
    store.close();
  });

  test("accepts a delivery once, also after it has ended", () => {
    const store = open();
    const one = delivery();
    expect(store.commit({ accepted: [one] })).toEqual([one]);
    expect(store.commit({ accepted: [one] })).toEqual([]);
    store.commit({ ended: [{ delivery: one, end: { kind: "delivered", atMs: 1 } }] });
    expect(store.commit({ accepted: [one] })).toEqual([]);
    expect(store.load().deliveries).toEqual([]);
    store.close();
  });

  test("gives owed deliveries in the order they were accepted", () => {
    const store = open();
    const [a, b, c] = [
      delivery({ sequence: 1 }),
      delivery({ sequence: 2 }),
      delivery({ sequence: 3 }),
    ] as const;
    store.commit({ accepted: [b, c] });
    store.commit({ accepted: [a] });
    expect(store.load().deliveries).toEqual([a, b, c]);
    store.close();
  });

  test("keeps when and why a delivery is to be tried again", () => {
    let store = open();
    const first = delivery();
    const later = { ...first, attempts: 4, rounds: 1, nextAtMs: 30_000, lastReason: "serverError" };
    store.commit({ accepted: [first] });
    store.commit({ rescheduled: [later] });
    store = restart(store);
    expect(store.load().deliveries).toEqual([later]);
    store.close();
  });
});

describe("openSqliteStore()", () => {
  test("writes all of a transaction or nothing", () => {
    const store = sqlite();
    const broken = delivery({ notice: { toJSON: () => undefined } as never });
    expect(() => store.commit({ accepted: [delivery(), broken] })).toThrow(/notice|bound|SQLite/i);
    expect(store.load().deliveries).toEqual([]);
    store.close();
  });

  test("keeps its id over restarts", () => {
    const first = sqlite();
    expect(first.load().storeId).toBe("made-once");
    first.close();
    const second = openSqliteStore(path(), 0, () => "another");
    expect(second.load().storeId).toBe("made-once");
    second.close();
  });

  test("refuses a second process on the same file, and says what to do", () => {
    const store = sqlite();
    store.commit({ accepted: [delivery()] });
    expect(() => sqlite()).toThrow(/another Ringbell is using it: stop that one first/);
    store.close();
  });

  test("refuses state of a newer Ringbell, and leaves it as it is", () => {
    const db = new DatabaseSync(path());
    db.exec(`PRAGMA user_version = ${STATE_VERSION + 1}`);
    db.close();
    expect(() => sqlite()).toThrow(/run the newer Ringbell again/);
  });

  test("says which directory is wrong when it cannot be written", () => {
    expect(() => openSqliteStore("/proc/none/ringbell.db", 0, () => "id")).toThrow(
      /Cannot open state in \/proc\/none/,
    );
  });

  test("forgets ended deliveries after two weeks, never owed ones", () => {
    const [ended, owed] = [delivery(), delivery()] as const;
    const store = sqlite();
    store.commit({ accepted: [ended, owed] });
    store.commit({ ended: [{ delivery: ended, end: { kind: "delivered", atMs: 0 } }] });
    store.close();
    const later = sqlite(15 * 86_400_000);
    expect(later.commit({ accepted: [ended, owed] })).toEqual([ended]);
    later.close();
  });
});
