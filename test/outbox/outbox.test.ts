import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { Outbox } from "../../src/outbox/outbox.ts";
import { delivery } from "../support/deliveries.ts";

const RETRY = { kind: "retry", reason: "serverError" } as const;
const half = () => 0.5;

function outboxOf(...deliveries: ReturnType<typeof delivery>[]): Outbox {
  const outbox = new Outbox();
  for (const each of deliveries) outbox.add(each);
  return outbox;
}

describe("Outbox", () => {
  test("gives nothing for a destination that is owed nothing", () => {
    expect(outboxOf(delivery()).take("other", 0)).toBeUndefined();
  });

  test("gives a delivery when it is due, not a millisecond before", () => {
    const outbox = outboxOf(delivery({ nextAtMs: 100 }));
    expect(outbox.take("hook", 99)).toBeUndefined();
    expect(outbox.take("hook", 100)).toBeDefined();
  });

  test("holds back the next of a subject until the one before has ended", () => {
    const fire = delivery();
    const resolve = delivery();
    const outbox = outboxOf(fire, resolve);
    expect(outbox.take("hook", 0)).toBe(fire);
    expect(outbox.take("hook", 0)).toBeUndefined();
    outbox.settle(fire, RETRY, 1, 0, half);
    expect(outbox.take("hook", 14_999)).toBeUndefined();
    const again = outbox.take("hook", 15_000);
    expect(again).toMatchObject({ id: fire.id, attempts: 1, rounds: 1, lastReason: "serverError" });
    outbox.settle(again ?? fire, { kind: "delivered" }, 2, 15_000, half);
    expect(outbox.take("hook", 15_000)).toBe(resolve);
  });

  test("lets other subjects and destinations go on meanwhile", () => {
    const outbox = outboxOf(delivery(), delivery({ subject: "other" }), delivery({ destination: "slack" }));
    expect(outbox.take("hook", 0)?.subject).toBe("pod-left-ring data/cassandra");
    expect(outbox.take("hook", 0)?.subject).toBe("other");
    expect(outbox.take("slack", 0)).toBeDefined();
  });

  test("waits for Retry-After where that is longer than the backoff", () => {
    const first = delivery();
    const outbox = outboxOf(first);
    outbox.take("hook", 0);
    const settled = outbox.settle(first, { ...RETRY, afterMs: 60_000 }, 1, 0, half);
    expect(settled).toMatchObject({ kind: "rescheduled", delivery: { nextAtMs: 60_000 } });
    expect(outbox.nextDueMs("hook")).toBe(60_000);
  });

  test("waits twice as long after each round, up to ten minutes", () => {
    const waits = [0, 1, 2, 3, 4, 5, 6].map((rounds) => {
      const late = delivery({ rounds, expiresAtMs: Infinity });
      const outbox = outboxOf(late);
      outbox.take("hook", 0);
      const { delivery: next } = outbox.settle(late, RETRY, 1, 0, () => 1);
      return next.nextAtMs / 1000;
    });
    expect(waits).toEqual([30, 60, 120, 240, 480, 600, 600]);
  });

  test("tries for the last time at the horizon, however long the backoff would be", () => {
    const short = delivery({ expiresAtMs: 10_000 });
    const outbox = outboxOf(short);
    outbox.take("hook", 0);
    expect(outbox.settle(short, RETRY, 4, 0, half)).toMatchObject({ delivery: { nextAtMs: 9_999 } });
  });

  test("makes a dead letter of what has failed at its horizon", () => {
    const short = delivery({ expiresAtMs: 10_000 });
    const outbox = outboxOf(short);
    outbox.take("hook", 9_999);
    const settled = outbox.settle(short, { ...RETRY, detail: "HTTP 503" }, 4, 9_999, half);
    expect(settled).toMatchObject({
      kind: "ended",
      end: { kind: "dead", reason: "expired", detail: "last answer: HTTP 503" },
    });
    expect(outbox.owed).toBe(0);
  });

  test("makes a dead letter of what is to wait beyond its horizon", () => {
    const short = delivery({ expiresAtMs: 10_000 });
    const outbox = outboxOf(short);
    outbox.take("hook", 0);
    expect(outbox.settle(short, { ...RETRY, afterMs: 10_000 }, 1, 0, half)).toMatchObject({
      end: { reason: "expired" },
    });
  });

  test("makes a dead letter of what was refused, with its reason, and goes on with the next", () => {
    const refused = delivery();
    const next = delivery();
    const outbox = outboxOf(refused, next);
    outbox.take("hook", 0);
    const settled = outbox.settle(refused, { kind: "refused", reason: "unauthorized" }, 1, 5, half);
    expect(settled).toMatchObject({ end: { kind: "dead", reason: "unauthorized", atMs: 5 } });
    expect(outbox.take("hook", 5)).toBe(next);
  });

  test("loses and doubles nothing, and keeps the order of each subject, whatever the outcomes", () => {
    const plan = fc.array(
      fc.record({ subject: fc.nat(3), outcomes: fc.array(fc.boolean(), { maxLength: 4 }) }),
    );
    fc.assert(
      fc.property(plan, (planned) => {
        const owed = planned.map(({ subject }, i) =>
          delivery({ subject: `s${subject}`, sequence: i, expiresAtMs: Infinity }),
        );
        const outbox = outboxOf(...owed);
        const left = new Map(owed.map((each, i) => [each.id, [...(planned[i]?.outcomes ?? [])]]));
        const ended: string[] = [];
        for (let now = 0; outbox.owed > 0; now = outbox.nextDueMs("hook") ?? now) {
          for (let due = outbox.take("hook", now); due; due = outbox.take("hook", now)) {
            const fails = left.get(due.id)?.shift() ?? false;
            const { kind } = outbox.settle(
              due,
              fails ? RETRY : { kind: "delivered" },
              due.attempts + 1,
              now,
              half,
            );
            if (kind === "ended") ended.push(due.id);
          }
        }
        expect([...ended].sort()).toEqual(owed.map((each) => each.id).sort());
        for (const subject of ["s0", "s1", "s2", "s3"]) {
          const ids = owed.filter((each) => each.subject === subject).map((each) => each.id);
          expect(ended.filter((id) => ids.includes(id))).toEqual(ids);
        }
      }),
    );
  });
});
