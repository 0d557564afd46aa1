import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import type { Notice } from "../../../src/alerts/notice.ts";
import { type Random, seededRandom } from "../../../src/runtime/random.ts";
import type { ClusterModel } from "../../../src/simulator/cluster-model.ts";
import type { Receiver } from "../../../src/simulator/receiver.ts";
import { PROCESS_TEST_TIMEOUT_MS } from "../../support/eventually.ts";
import type { RingbellProcess } from "../../support/ringbell-process.ts";
import { RingbellSite, untilOwed } from "../../support/ringbell-site.ts";
import { endStoredWaits, type StoredDelivery } from "../../support/stored-deliveries.ts";

vi.setConfig({ testTimeout: PROCESS_TEST_TIMEOUT_MS });

const KILLS = 10;
const SEED = 20_261_121;
const RINGS = ["cassandra", "kafka", "etcd", "redis"];
const QUORUM = 3;

type Told = Notice & { readonly id: string };

test(`${KILLS} kills at any moment of a storm: all that was accepted is told, in order, and nothing else`, async () => {
  await using site = await RingbellSite.open();
  const hooks = [await site.receiver("webhook"), await site.receiver("webhook")] as const;
  site.writeRules(`
version: 1
destinations:
  one: { webhook: { url: "${hooks[0].url}" } }
  two: { webhook: { url: "${hooks[1].url}" } }
defaults: { notify: [one, two] }
rules:
  - { name: changed, ring: { namespace: data, service: "*" }, on: [changed], settle: 0s }
  - { name: settled, ring: { namespace: data, service: "*" }, on: [joined, left], settle: 20ms, notify: [one] }
  - { name: quorum, ring: { namespace: data, service: "*" }, when: { readyBelow: ${QUORUM} } }
`);
  const random = seededRandom(SEED);
  const models = new Map(RINGS.map((name) => [name, site.service(name, 4)]));
  const first = await site.run();
  await first.stop();

  for (let round = 0; round < KILLS; round++) {
    const ringbell = site.start();
    const storm = startStorm(site, [...models.values()], hooks, random);
    await momentToKill(ringbell, hooks, random);
    await ringbell.kill();
    await storm.stop();
    for (const hook of hooks) hook.release();
  }
  // A try that was refused while the process was stopping waits for up to half a minute.
  endStoredWaits(site.data);
  // Whatever the dice said, there is one more change of each ring to tell.
  for (const model of models.values()) site.scale(model, model.podNames().length === 5 ? 4 : 5);
  const last = await site.run();
  const isTold = (name: string): boolean =>
    membersTold(hooks[0], "changed", name) === memberNames(models.get(name));
  await last.bringsAbout(
    "the last state of each ring",
    untilReceived(hooks[0], () => RINGS.every(isTold)),
  );
  await untilOwed(last, 0);
  expect(await last.stop()).toEqual({ code: 0, signal: null });

  // What was told as a part of a later change was not sent by itself.
  const accepted = site.stored().filter(({ reason }) => reason !== "coalesced");
  expect(accepted.length).toBeGreaterThan(KILLS * 2);
  expect(accepted.filter(({ state }) => state !== "delivered")).toEqual([]);
  for (const [n, hook] of hooks.entries()) {
    const owedHere = accepted.filter(({ destination }) => destination === ["one", "two"][n]);
    expectAllTold(owedHere, told(hook));
  }
  for (const name of RINGS) expectWholeStory(firstTimes(told(hooks[0])), `data/${name}`);
});

/** Changes of the rings one after the other, and receivers that now and then are slow or refuse, until it is stopped. */
function startStorm(
  site: RingbellSite,
  models: readonly ClusterModel[],
  hooks: readonly Receiver[],
  random: Random,
): { stop(): Promise<void> } {
  const over = new AbortController();
  const blow = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const model = models[Math.floor(random() * models.length)];
      const hook = hooks[Math.floor(random() * hooks.length)];
      const dice = random();
      if (dice < 0.1) hook?.hold();
      else if (dice < 0.3) hook?.release();
      else if (dice < 0.32) hook?.answerNext(1, { status: 503 });
      if (model) site.scale(model, 1 + Math.floor(random() * 5));
      await sleep(random() * 15);
    }
  };
  const blown = blow();
  return {
    async stop() {
      over.abort();
      await blown;
    },
  };
}

/** A moment in a process's life: while it starts, between two notices, after a request or an answer, while it drains. */
async function momentToKill(
  ringbell: RingbellProcess,
  hooks: readonly [Receiver, Receiver],
  random: Random,
): Promise<void> {
  const kind = Math.floor(random() * 5);
  const nth = 1 + Math.floor(random() * 40);
  const [hook] = hooks;
  if (kind === 0) await sleep(random() * 700);
  else if (kind === 1) await ringbell.log("notice", () => true, nth);
  else if (kind === 2) await ringbell.log("delivered", () => true, nth);
  else if (kind === 3) await ringbell.bringsAbout("a request", hook.waitFor(hook.received.length + nth));
  else {
    // The process drains when the kill comes, unless a kill -9 is slower than that.
    await ringbell.log("notice", () => true, nth);
    ringbell.signal("SIGTERM");
    await ringbell.log("stopping");
  }
  await sleep(random() * 10);
}

function told(hook: Receiver): Told[] {
  return hook.received.filter(({ status }) => status < 300).map(({ json }) => json as Told);
}

/** What a receiver keeps that drops ids it has seen. */
function firstTimes(notices: readonly Told[]): Told[] {
  return [...new Map(notices.toReversed().map((notice) => [notice.id, notice])).values()].toReversed();
}

function untilReceived(hook: Receiver, holds: () => boolean): Promise<void> {
  const look = async (): Promise<void> => {
    while (!holds()) await hook.waitFor(hook.received.length + 1);
  };
  return look();
}

/** The members after the latest told change of a ring, sorted. */
function membersTold(hook: Receiver, rule: string, service: string): string | undefined {
  const changes = told(hook).filter((notice) => notice.rule === rule && notice.ring.service === service);
  const latest = changes.toSorted((a, b) => (a.generation ?? 0) - (b.generation ?? 0)).at(-1);
  return latest?.change?.after
    .map(({ name }) => name)
    .sort()
    .join();
}

function memberNames(model: ClusterModel | undefined): string | undefined {
  return model?.podNames().sort().join();
}

/** Received are exactly the accepted ids; repeats are the same to the byte; each subject is in order. */
function expectAllTold(accepted: readonly StoredDelivery[], received: readonly Told[]): void {
  expect(new Set(received.map(({ id }) => id))).toEqual(new Set(accepted.map(({ id }) => id)));
  for (const { id, notice } of accepted) {
    const times = received.filter((each) => each.id === id);
    expect(times).toEqual(times.map(() => ({ id, ...notice })));
  }
  const place = new Map(accepted.map(({ id, sequence }) => [id, sequence]));
  for (const [subject, notices] of Map.groupBy(firstTimes(received), subjectOf)) {
    const order = notices.map(({ id }) => place.get(id) ?? 0);
    expect(order, subject).toEqual(order.toSorted((a, b) => a - b));
  }
}

function subjectOf({ rule, ring }: Notice): string {
  return `${rule} ${ring.key}`;
}

/** Generations rise by one from 1, each change goes on where the one before ended, and fires and resolves alternate. */
function expectWholeStory(notices: readonly Told[], ring: string): void {
  for (const rule of ["changed", "settled"]) {
    const changes = notices.filter((notice) => notice.ring.key === ring && notice.rule === rule);
    const subject = `${rule} ${ring}`;
    // Changes that nobody had heard of are told as one, which takes up where the last one that was told ended.
    const generations = changes.map(({ generation }) => generation ?? 0);
    expect(generations, subject).toEqual([...new Set(generations)].sort((x, y) => x - y));
    expect(
      changes.map(({ previousGeneration }) => previousGeneration),
      subject,
    ).toEqual([0, ...generations].slice(0, changes.length));
  }
  const all = notices.filter((notice) => notice.ring.key === ring && notice.rule === "changed");
  const after = all.slice(0, -1).map(({ change }) => change?.after.map(({ uid }) => uid).sort());
  const before = all.slice(1).map(({ change }) => change?.before.map(({ uid }) => uid).sort());
  expect(before, ring).toEqual(after);

  const alerts = notices.filter((notice) => notice.ring.key === ring && notice.rule === "quorum");
  expect(
    alerts.map(({ kind, alert }) => `${kind} ${alert?.episode}`),
    ring,
  ).toEqual(alerts.map((_, n) => `${n % 2 === 0 ? "fire" : "resolve"} ${1 + Math.floor(n / 2)}`));
}
