import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import type { Notice } from "../../../src/alerts/notice.ts";
import type { Receiver } from "../../../src/simulator/receiver.ts";
import { eventually, PROCESS_TEST_TIMEOUT_MS } from "../../support/eventually.ts";
import { parsePrometheusText } from "../../support/prometheus-text.ts";
import { type RingbellProcess, runToEnd } from "../../support/ringbell-process.ts";
import { RingbellSite, untilOwed } from "../../support/ringbell-site.ts";
import { endStoredWaits } from "../../support/stored-deliveries.ts";

vi.setConfig({ testTimeout: PROCESS_TEST_TIMEOUT_MS });

// One of these waits for ten real seconds, so all of them run beside it.

/** What SIGTERM leaves for last tries: see `ringbell run`. */
const DRAIN_MS = 10_000;

const KEY = "0123456789abcdef0123456789abcdef";

const LEFT = `
  - { name: left, ring: { namespace: data, service: cassandra }, on: [left], settle: 0s }
`;
const QUORUM = `
  - { name: quorum, ring: { namespace: data, service: kafka }, when: { readyBelow: 2 }, for: 100ms, notify: [hook, pager] }
`;
const LATER = `
  - { name: later, ring: { namespace: data, service: cassandra }, when: { readyBelow: 9 }, for: 2300ms }
`;
const ENDS: readonly (readonly [string, (ringbell: RingbellProcess) => Promise<unknown>])[] = [
  ["SIGTERM", (ringbell) => ringbell.stop()],
  ["kill -9", (ringbell) => ringbell.kill()],
];

describe.concurrent("SIGTERM", () => {
  test("gives up on a receiver that never answers when the time is over, and the next start sends it", async () => {
    await using site = await RingbellSite.open();
    const hook = await site.receiver("webhook");
    // One attempt may take far longer than the drain.
    const first = await firing(site, hook, "timeout: 1m");
    const startMs = performance.now();
    first.signal("SIGTERM");
    expect(await first.ended(2 * DRAIN_MS)).toEqual({ code: 0, signal: null });
    expect(performance.now() - startMs).toBeGreaterThan(DRAIN_MS - 100);
    expect((await first.log("stopped"))["owed"]).toBe(1);
    expect(first.logs.filter(({ level }) => level === "error")).toEqual([]);
    const stored = site.stored();
    expect(stored).toMatchObject([{ state: "owed" }]);

    hook.release();
    const second = await site.run();
    await second.bringsAbout("the same notice", hook.waitFor(2));
    await second.stop();
    expect(idsIn(hook)).toEqual([stored[0]?.id, stored[0]?.id]);
    expect(site.stored()).toMatchObject([{ state: "delivered" }]);
  });

  test("waits for the answer to a request under way, and is not ready meanwhile", async () => {
    await using site = await RingbellSite.open();
    const hook = await site.receiver("webhook");
    const ringbell = await firing(site, hook);
    ringbell.signal("SIGTERM");
    await ringbell.log("stopping");
    expect(await ringbell.get("/readyz")).toMatchObject({ status: 503, body: "not ready: stopping\n" });
    expect(await ringbell.get("/healthz")).toMatchObject({ status: 200 });
    hook.release();
    expect(await ringbell.ended()).toEqual({ code: 0, signal: null });
    expect((await ringbell.log("stopped"))["owed"]).toBe(0);
    expect(site.stored()).toMatchObject([{ state: "delivered", attempts: 1 }]);
    expect(hook.received).toHaveLength(1);
  });

  test("gives what is due and waits for its turn its try", async () => {
    await using site = await RingbellSite.open();
    const slack = await site.receiver("slack");
    site.writeRules(rulesFor("slack", "webhookUrl: { env: SLACK }", 3));
    site.service("cassandra", 1);
    // Slack takes one message a second.
    const ringbell = site.start({ env: { SLACK: slack.url } });
    await ringbell.bringsAbout("the first message", slack.waitFor(1));
    expect(await ringbell.stop()).toEqual({ code: 0, signal: null });
    expect(slack.received).toHaveLength(3);
    expect(site.stored().map(({ state }) => state)).toEqual(["delivered", "delivered", "delivered"]);
  });

  test("does not wait for a receiver that is down: what is owed stays stored, and the next start sends it", async () => {
    await using site = await RingbellSite.open();
    const hook = await site.receiver("webhook");
    const door = await site.door(hook, "shut");
    site.writeRules(rulesFor("webhook", `url: "${door.url}"`, 3));
    site.service("cassandra", 1);
    const first = site.start();
    await first.bringsAbout("an attempt of each", door.waitForKnocks(3));
    const startMs = performance.now();
    expect(await first.stop()).toEqual({ code: 0, signal: null });
    expect(performance.now() - startMs).toBeLessThan(DRAIN_MS / 2);
    const stored = site.stored();
    expect(stored.map(({ state, reason }) => [state, reason])).toEqual(
      Array.from({ length: 3 }, () => ["owed", "network"]),
    );
    expect(stored.every(({ attempts }) => attempts >= 1)).toBe(true);

    endStoredWaits(site.data);
    door.state = "open";
    const second = await site.run();
    await second.bringsAbout("what was owed", hook.waitFor(3));
    expect(await second.stop()).toEqual({ code: 0, signal: null });
    expect(idsIn(hook).toSorted()).toEqual(stored.map(({ id }) => id).toSorted());
    expect(site.stored().map(({ state }) => state)).toEqual(["delivered", "delivered", "delivered"]);
  });

  test("during the start ends it with exit code 0", async () => {
    await using site = await RingbellSite.open();
    const hook = await site.receiver("webhook");
    site.writeRules(rulesFor("webhook", `url: "${hook.url}"`, 1));
    site.api.faults.nextLists(1, "noHeaders");
    const ringbell = site.start();
    await ringbell.bringsAbout(
      "a list",
      site.api.until(() => site.api.requests.length > 0),
    );
    expect(await ringbell.stop()).toEqual({ code: 0, signal: null });
    expect(hook.received).toEqual([]);
  });
});

describe.concurrent("a second signal ends at once with exit code 1", () => {
  test.each([
    ["SIGTERM", "SIGTERM"],
    ["SIGINT", "SIGINT"],
    ["SIGTERM", "SIGINT"],
    ["SIGINT", "SIGTERM"],
  ] as const)("%s, then %s", async (firstSignal, secondSignal) => {
    await using site = await RingbellSite.open();
    const hook = await site.receiver("webhook");
    const ringbell = await firing(site, hook);
    ringbell.signal(firstSignal);
    await ringbell.log("stopping");
    const startMs = performance.now();
    ringbell.signal(secondSignal);
    expect(await ringbell.ended()).toEqual({ code: 1, signal: null });
    expect(performance.now() - startMs).toBeLessThan(DRAIN_MS / 2);
    expect(ringbell.logs.map(({ msg }) => msg)).not.toContain("stopped");
    expect(site.stored()).toMatchObject([{ state: "owed" }]);
  });
});

describe.concurrent.each(ENDS)("a restart after %s", (_name, end) => {
  test("says nothing anew, and goes on with the next generation", async () => {
    await using site = await RingbellSite.open();
    const hook = await site.receiver("webhook");
    site.writeRules(rules(hook, LEFT));
    const cassandra = site.service("cassandra", 5);
    const first = await site.run();
    site.scale(cassandra, 4);
    await first.bringsAbout("the first change", hook.waitFor(1));
    await untilOwed(first, 0);
    await untilStored(first);
    await end(first);

    const second = await site.run();
    await end(second);
    const third = await site.run();
    site.scale(cassandra, 3);
    await third.bringsAbout("the second change", hook.waitFor(2));
    await third.stop();
    expect(noticesOf(hook).map(({ kind, generation }) => [kind, generation])).toEqual([
      ["change", 1],
      ["change", 2],
    ]);
    expect(site.stored()).toHaveLength(2);
  });

  test("while an alert is firing does not fire again, and resolves the same episode", async () => {
    await using site = await RingbellSite.open();
    const hook = await site.receiver("webhook");
    const pager = await site.receiver("pagerduty");
    site.writeRules(rules(hook, QUORUM, pager));
    const kafka = site.service("kafka", 2);
    const env = { PAGER: KEY };
    const first = await site.run({ env });
    site.scale(kafka, 1);
    await first.bringsAbout("the fire", Promise.all([hook.waitFor(1), pager.waitFor(1)]));
    await untilOwed(first, 0);
    await untilStored(first);
    await end(first);

    const second = await site.run({ env });
    const { value } = parsePrometheusText((await second.get("/metrics")).body);
    expect(value("ringbell_alerts", { phase: "firing" })).toBe(1);
    await end(second);
    const third = await site.run({ env });
    site.scale(kafka, 2);
    await third.bringsAbout("the resolve", Promise.all([hook.waitFor(2), pager.waitFor(2)]));
    await third.stop();

    const [fire, resolve] = noticesOf(hook);
    expect([fire?.kind, resolve?.kind]).toEqual(["fire", "resolve"]);
    expect([fire?.alert?.episode, resolve?.alert?.episode]).toEqual([1, 1]);
    // When it began and when it fired are known over the restarts.
    expect(resolve?.alert).toMatchObject({ since: fire?.alert?.since, firedAt: fire?.alert?.firedAt });
    expect(pager.received.map(({ json }) => json)).toMatchObject([
      { event_action: "trigger", dedup_key: "ringbell/quorum/data/kafka/1" },
      { event_action: "resolve", dedup_key: "ringbell/quorum/data/kafka/1" },
    ]);
    expect([hook.received.length, pager.received.length]).toEqual([2, 2]);
  });
});

test.concurrent("a settle time that is cut by a kill goes on from its start, and is told once", async () => {
  await using site = await RingbellSite.open();
  const hook = await site.receiver("webhook");
  site.writeRules(rules(hook, LEFT.replace("settle: 0s", "settle: 2s") + LATER));
  const cassandra = site.service("cassandra", 5);
  const first = await site.run();
  // The baseline itself takes one settle time to stand: the other rule speaks after that.
  await first.bringsAbout("the notice of the slower rule", hook.waitFor(1));
  await untilOwed(first, 0);
  await untilStored(first);
  const eventsBefore = await eventCount(first);
  site.scale(cassandra, 4);
  await eventually("the events of the leaving", async () => (await eventCount(first)) > eventsBefore);
  // What was decided is stored after the turn that counted it: one more answer comes later than that.
  await eventCount(first);
  await first.kill();
  const killedAt = new Date().toISOString();

  const second = await site.run();
  await second.bringsAbout("the change", hook.waitFor(2));
  await second.stop();
  expect(noticesOf(hook).map(({ rule, generation }) => [rule, generation])).toEqual([
    ["later", undefined],
    ["left", 1],
  ]);
  const change = noticesOf(hook)[1]?.change;
  expect(change?.whileAway).toBe(false);
  expect(String(change?.firstChangeAt) < killedAt, `${change?.firstChangeAt} < ${killedAt}`).toBe(true);
});

test.concurrent("a second process on the same data is refused with exit code 1, and the first goes on undisturbed", async () => {
  await using site = await RingbellSite.open();
  const hook = await site.receiver("webhook");
  site.writeRules(rulesFor("webhook", `url: "${hook.url}"`, 1));
  const cassandra = site.service("cassandra", 2);
  const first = await site.run();
  await first.bringsAbout(
    "a watch",
    site.api.until(() => site.api.openWatches().length === 1),
  );
  const requestsBefore = site.api.requests.length;
  const { code, stdout, stderr } = await runToEnd({ args: site.runArguments });
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/^[^\n]+\n$/);
  expect(stderr).toContain(join(site.data, "ringbell.db"));
  expect(stderr).toContain("another Ringbell is using it");
  expect(site.api.requests).toHaveLength(requestsBefore);
  site.scale(cassandra, 1);
  await first.bringsAbout("the fire", hook.waitFor(1));
  expect(await first.stop()).toEqual({ code: 0, signal: null });
});

/** A process with one fire on its way to a webhook that holds its answer back. */
async function firing(site: RingbellSite, hook: Receiver, setting = ""): Promise<RingbellProcess> {
  hook.hold();
  site.writeRules(rulesFor("webhook", `url: "${hook.url}", ${setting}`, 1));
  site.service("cassandra", 1);
  const ringbell = site.start();
  await ringbell.bringsAbout("the request", hook.waitFor(1));
  await untilOwed(ringbell, 1);
  return ringbell;
}

/** So many rules that fire at the first list, all to one destination. */
function rulesFor(kind: string, settings: string, count: number): string {
  const rules = Array.from(
    { length: count },
    (_, n) =>
      `  - { name: r${n}, ring: { namespace: data, service: cassandra }, when: { readyBelow: 2 }, notify: [it] }`,
  );
  return `
version: 1
destinations: { it: { ${kind}: { ${settings} } } }
rules:
${rules.join("\n")}
`;
}

function idsIn(receiver: Receiver): string[] {
  return receiver.received.map(({ json }) => (json as { readonly id: string }).id);
}

async function eventCount(ringbell: RingbellProcess): Promise<number> {
  const { value } = parsePrometheusText((await ringbell.get("/metrics")).body);
  return value("ringbell_watch_events_total", { source: "endpointslices" }) ?? 0;
}

function rules(hook: Receiver, list: string, pager?: Receiver): string {
  const url = pager?.url ?? hook.url;
  return `
version: 1
destinations:
  hook: { webhook: { url: "${hook.url}" } }
  pager: { pagerduty: { routingKey: { env: PAGER }, url: "${url}" } }
defaults: { notify: [hook] }
rules:
${list}`;
}

function noticesOf(receiver: Receiver): Notice[] {
  return receiver.received.map(({ json }) => json as Notice);
}

/** The end of a delivery is stored at the end of the turn in which it is counted; a request later it is. */
async function untilStored(ringbell: RingbellProcess): Promise<void> {
  await ringbell.get("/healthz");
}
