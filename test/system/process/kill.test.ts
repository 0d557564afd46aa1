import { describe, expect, test, vi } from "vitest";
import type { Notice } from "../../../src/alerts/notice.ts";
import type { Received, Receiver } from "../../../src/simulator/receiver.ts";
import { PROCESS_TEST_TIMEOUT_MS } from "../../support/eventually.ts";
import { RingbellSite, untilOwed } from "../../support/ringbell-site.ts";

vi.setConfig({ testTimeout: PROCESS_TEST_TIMEOUT_MS });

const KEY = "0123456789abcdef0123456789abcdef";

describe.concurrent("kill -9 between accept and send", () => {
  test("loses nothing: the next start sends all that was accepted, with the same ids", async () => {
    await using site = await RingbellSite.open();
    const [hook, pager, slack] = [
      await site.receiver("webhook"),
      await site.receiver("pagerduty"),
      await site.receiver("slack"),
    ];
    const doors = [
      await site.door(hook, "silent"),
      await site.door(pager, "silent"),
      await site.door(slack, "silent"),
    ] as const;
    const env = { SLACK: doors[2].url, PAGER: KEY };
    site.writeRules(`
version: 1
destinations:
  hook: { webhook: { url: "${doors[0].url}" } }
  pager: { pagerduty: { routingKey: { env: PAGER }, url: "${doors[1].url}" } }
  slack: { slack: { webhookUrl: { env: SLACK } } }
rules:
  - { name: left, ring: { namespace: data, service: cassandra }, on: [left], settle: 0s, notify: [hook] }
  - { name: quorum, ring: { namespace: data, service: cassandra }, when: { readyBelow: 3 }, notify: [hook, pager, slack] }
`);
    const cassandra = site.service("cassandra", 5);
    const killed = await site.run({ env });
    site.scale(cassandra, 4);
    await untilOwed(killed, 1);
    site.scale(cassandra, 3);
    await untilOwed(killed, 2);
    site.scale(cassandra, 2);
    // The second and the third change are told as one: nobody has heard of the second.
    await untilOwed(killed, 5);
    // The first of each subject is on its way to a receiver that does not answer; the others wait behind it.
    await Promise.all(doors.map((door) => killed.bringsAbout("a connection", door.waitForKnocks(1))));
    await killed.kill();

    const stored = site.stored();
    expect(stored.filter(({ reason }) => reason === "coalesced")).toHaveLength(1);
    const accepted = stored.filter(({ reason }) => reason !== "coalesced");
    expect(accepted.map(({ destination, state }) => `${destination} ${state}`).sort()).toEqual([
      ...Array<string>(3).fill("hook owed"),
      "pager owed",
      "slack owed",
    ]);
    expect([hook, pager, slack].map(({ received }) => received.length)).toEqual([0, 0, 0]);

    for (const door of doors) door.state = "open";
    const restarted = await site.run({ env });
    await restarted.bringsAbout(
      "all requests",
      Promise.all([hook.waitFor(3), pager.waitFor(1), slack.waitFor(1)]),
    );
    expect(await restarted.stop()).toEqual({ code: 0, signal: null });

    const idsFor = (name: string): string[] =>
      accepted.filter(({ destination }) => destination === name).map(({ id }) => id);
    expect(idsIn(hook).toSorted()).toEqual(idsFor("hook").toSorted());
    expect(hook.received.map(headerId)).toEqual(idsIn(hook));
    expect(notices(hook).flatMap(({ generation }) => generation ?? [])).toEqual([1, 3]);
    expect(pager.received.map(({ json }) => json)).toMatchObject([
      { event_action: "trigger", dedup_key: "ringbell/quorum/data/cassandra/1" },
    ]);
    expect(slack.received).toHaveLength(1);
    expect(slack.received[0]?.body).toContain(idsFor("slack")[0]);
    const ended = site.stored().filter(({ reason }) => reason !== "coalesced");
    expect(ended.map(({ id, state }) => [id, state])).toEqual(accepted.map(({ id }) => [id, "delivered"]));
  });

  test("loses no change that came while nobody watched", async () => {
    await using site = await RingbellSite.open();
    const hook = await site.receiver("webhook");
    site.writeRules(leftRules(hook.url));
    const cassandra = site.service("cassandra", 5);
    await (await site.run()).kill();
    site.scale(cassandra, 3);

    const restarted = await site.run();
    await restarted.bringsAbout("the change", hook.waitFor(1));
    await restarted.stop();
    expect(notices(hook)).toMatchObject([
      {
        generation: 1,
        change: { whileAway: true, left: [{ name: "cassandra-3" }, { name: "cassandra-4" }] },
      },
    ]);
  });
});

describe.concurrent("kill -9 between send and acknowledgement", () => {
  test("the same id comes again, and only once more", async () => {
    await using site = await RingbellSite.open();
    const hook = await site.receiver("webhook");
    site.writeRules(leftRules(hook.url));
    const cassandra = site.service("cassandra", 5);
    hook.hold();
    const killed = await site.run();
    site.scale(cassandra, 4);
    await killed.bringsAbout("the request", hook.waitFor(1));
    await killed.kill();
    hook.release();

    const restarted = await site.run();
    await restarted.bringsAbout("the request again", hook.waitFor(2));
    await untilOwed(restarted, 0);
    expect(await restarted.stop()).toEqual({ code: 0, signal: null });
    // A start after that owes nothing, and what it has to say is new.
    const third = await site.run();
    site.scale(cassandra, 3);
    await third.bringsAbout("the next change", hook.waitFor(3));
    await third.stop();

    const [first, again, next] = hook.received;
    expect(hook.received).toHaveLength(3);
    expect(again?.body).toBe(first?.body);
    expect(again && headerId(again)).toBe(first && headerId(first));
    expect(next && headerId(next)).not.toBe(first && headerId(first));
    expect(notices(hook).map(({ generation }) => generation)).toEqual([1, 1, 2]);
    // What a receiver has that drops repeated ids: each notice exactly once.
    expect(new Set(idsIn(hook))).toEqual(new Set(site.stored().map(({ id }) => id)));
  });
});

function leftRules(url: string): string {
  return `
version: 1
destinations: { hook: { webhook: { url: "${url}" } } }
rules:
  - { name: left, ring: { namespace: data, service: cassandra }, on: [left], settle: 0s, notify: [hook] }
`;
}

function notices(receiver: Receiver): (Notice & { readonly id: string })[] {
  return receiver.received.map(({ json }) => json as Notice & { readonly id: string });
}

function idsIn(receiver: Receiver): string[] {
  return notices(receiver).map(({ id }) => id);
}

function headerId({ headers }: Received): string {
  return String(headers["webhook-id"]);
}
