import { describe, expect, test } from "vitest";
import type { Silence, Silenceable } from "../../src/alerts/silence.ts";
import { KEEP_EXPIRED_MS, SilenceBook, SILENCES_MAX } from "../../src/alerts/silence-book.ts";

const about: Silenceable = {
  rule: "r",
  ring: { namespace: "data", service: "cassandra", labels: {} },
  severity: "info",
  labels: {},
};

function silence(id: string, startsAtMs: number, endsAtMs: number, rule = "r"): Silence {
  return {
    id,
    matchers: [{ name: "rule", value: rule }],
    author: "ann",
    reason: "why",
    startsAtMs,
    endsAtMs,
    createdAtMs: 0,
  };
}

describe("a silence book", () => {
  test("matches what is active, by the silence that ends last", () => {
    const book = new SilenceBook([]);
    for (const each of [silence("a", 0, 100), silence("b", 50, 200), silence("c", 0, 900, "other")])
      expect(book.add(each, 0)).toBe("added");
    expect([0, 49, 50, 199, 200].map((nowMs) => book.match(about, nowMs)?.id)).toEqual([
      "a",
      "a",
      "b",
      "b",
      undefined,
    ]);
  });

  test("ends a silence at once, and only once", () => {
    const book = new SilenceBook([silence("a", 0, 100)]);
    expect(book.expire("a", 40)).toMatchObject({ id: "a", expiredAtMs: 40, endsAtMs: 100 });
    expect(book.match(about, 40)).toBeUndefined();
    expect(book.expire("a", 60)).toMatchObject({ expiredAtMs: 40 });
    expect(book.expire("none", 60)).toBeUndefined();
    expect(book.takeChanges().silences).toHaveLength(1);
  });

  test("lists what is not over first, the first to end first; then what is, the last to end first", () => {
    const book = new SilenceBook([
      silence("old", 0, 10),
      silence("late", 0, 300),
      silence("older", 0, 5),
      silence("soon", 60, 200),
    ]);
    expect(book.list(50).map(({ id }) => id)).toEqual(["soon", "late", "old", "older"]);
  });

  test("keeps what is over for five days, then drops it", () => {
    const book = new SilenceBook([silence("a", 0, 100)]);
    book.onTime(100 + KEEP_EXPIRED_MS - 1);
    expect(book.list(100 + KEEP_EXPIRED_MS - 1)).toHaveLength(1);
    expect(book.list(100 + KEEP_EXPIRED_MS)).toEqual([]);
    expect(book.takeChanges().forgotten).toEqual([]);
    expect(book.expire("a", 100 + KEEP_EXPIRED_MS)).toBeUndefined();
    expect(book.takeChanges()).toEqual({ silences: [], forgotten: ["a"] });
  });

  test("knows when something changes next", () => {
    const book = new SilenceBook([silence("a", 10, 100), silence("b", 20, 50)]);
    const times: number[] = [];
    for (let at = book.nextChangeMs(0); at !== undefined; at = book.nextChangeMs(at)) {
      times.push(at);
      book.onTime(at);
    }
    expect(times).toEqual([10, 20, 50, 100, 50 + KEEP_EXPIRED_MS, 100 + KEEP_EXPIRED_MS]);
    expect(new SilenceBook([]).nextChangeMs(0)).toBeUndefined();
  });

  test("takes no more than a thousand that are not over", () => {
    const many = Array.from({ length: SILENCES_MAX }, (_, index) => silence(`s${index}`, 0, 100));
    const book = new SilenceBook(many);
    expect(book.add(silence("more", 0, 100), 50)).toBe("tooMany");
    book.expire("s7", 50);
    expect(book.add(silence("more", 0, 100), 50)).toBe("added");
  });

  test("gives each change to be stored once, the stored ones not at all", () => {
    const book = new SilenceBook([silence("a", 0, 100)]);
    book.add(silence("b", 0, 100), 0);
    book.expire("b", 1);
    expect(book.takeChanges().silences).toMatchObject([{ id: "b", expiredAtMs: 1 }]);
    expect(book.takeChanges()).toEqual({ silences: [], forgotten: [] });
  });
});
