import { beforeEach, describe, expect, test } from "vitest";
import { Courier, type CourierOptions, type Destination } from "../../src/destinations/courier.ts";
import type { HttpAnswer, SendFailure } from "../../src/destinations/destination.ts";
import { outcomeOf } from "../../src/destinations/http-outcome.ts";
import type { Delivery } from "../../src/outbox/delivery.ts";
import { Outbox, type Settlement } from "../../src/outbox/outbox.ts";
import { silentLogger } from "../../src/runtime/logger.ts";
import { Secret, SecretMissingError } from "../../src/runtime/secret.ts";
import { VirtualClock } from "../../src/runtime/virtual-clock.ts";
import { delivery } from "../support/deliveries.ts";
import { turns } from "../support/turns.ts";

type Answer = HttpAnswer | SendFailure;
const ok: HttpAnswer = { status: 200, headers: {}, body: "" };
const busy: HttpAnswer = { status: 503, headers: {}, body: "" };

let clock: VirtualClock;
let outbox: Outbox;
let sent: { readonly atMs: number; readonly id: string }[];
let settled: Settlement[];
/** What comes back, in turn; the last one again and again. A function decides when. */
let answers: (Answer | (() => Promise<Answer>))[];

beforeEach(() => {
  clock = new VirtualClock(0);
  outbox = new Outbox();
  sent = [];
  settled = [];
  answers = [ok];
});

function courierFor(kind: Partial<Destination["kind"]> = {}, options: Partial<CourierOptions> = {}): Courier {
  const destination: Destination = {
    name: "hook",
    config: {},
    kind: {
      kind: "webhook",
      schema: undefined as never,
      retryForMs: 900_000,
      paceMs: 0,
      concurrency: 4,
      toRequest: (_notice, _config, { deliveryId }) => ({
        method: "POST",
        url: "http://x/",
        headers: {},
        body: deliveryId,
      }),
      classify: outcomeOf,
      ...kind,
    },
  };
  return new Courier({
    destinations: new Map([["hook", destination]]),
    outbox,
    clock,
    random: () => 1,
    readSecret: () => new Secret("s"),
    logger: silentLogger,
    onSettled: (settlement) => settled.push(settlement),
    sender: {
      async send({ body }) {
        sent.push({ atMs: clock.now(), id: String(body) });
        const answer = answers.length > 1 ? answers.shift() : answers[0];
        return typeof answer === "function" ? answer() : (answer ?? ok);
      },
      close: async () => undefined,
    },
    ...options,
  });
}

function owe(...deliveries: Delivery[]): Delivery[] {
  for (const each of deliveries) outbox.add(each);
  return deliveries;
}

/** Lets virtual time pass, with all that promises do in between. */
async function pass(untilMs: number): Promise<void> {
  await turns();
  for (let next = clock.nextTimerMs(); next !== undefined && next <= untilMs; next = clock.nextTimerMs()) {
    clock.advanceTo(next);
    await turns();
  }
  clock.advanceTo(untilMs);
  await turns();
}

describe("Courier", () => {
  test("sends what is due and books it as delivered", async () => {
    owe(delivery({ id: "msg_a" }));
    courierFor().wake();
    await pass(0);
    expect(sent).toEqual([{ atMs: 0, id: "msg_a" }]);
    expect(settled).toMatchObject([{ kind: "ended", delivery: { attempts: 1 }, end: { kind: "delivered" } }]);
  });

  test("waits for what is not due yet", async () => {
    owe(delivery({ nextAtMs: 5_000 }));
    courierFor().wake();
    await pass(4_999);
    expect(sent).toEqual([]);
    await pass(5_000);
    expect(sent).toHaveLength(1);
  });

  test("tries four times with growing waits, then leaves it to the outbox", async () => {
    owe(delivery());
    answers = [busy];
    courierFor().wake();
    await pass(10_000);
    expect(sent.map(({ atMs }) => atMs)).toEqual([0, 500, 1_500, 3_500]);
    expect(settled).toMatchObject([
      {
        kind: "rescheduled",
        delivery: { attempts: 4, rounds: 1, nextAtMs: 33_500, lastReason: "serverError" },
      },
    ]);
    answers = [ok];
    await pass(33_500);
    expect(settled.at(-1)).toMatchObject({ end: { kind: "delivered" }, delivery: { attempts: 5 } });
  });

  test("waits in hand for a short Retry-After", async () => {
    owe(delivery());
    answers = [{ ...busy, status: 429, headers: { "retry-after": "7" } }, ok];
    courierFor().wake();
    await pass(60_000);
    expect(sent.map(({ atMs }) => atMs)).toEqual([0, 7_000]);
  });

  test("leaves a long Retry-After to the outbox", async () => {
    owe(delivery());
    answers = [{ ...busy, status: 429, headers: { "retry-after": "120" } }, ok];
    courierFor().wake();
    await pass(1_000);
    expect(settled).toMatchObject([
      { kind: "rescheduled", delivery: { nextAtMs: 120_000, lastReason: "rateLimited" } },
    ]);
    await pass(120_000);
    expect(sent.map(({ atMs }) => atMs)).toEqual([0, 120_000]);
  });

  test("does not send what is past its horizon: a rebalance that comes hours late is worse than none", async () => {
    clock.advanceTo(900_000);
    owe(delivery({ expiresAtMs: 900_000 }));
    courierFor().wake();
    await pass(900_000);
    expect(sent).toEqual([]);
    expect(settled).toMatchObject([{ end: { kind: "dead", reason: "expired" } }]);
  });

  test("does not try again what was refused", async () => {
    owe(delivery());
    answers = [{ ...ok, status: 401 }];
    courierFor().wake();
    await pass(900_000);
    expect(sent).toHaveLength(1);
    expect(settled).toMatchObject([{ kind: "ended", end: { kind: "dead" } }]);
  });

  test("tries again when no answer came", async () => {
    owe(delivery());
    answers = [{ failed: "network", detail: "refused" }, ok];
    courierFor().wake();
    await pass(500);
    expect(settled).toMatchObject([{ end: { kind: "delivered" } }]);
  });

  test("keeps a notice whose secret is missing, until it is there", async () => {
    owe(delivery());
    let isMounted = false;
    const toRequest: Destination["kind"]["toRequest"] = () => {
      if (!isMounted) throw new SecretMissingError("Cannot read secret: file /x (ENOENT)");
      return { method: "POST", url: "http://x/", headers: {}, body: "now" };
    };
    courierFor({ toRequest }).wake();
    await pass(10_000);
    expect(sent).toEqual([]);
    expect(settled).toMatchObject([{ kind: "rescheduled", delivery: { lastReason: "notConfigured" } }]);
    isMounted = true;
    await pass(40_000);
    expect(sent).toHaveLength(1);
  });

  test("survives a bug while a request is written: the delivery stays owed", async () => {
    owe(delivery());
    courierFor({
      toRequest: () => {
        throw new TypeError("a bug");
      },
    }).wake();
    await pass(0);
    await pass(10_000);
    expect(outbox.owed).toBe(1);
  });

  test("keeps its pace", async () => {
    owe(delivery({ subject: "a" }), delivery({ subject: "b" }), delivery({ subject: "c" }));
    courierFor({ paceMs: 1_000 }).wake();
    await pass(10_000);
    expect(sent.map(({ atMs }) => atMs)).toEqual([0, 1_000, 2_000]);
  });

  test("has no more requests under way than the kind allows", async () => {
    owe(...["a", "b", "c"].map((subject) => delivery({ subject })));
    const open: (() => void)[] = [];
    answers = [() => new Promise((resolve) => open.push(() => resolve(ok)))];
    courierFor({ concurrency: 2 }).wake();
    await pass(0);
    expect(sent).toHaveLength(2);
    open.shift()?.();
    await pass(0);
    expect(sent).toHaveLength(3);
  });

  test("sends a subject's notices one after the other", async () => {
    const [fire, resolve] = owe(delivery({ id: "fire" }), delivery({ id: "resolve" }));
    answers = [busy, ok];
    courierFor().wake();
    await pass(60_000);
    expect(sent.map(({ id }) => id)).toEqual([fire?.id, fire?.id, resolve?.id]);
  });
});

describe("Courier.drain()", () => {
  test("gives due deliveries their try and leaves nothing running", async () => {
    owe(
      delivery({ subject: "a" }),
      delivery({ subject: "b" }),
      delivery({ subject: "later", nextAtMs: 60_000 }),
    );
    const draining = courierFor({ paceMs: 1_000 }).drain(10_000);
    await pass(10_000);
    await draining;
    expect(sent).toHaveLength(2);
    expect(outbox.owed).toBe(1);
    expect(clock.nextTimerMs()).toBeUndefined();
  });

  test("cuts a wait for the next try short, and the delivery stays owed", async () => {
    owe(delivery());
    answers = [busy];
    const courier = courierFor();
    courier.wake();
    await pass(100);
    const draining = courier.drain(10_000);
    await turns();
    await draining;
    expect(clock.now()).toBe(100);
    expect(settled).toMatchObject([{ kind: "rescheduled" }]);
    expect(outbox.owed).toBe(1);
  });

  test("gives up on an answer that does not come in time", async () => {
    owe(delivery());
    answers = [() => new Promise(() => undefined)];
    const draining = courierFor().drain(10_000);
    await pass(10_000);
    await draining;
    expect(outbox.owed).toBe(1);
  });
});
