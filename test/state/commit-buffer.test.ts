import { describe, expect, test } from "vitest";
import type { Group } from "../../src/alerts/group.ts";
import type { Clock } from "../../src/runtime/clock.ts";
import { silentLogger } from "../../src/runtime/logger.ts";
import { CommitBuffer } from "../../src/state/commit-buffer.ts";
import { MemoryStore } from "../../src/state/memory-store.ts";
import type { Commit } from "../../src/state/store.ts";

const GROUP: Group = {
  destination: "hook",
  key: "all",
  by: {},
  episode: 1,
  phase: { kind: "idle", sinceMs: 0 },
  firing: 0,
  news: 0,
};

function buffer() {
  const times = { nowMs: 3_600_000 };
  const disk = { isFull: false };
  class Disk extends MemoryStore {
    override commit(commit: Commit) {
      if (disk.isFull) throw new Error("database or disk is full");
      return super.commit(commit);
    }
  }
  const store = new Disk();
  const clock: Clock = { now: () => times.nowMs, at: () => () => undefined, sleep: () => Promise.resolve() };
  const nothing = () => undefined;
  const options = { store, clock, logger: silentLogger, onAccepted: nothing, onFailed: nothing };
  return { times, disk, store, buffer: new CommitBuffer(options) };
}

describe("CommitBuffer", () => {
  test("tries again a second after a failure, and not an hour later when the clock is set back", () => {
    const { times, disk, store, buffer: unsaved } = buffer();
    unsaved.putGroups([{ group: GROUP, members: new Map() }], []);
    disk.isFull = true;
    expect(unsaved.commit()).toBe(false);
    disk.isFull = false;
    times.nowMs += 999;
    expect(unsaved.commit()).toBe(false);
    times.nowMs = 10_000;
    expect(unsaved.commit()).toBe(true);
    expect(store.load().groups).toHaveLength(1);
  });

  test.each([
    ["dropped after it changed is not stored", ["change", "drop"], 0],
    ["that begins anew after it was dropped is", ["change", "drop", "change"], 1],
  ] as const)("a group %s", (_, steps, stored) => {
    const { store, buffer: unsaved } = buffer();
    for (const step of steps) {
      if (step === "change") unsaved.putGroups([{ group: GROUP, members: new Map() }], []);
      else unsaved.putGroups([], [GROUP]);
    }
    unsaved.commit();
    expect(store.load().groups).toHaveLength(stored);
  });
});
