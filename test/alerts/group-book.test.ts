import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GroupBook, type GroupTelling, KEEP_IDLE_MS } from "../../src/alerts/group-book.ts";
import type { Notice } from "../../src/alerts/notice.ts";
import type { GroupBy, GroupConfig } from "../../src/rules/destination-options.ts";
import { MemoryStore } from "../../src/state/memory-store.ts";
import {
  alert,
  changeNotice,
  fireNotice,
  member,
  resolveNotice,
  testNotice,
  updateNotice,
} from "../support/notices.ts";

const WAIT = 30_000;
const INTERVAL = 300_000;

function config(by: readonly GroupBy[], waitMs = WAIT, intervalMs = INTERVAL): GroupConfig {
  return { by, waitMs, intervalMs };
}

function bookOf(
  group: GroupConfig | undefined,
  more: Partial<ConstructorParameters<typeof GroupBook>[0]> = {},
) {
  const destinations = new Map([["on-call", { group }]]);
  return new GroupBook({ destinations, stored: [], nowMs: 0, ...more });
}

const ring = (service: string, namespace = "data"): Notice["ring"] => ({
  ...fireNotice().ring,
  key: `${namespace}/${service}`,
  namespace,
  service,
});
const onNode = (...nodes: (string | undefined)[]) =>
  alert({ notReady: nodes.map((node, index) => member(`m-${index}`, { node, ready: false })) });
const fire = (service: string, differs: Partial<Notice> = {}): Notice =>
  fireNotice({ ring: ring(service), alert: onNode("node-3"), ...differs });
const resolve = (service: string, differs: Partial<Notice> = {}): Notice =>
  resolveNotice({ ring: ring(service), ...differs });

function onlyOne(tellings: readonly GroupTelling[]): Notice {
  expect(tellings).toHaveLength(1);
  const [telling] = tellings;
  if (!telling) throw new Error("nothing was told");
  return telling.notice;
}

describe("a group", () => {
  test("of a dead node under forty rings is one notice, and one end", () => {
    const book = bookOf(config(["node"]));
    for (let index = 0; index < 40; index++)
      expect(book.offer(fire(`r-${index}`), "on-call", index * 100)).toBe(true);
    expect(book.nextDeadlineMs()).toBe(WAIT);
    expect(book.onTime(WAIT - 1)).toEqual([]);
    const told = onlyOne(book.onTime(WAIT));
    expect(told).toMatchObject({
      kind: "fire",
      rule: "group/node=node-3",
      title: "40 alerts fire: node node-3",
      message: "Firing: 40 of cassandra-below-quorum",
      ring: { key: "*/*" },
      alert: { episode: 1 },
      group: { by: { node: "node-3" }, firing: 40, resolved: 0 },
    });
    expect(told.group?.alerts).toHaveLength(40);
    expect(book.nextDeadlineMs()).toBeUndefined();

    for (let index = 0; index < 40; index++) book.offer(resolve(`r-${index}`), "on-call", 100_000 + index);
    expect(book.nextDeadlineMs()).toBe(100_039 + WAIT);
    const ended = onlyOne(book.onTime(100_039 + WAIT));
    expect(ended).toMatchObject({
      kind: "resolve",
      rule: told.rule,
      ring: { key: told.ring.key },
      title: "All alerts have resolved: node node-3",
      alert: { episode: 1, resolvedAt: "2026-11-21T03:14:05.000Z" },
      group: { firing: 0, resolved: 40 },
    });
    expect(book.nextDeadlineMs()).toBeUndefined();
  });

  test("tells news at its interval, and not before it has waited for company", () => {
    const book = bookOf(config(["node"]));
    book.offer(fire("a"), "on-call", 0);
    book.onTime(WAIT);
    book.offer(fire("b"), "on-call", 60_000);
    book.offer(resolve("a"), "on-call", 70_000);
    expect(book.nextDeadlineMs()).toBe(WAIT + INTERVAL);
    const update = onlyOne(book.onTime(WAIT + INTERVAL));
    expect(update).toMatchObject({
      kind: "update",
      title: "1 alert fires: node node-3 (1 new, 1 resolved)",
      alert: { episode: 1 },
      group: { firing: 1, resolved: 1, alerts: [{ ring: "data/b" }, { ring: "data/a" }] },
    });
    // Long after the last notice news wait only for company; what was told as resolved is gone.
    book.offer(fire("c"), "on-call", 2_000_000);
    expect(book.nextDeadlineMs()).toBe(2_000_000 + WAIT);
    expect(onlyOne(book.onTime(2_000_000 + WAIT)).group).toMatchObject({ firing: 2, resolved: 0 });
  });

  test("tells an update of one of its alerts as an update", () => {
    const book = bookOf(config(["node"]));
    book.offer(fire("a"), "on-call", 0);
    book.onTime(WAIT);
    expect(book.offer(updateNotice({ ring: ring("a"), alert: onNode("node-9") }), "on-call", 400_000)).toBe(
      true,
    );
    const update = onlyOne(book.onTime(400_000 + WAIT));
    expect(update).toMatchObject({ kind: "update", message: "1 of 5 ready, wanted at least 3" });
    expect(update.rule).toBe("group/node=node-3");
  });

  test("of one alert speaks in that alert's words", () => {
    const book = bookOf(config(["node"]));
    book.offer(fire("a"), "on-call", 0);
    expect(onlyOne(book.onTime(WAIT))).toMatchObject({
      title: "data/cassandra has lost its quorum",
      message: "2 of 5 ready, wanted at least 3",
      runbook: "https://runbooks.example/cassandra?step=1&lang=en",
      labels: { team: "data" },
    });
  });

  test("shares only those labels and that runbook that all of its alerts have", () => {
    const book = bookOf(config([]));
    book.offer(fire("a", { labels: { team: "data", tier: "1" } }), "on-call", 0);
    book.offer(
      fire("b", { labels: { team: "data", tier: "2" }, runbook: "https://other.example" }),
      "on-call",
      0,
    );
    const told = onlyOne(book.onTime(WAIT));
    expect(told.labels).toEqual({ team: "data" });
    expect(told).not.toHaveProperty("runbook");
    expect(told).toMatchObject({ rule: "group/all", title: "2 alerts fire" });
  });

  test("is as bad as the worst that fires, at its end as the worst that did", () => {
    const book = bookOf(config([]));
    book.offer(fire("a", { severity: "warning" }), "on-call", 0);
    book.offer(fire("b", { severity: "critical" }), "on-call", 0);
    expect(onlyOne(book.onTime(WAIT)).severity).toBe("critical");
    book.offer(resolve("b", { severity: "critical" }), "on-call", WAIT);
    expect(onlyOne(book.onTime(WAIT + INTERVAL)).severity).toBe("warning");
    book.offer(resolve("a", { severity: "warning" }), "on-call", WAIT + INTERVAL);
    expect(onlyOne(book.onTime(2 * WAIT + INTERVAL))).toMatchObject({ kind: "resolve", severity: "warning" });
  });

  test("forgets what resolved before it spoke of it, and says nothing when that was all", () => {
    const book = bookOf(config(["node"]));
    book.offer(fire("a"), "on-call", 0);
    expect(book.offer(resolve("a"), "on-call", 10_000)).toBe(true);
    expect(book.nextDeadlineMs()).toBeUndefined();
    expect(book.onTime(WAIT)).toEqual([]);
    // The wait of the next one is its own.
    book.offer(fire("a"), "on-call", 20_000);
    expect(book.nextDeadlineMs()).toBe(20_000 + WAIT);
    expect(onlyOne(book.onTime(20_000 + WAIT)).alert?.episode).toBe(1);
    book.offer(fire("b"), "on-call", 60_000);
    book.offer(resolve("b"), "on-call", 61_000);
    expect(book.nextDeadlineMs()).toBeUndefined();
  });

  test("that comes back before its end was told has not ended", () => {
    const book = bookOf(config(["node"]));
    book.offer(fire("a"), "on-call", 0);
    book.onTime(WAIT);
    book.offer(resolve("a"), "on-call", 400_000);
    book.offer(fire("a"), "on-call", 410_000);
    expect(onlyOne(book.onTime(book.nextDeadlineMs() ?? 0))).toMatchObject({
      kind: "update",
      alert: { episode: 1 },
      group: { firing: 1, resolved: 0 },
    });
  });

  test("that begins anew after its end is another episode", () => {
    const book = bookOf(config(["node"]));
    for (const start of [0, 1_000_000]) {
      book.offer(fire("a"), "on-call", start);
      const first = onlyOne(book.onTime(start + WAIT));
      book.offer(resolve("a"), "on-call", start + 100_000);
      const last = onlyOne(book.onTime(start + 100_000 + WAIT));
      expect([first.alert?.episode, last.alert?.episode]).toEqual(start === 0 ? [1, 1] : [2, 2]);
    }
  });

  test("waits while its destination is muted, and then tells how things are", () => {
    const mutedUntilMs = (_: string, atMs: number) => (atMs < 500_000 ? 500_000 : undefined);
    const book = bookOf(config(["node"]), { mutedUntilMs });
    book.offer(fire("a"), "on-call", 0);
    expect(book.onTime(WAIT)).toEqual([]);
    expect(book.nextDeadlineMs()).toBe(500_000);
    book.offer(fire("b"), "on-call", 100_000);
    book.onTime(100_000);
    expect(book.nextDeadlineMs()).toBe(500_000);
    expect(onlyOne(book.onTime(500_000)).group?.firing).toBe(2);
  });

  test("tells its end while its destination is muted, as single alerts do", () => {
    let isMuted = false;
    const book = bookOf(config(["node"]), { mutedUntilMs: () => (isMuted ? 900_000 : undefined) });
    book.offer(fire("a"), "on-call", 0);
    book.onTime(WAIT);
    isMuted = true;
    book.offer(resolve("a"), "on-call", 100_000);
    expect(onlyOne(book.onTime(100_000 + WAIT)).kind).toBe("resolve");
  });

  test("lists a hundred alerts at most, and counts all", () => {
    const book = bookOf(config([], 0));
    for (let index = 0; index < 250; index++)
      book.offer(fire(`r-${index}`, { severity: index === 249 ? "critical" : "info" }), "on-call", 0);
    const { group } = onlyOne(book.onTime(0));
    expect(group).toMatchObject({ firing: 250, alerts: { length: 100 } });
    expect(group?.alerts[0]?.ring).toBe("data/r-249");
  });
});

describe("which group an alert belongs to", () => {
  test.each<[readonly GroupBy[], Notice, string]>([
    [["node"], fire("a"), "node=node-3"],
    [["node"], fire("a", { alert: onNode("node-3", "node-3") }), "node=node-3"],
    [
      ["node"],
      fire("a", { alert: onNode("node-3", "node-4") }),
      "node=(several),alert=cassandra-below-quorum%20data%2Fa",
    ],
    [
      ["node"],
      fire("a", { alert: onNode("node-3", undefined) }),
      "node=(several),alert=cassandra-below-quorum%20data%2Fa",
    ],
    [
      ["node"],
      fire("a", { alert: onNode(undefined) }),
      "node=(unknown),alert=cassandra-below-quorum%20data%2Fa",
    ],
    [
      ["zone"],
      fire("a", { alert: alert({ notReady: [] }) }),
      "zone=(unknown),alert=cassandra-below-quorum%20data%2Fa",
    ],
    [["zone"], fire("a"), "zone=eu-1a"],
    [["namespace", "severity"], fire("a"), "namespace=data,severity=critical"],
    [["service", "rule"], fire("a"), "service=a,rule=cassandra-below-quorum"],
    [["node"], fire("a", { alert: onNode("a,b=c d/%") }), "node=a%2Cb%3Dc%20d%2F%25"],
    [[], fire("a"), "all"],
  ])("by %s", (by, notice, key) => {
    const book = bookOf(config(by, 0));
    book.offer(notice, "on-call", 0);
    expect(onlyOne(book.onTime(0)).rule).toBe(`group/${key}`);
  });

  test("two rings that are down in several places are told each for itself", () => {
    const book = bookOf(config(["node"], 0));
    for (const service of ["a", "b"]) book.offer(fire(service, { alert: onNode("n1", "n2") }), "on-call", 0);
    expect(book.onTime(0)).toHaveLength(2);
  });

  test("stays the same until the alert has resolved, wherever its members are by then", () => {
    const book = bookOf(config(["node"], 0));
    book.offer(fire("a"), "on-call", 0);
    book.onTime(0);
    book.offer(
      resolve("a", { alert: alert({ resolvedAt: "2026-11-21T03:14:05.000Z", notReady: [] }) }),
      "on-call",
      1,
    );
    expect(onlyOne(book.onTime(1))).toMatchObject({ kind: "resolve", rule: "group/node=node-3" });
  });
});

describe("what is not told in a group", () => {
  test("is changes, tests, and whatever is for a destination without groups", () => {
    const book = bookOf(config([]));
    expect(book.offer(changeNotice(), "on-call", 0)).toBe(false);
    expect(book.offer(testNotice(), "on-call", 0)).toBe(false);
    expect(book.offer(fire("a"), "other", 0)).toBe(false);
    expect(bookOf(undefined).offer(fire("a"), "on-call", 0)).toBe(false);
  });

  test("is how an alert goes on and ends whose beginning was told by itself", () => {
    const book = bookOf(config([]));
    expect(book.offer(updateNotice({ ring: ring("a") }), "on-call", 0)).toBe(false);
    expect(book.offer(resolve("a"), "on-call", 0)).toBe(false);
  });
});

describe("an edit of the rules file", () => {
  test("that takes the groups away lets those that were told end in their group", () => {
    const book = bookOf(config(["node"]));
    book.offer(fire("a"), "on-call", 0);
    book.onTime(WAIT);
    book.replaceRules({ destinations: new Map([["on-call", { group: undefined }]]) }, 50_000);
    expect(book.offer(fire("b"), "on-call", 50_000)).toBe(false);
    expect(book.offer(resolve("a"), "on-call", 60_000)).toBe(true);
    expect(onlyOne(book.onTime(60_000)).kind).toBe("resolve");
  });

  test("counts its new times for groups that wait", () => {
    const book = bookOf(config(["node"]));
    book.offer(fire("a"), "on-call", 0);
    book.replaceRules({ destinations: new Map([["on-call", { group: config(["zone"], 5_000) }]]) }, 1_000);
    expect(book.nextDeadlineMs()).toBe(5_000);
  });

  test("that takes the destination away drops its groups", () => {
    const book = bookOf(config(["node"]));
    book.offer(fire("a"), "on-call", 0);
    book.replaceRules({ destinations: new Map() }, 1_000);
    expect(book.nextDeadlineMs()).toBeUndefined();
    expect(book.takeChanges()).toEqual({
      groups: [],
      forgotten: [{ destination: "on-call", key: "node=node-3" }],
    });
  });
});

test("the first of several news, or the first end, sets the time", () => {
  const book = bookOf(config(["node"], WAIT, 1_000));
  book.offer(fire("a"), "on-call", 0);
  book.onTime(WAIT);
  book.offer(fire("b"), "on-call", 100_000);
  book.offer(fire("c"), "on-call", 120_000);
  expect(book.nextDeadlineMs()).toBe(100_000 + WAIT);
  book.onTime(100_000 + WAIT);
  for (const service of ["a", "b", "c"]) book.offer(resolve(service), "on-call", 200_000);
  book.offer(resolve("c"), "on-call", 210_000);
  expect(book.nextDeadlineMs()).toBe(200_000 + WAIT);
});

test("a group that is forgotten and begins anew before that is stored is not forgotten", () => {
  const book = bookOf(config(["node"]));
  book.offer(fire("a"), "on-call", 0);
  book.offer(resolve("a"), "on-call", 10);
  book.replaceRules({ destinations: new Map([["on-call", { group: config(["node"]) }]]) }, 10 + KEEP_IDLE_MS);
  book.offer(fire("a"), "on-call", 20 + KEEP_IDLE_MS);
  expect(book.takeChanges()).toMatchObject({ groups: [{ group: { firing: 1 } }], forgotten: [] });
});

test("an idle group is kept for a month, then forgotten", () => {
  const book = bookOf(config(["node"]));
  book.offer(fire("a"), "on-call", 0);
  book.offer(resolve("a"), "on-call", 10);
  book.takeChanges();
  book.onTime(9 + KEEP_IDLE_MS);
  expect(book.takeChanges().forgotten).toEqual([]);
  book.replaceRules({ destinations: new Map([["on-call", { group: undefined }]]) }, 10 + KEEP_IDLE_MS);
  expect(book.takeChanges().forgotten).toEqual([{ destination: "on-call", key: "node=node-3" }]);
});

type Step =
  | { readonly kind: "turn"; readonly service: number; readonly node: number }
  | { readonly kind: "pass"; readonly ms: number };

const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("turn" as const), service: fc.nat(5), node: fc.nat(1) }),
    fc.record({
      kind: fc.constant("pass" as const),
      ms: fc.constantFrom(1, 1_000, 15_000, 30_000, 200_000, 300_000),
    }),
  ),
  { maxLength: 60 },
);

interface Run {
  readonly told: readonly { readonly atMs: number; readonly notice: Notice }[];
  readonly endMs: number;
  /** Rings that fire, by the group they are in. */
  readonly firing: ReadonlyMap<string, string>;
}

/** Plays the steps: each turn lets a ring's alert fire, or resolve where it fires. Ends with ten quiet minutes. */
function play(all: readonly Step[], restarts: boolean): Run {
  const store = new MemoryStore();
  const group = config(["node"]);
  let book = bookOf(group);
  let nowMs = 0;
  const firing = new Map<string, string>();
  const told: { atMs: number; notice: Notice }[] = [];
  const store_ = (): void => {
    const { groups, forgotten } = book.takeChanges();
    store.commit({ groups, forgotten: { groups: forgotten } });
    if (restarts) book = bookOf(group, { stored: store.load().groups, nowMs });
  };
  const passUntil = (untilMs: number): void => {
    for (let due = book.nextDeadlineMs(); due !== undefined && due <= untilMs; due = book.nextDeadlineMs()) {
      nowMs = Math.max(nowMs, due);
      for (const { notice } of book.onTime(nowMs)) told.push({ atMs: nowMs, notice });
      store_();
    }
    nowMs = untilMs;
  };
  for (const step of all) {
    if (step.kind === "pass") passUntil(nowMs + step.ms);
    else {
      const service = `r-${step.service}`;
      const isFiring = firing.has(service);
      const offered = isFiring ? resolve(service) : fire(service, { alert: onNode(`node-${step.node}`) });
      expect(book.offer(offered, "on-call", nowMs)).toBe(true);
      if (isFiring) firing.delete(service);
      else firing.set(service, `node-${step.node}`);
      store_();
    }
  }
  passUntil(nowMs + 600_000);
  return { told, endMs: nowMs, firing };
}

/** Groups that speak in the same moment are in no order. */
function inOrder({ told }: Run): Run["told"] {
  return told.toSorted((a, b) => a.atMs - b.atMs || (a.notice.rule < b.notice.rule ? -1 : 1));
}

describe("whatever happens", () => {
  test("those who are told know in the end what fires, in right order and not more often than they asked", () => {
    fc.assert(
      fc.property(steps, (all) => {
        const { told, firing } = play(all, false);
        const known = new Map<string, readonly string[]>();
        const last = new Map<string, { atMs: number; kind: string; episode: number }>();
        for (const { atMs, notice } of told) {
          const before = last.get(notice.rule);
          const episode = notice.alert?.episode ?? 0;
          if (notice.kind === "fire") {
            expect(before === undefined || before.kind === "resolve").toBe(true);
            expect(episode).toBe((before?.episode ?? 0) + 1);
          } else {
            expect(before?.kind).toMatch(/fire|update/);
            expect(episode).toBe(before?.episode);
          }
          if (notice.kind === "update" && before) expect(atMs - before.atMs).toBeGreaterThanOrEqual(INTERVAL);
          last.set(notice.rule, { atMs, kind: notice.kind, episode });
          const fires = notice.group?.alerts.filter((each) => each.resolvedAt === undefined) ?? [];
          expect(fires).toHaveLength(notice.group?.firing ?? -1);
          known.set(notice.rule, fires.map((each) => each.ring).toSorted());
        }
        const told_ = [...known.values()].flat().toSorted();
        expect(told_).toEqual([...firing.keys()].map((service) => `data/${service}`).toSorted());
      }),
      { numRuns: 300 },
    );
  });

  test("a restart after each step changes nothing that is told", () => {
    fc.assert(
      fc.property(steps, (all) => {
        expect(inOrder(play(all, true))).toEqual(inOrder(play(all, false)));
      }),
      { numRuns: 150 },
    );
  });
});

test("A clock that is set back by an hour makes no group wait longer than it was to take", () => {
  const book = bookOf(config(["node"]), { nowMs: 3_600_000 });
  book.offer(fire("x"), "on-call", 3_600_000);
  book.onTime(3_600_000);
  expect(book.onTime(10_000)).toEqual([]);
  expect(book.nextDeadlineMs()).toBe(10_000 + WAIT);
  expect(book.onTime(10_000 + WAIT)).toHaveLength(1);
});

test("A stored group from after the clock was set back speaks in time", () => {
  const store = new MemoryStore();
  const before = bookOf(config(["node"]), { nowMs: 3_600_000 });
  before.offer(fire("x"), "on-call", 3_600_000);
  store.commit({ groups: before.takeChanges().groups });
  const after = bookOf(config(["node"]), { stored: store.load().groups, nowMs: 10_000 });
  expect(after.nextDeadlineMs()).toBe(10_000 + WAIT);
});
