import { describe, expect, test } from "vitest";
import type { SliceEvent } from "../../src/cluster/slice.ts";
import { QUIET_MAX_MS, QUIET_MS, RingBook } from "../../src/ring/ring-book.ts";
import { endpoint, slice } from "../support/slices.ts";

const everything = () => true;

function bookOf(...events: SliceEvent[]): RingBook {
  const book = new RingBook("endpointslices");
  for (const event of events) book.apply(event, 0, everything);
  return book;
}

const changed = (...args: Parameters<typeof slice>): SliceEvent => ({
  kind: "changed",
  slice: slice(...args),
});
const members = (book: RingBook, nowMs: number) =>
  book.take(nowMs).map((ring) => [ring.key, ring.present ? ring.members.map((m) => m.name) : "absent"]);

describe("RingBook", () => {
  test("gives a ring of one slice at once", () => {
    expect(members(bookOf(changed("a", [endpoint("c-0")])), 0)).toEqual([["data/cassandra", ["c-0"]]]);
  });

  test("gives a ring of several slices when they have been quiet, not a millisecond before", () => {
    const book = bookOf(changed("a", [endpoint("c-0")]), changed("b", [endpoint("c-1")]));
    expect(members(book, QUIET_MS - 1)).toEqual([]);
    expect(members(book, QUIET_MS)).toEqual([["data/cassandra", ["c-0", "c-1"]]]);
  });

  test("reads a ring that is never quiet after the longest wait", () => {
    const book = bookOf(changed("a", [endpoint("c-0")]), changed("b", [endpoint("c-1")]));
    for (let nowMs = 50; nowMs < QUIET_MAX_MS; nowMs += 50) {
      book.apply(changed("b", [endpoint("c-1")]), nowMs, everything);
      expect(members(book, nowMs)).toEqual([]);
    }
    expect(members(book, QUIET_MAX_MS)).toHaveLength(1);
  });

  test("shows nobody as missing while a Pod is on its way from one slice to another", () => {
    const book = bookOf(changed("a", [endpoint("c-0"), endpoint("c-1")]), changed("b", []));
    expect(members(book, 1_000)).toEqual([["data/cassandra", ["c-0", "c-1"]]]);
    book.apply(changed("a", [endpoint("c-0")]), 2_000, everything);
    expect(members(book, 2_000)).toEqual([]);
    book.apply(changed("b", [endpoint("c-1")]), 2_005, everything);
    expect(members(book, 2_105)).toEqual([["data/cassandra", ["c-0", "c-1"]]]);
  });

  test("keeps members that live on in another slice when the slice that listed them is deleted", () => {
    const book = bookOf(changed("a", [endpoint("c-0"), endpoint("c-1")]), changed("b", [endpoint("c-1")]));
    book.apply({ kind: "deleted", key: "data/b" }, 5, everything);
    expect(members(book, 105)).toEqual([["data/cassandra", ["c-0", "c-1"]]]);
  });

  test("has the labels of the slice that was written last, also where only its version changed", () => {
    const [old, relabelled] = [
      slice("a", [endpoint("c-0")], { serviceLabels: { tier: "gold" } }),
      slice("b", [endpoint("c-1")], { serviceLabels: { tier: "silver" } }),
    ];
    const book = bookOf({ kind: "changed", slice: old }, { kind: "changed", slice: relabelled });
    expect(book.take(1_000)[0]?.labels).toEqual({ tier: "silver" });
    book.apply({ kind: "changed", slice: old }, 1_000, everything);
    expect(book.take(2_000)[0]?.labels).toEqual({ tier: "gold" });
    book.apply({ kind: "listed", slices: [old, relabelled] }, 2_000, everything);
    expect(book.take(3_000)[0]?.labels).toEqual({ tier: "silver" });
    book.apply({ kind: "listed", slices: [old, relabelled] }, 3_000, everything);
    expect(book.nextDueMs()).toBeUndefined();
  });

  test("gives an absent ring once when the last slice is gone", () => {
    const book = bookOf(changed("a", [endpoint("c-0")], { serviceLabels: { tier: "storage" } }));
    book.take(0);
    book.apply({ kind: "deleted", key: "data/a" }, 1, everything);
    const [gone] = book.take(1);
    expect(gone).toMatchObject({
      key: "data/cassandra",
      present: false,
      members: [],
      labels: { tier: "storage" },
    });
    expect(book.take(2)).toEqual([]);
    expect([...book.rings()]).toEqual([]);
  });

  test("makes one event of slices that vanish one by one", () => {
    const book = bookOf(changed("a", [endpoint("c-0")]), changed("b", [endpoint("c-1")]));
    book.take(1_000);
    book.apply({ kind: "deleted", key: "data/a" }, 2_000, everything);
    book.apply({ kind: "deleted", key: "data/b" }, 2_040, everything);
    expect(members(book, 2_139)).toEqual([]);
    expect(members(book, 2_140)).toEqual([["data/cassandra", "absent"]]);
  });

  test("keeps an empty slice as an empty ring, not an absent one", () => {
    expect(members(bookOf(changed("a", [])), 0)).toEqual([["data/cassandra", []]]);
  });

  test("finds by a list what vanished meanwhile", () => {
    const other = { service: "kafka" };
    const book = bookOf(changed("a", [endpoint("c-0")]), changed("k", [endpoint("k-0")], other));
    book.take(0);
    book.apply({ kind: "listed", slices: [slice("k", [endpoint("k-0")], other)] }, 1, everything);
    expect(members(book, 1)).toEqual([
      ["data/cassandra", "absent"],
      ["data/kafka", ["k-0"]],
    ]);
  });

  test("leaves rings alone that a list was not about", () => {
    const book = bookOf(changed("a", [endpoint("c-0")]));
    book.take(0);
    book.apply({ kind: "listed", slices: [] }, 1, (_namespace, service) => service === "kafka");
    expect(members(book, 1)).toEqual([]);
  });

  test("moves a slice whose Service label changes, on both sides", () => {
    const book = bookOf(changed("a", [endpoint("c-0")]));
    book.take(0);
    book.apply(changed("a", [endpoint("c-0")], { service: "kafka" }), 1, everything);
    expect(members(book, 1)).toEqual([
      ["data/cassandra", "absent"],
      ["data/kafka", ["c-0"]],
    ]);
  });

  test("moves a slice to a Service of another watch, whichever of the two says so first", () => {
    const about = (service: string) => (_namespace: string, of: string) => of === service;
    const begin = (): RingBook => {
      const book = new RingBook("endpointslices");
      book.apply(changed("a", [endpoint("c-0")]), 0, about("cassandra"));
      book.take(0);
      return book;
    };
    const moved = changed("a", [endpoint("c-0")], { service: "kafka" });
    const oldFirst = begin();
    oldFirst.apply({ kind: "deleted", key: "data/a" }, 1, about("cassandra"));
    expect(members(oldFirst, 1)).toEqual([["data/cassandra", "absent"]]);
    oldFirst.apply(moved, 2, about("kafka"));
    expect(members(oldFirst, 2)).toEqual([["data/kafka", ["c-0"]]]);

    const newFirst = begin();
    newFirst.apply(moved, 1, about("kafka"));
    expect(members(newFirst, 1)).toEqual([["data/kafka", ["c-0"]]]);
    newFirst.apply(changed("a", [endpoint("c-1")]), 2, about("cassandra"));
    expect(members(newFirst, 2)).toEqual([["data/cassandra", ["c-1"]]]);
    newFirst.apply({ kind: "deleted", key: "data/a" }, 3, about("cassandra"));
    expect(members(newFirst, 3)).toEqual([["data/cassandra", "absent"]]);
    newFirst.apply({ kind: "listed", slices: [] }, 4, about("cassandra"));
    expect(members(newFirst, 4)).toEqual([]);
    newFirst.apply({ kind: "listed", slices: [] }, 5, about("kafka"));
    expect(members(newFirst, 5)).toEqual([["data/kafka", "absent"]]);
  });

  test("ignores a slice without the Service label, and forgets one that loses it", () => {
    const book = bookOf(
      changed("stray", [endpoint("c-9")], { service: undefined }),
      changed("a", [endpoint("c-0")]),
    );
    expect(members(book, 0)).toEqual([["data/cassandra", ["c-0"]]]);
    book.apply(changed("a", [endpoint("c-0")], { service: undefined }), 1, everything);
    expect(members(book, 1)).toEqual([["data/cassandra", "absent"]]);
  });

  test("says when to look again", () => {
    const book = bookOf(changed("a", [endpoint("c-0")]));
    expect(book.nextDueMs()).toBe(0);
    book.take(0);
    expect(book.nextDueMs()).toBeUndefined();
    book.apply(changed("b", [endpoint("c-1")]), 10, everything);
    expect(book.nextDueMs()).toBe(110);
  });
});
