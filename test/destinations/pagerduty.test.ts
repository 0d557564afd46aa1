import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Notice } from "../../src/alerts/notice.ts";
import { pagerduty } from "../../src/destinations/pagerduty.ts";
import { dedupKey, pagerDutyEvent } from "../../src/destinations/pagerduty-event.ts";
import { Secret } from "../../src/runtime/secret.ts";
import {
  alert,
  changeNotice,
  fireNotice,
  member,
  resolveNotice,
  testNotice,
  updateNotice,
} from "../support/notices.ts";

describe("the dedup key", () => {
  test("is one for the whole episode", () => {
    const keys = [fireNotice(), updateNotice(), resolveNotice()].map(dedupKey);
    expect(new Set(keys)).toEqual(new Set(["ringbell/cassandra-below-quorum/data/cassandra/2"]));
  });

  test("is another for the next episode, each generation, and tests", () => {
    expect(dedupKey(fireNotice({ alert: alert({ episode: 3 }) }))).toBe(
      "ringbell/cassandra-below-quorum/data/cassandra/3",
    );
    expect(dedupKey(changeNotice())).toBe("ringbell/pod-left-ring/data/cassandra/g8");
    expect(dedupKey(testNotice())).toBe("ringbell/cassandra-below-quorum/data/cassandra/test");
  });

  test("keeps 255 characters as they are and hashes the 256th", () => {
    const around = dedupKey(fireNotice({ rule: "" })).length;
    const fits = fireNotice({ rule: "r".repeat(255 - around) });
    const exceeds = fireNotice({ rule: "r".repeat(256 - around) });
    expect(dedupKey(fits)).toMatch(/\/r+\/data\/cassandra\/2$/);
    expect(dedupKey(fits)).toHaveLength(255);
    expect(dedupKey(exceeds)).toMatch(/^ringbell\/r+…\/[0-9a-f]{64}$/);
    expect(dedupKey(exceeds)).toHaveLength(255);
    expect(dedupKey({ ...exceeds, kind: "resolve" })).toBe(dedupKey(exceeds));
  });

  test.each(["a\u0000b", "a\nb", "a\ud83db"])("of the rule %j is clean, and still its own", (rule) => {
    const key = dedupKey(fireNotice({ rule }));
    expect(key).toMatch(/^ringbell\/a.b\/data\/cassandra\/2\/[0-9a-f]{64}$/u);
    expect(key.isWellFormed()).toBe(true);
    expect(key).not.toBe(dedupKey(fireNotice({ rule: "a b" })));
  });

  test("differs wherever rule, ring or episode differ", () => {
    const name = fc.string({ unit: "binary", maxLength: 300 });
    const subject = fc.record({ rule: name, key: name, episode: fc.integer({ min: 1, max: 3 }) });
    const keyOf = ({ rule, key, episode }: { rule: string; key: string; episode: number }): string =>
      dedupKey(
        fireNotice({
          rule,
          ring: { ...fireNotice().ring, key: `ns/${key.replaceAll("/", "")}` },
          alert: alert({ episode }),
        }),
      );
    fc.assert(
      fc.property(subject, subject, (one, other) => {
        const same =
          one.rule === other.rule &&
          one.key.replaceAll("/", "") === other.key.replaceAll("/", "") &&
          one.episode === other.episode;
        expect(keyOf(one) === keyOf(other)).toBe(same);
        expect(keyOf(one).length).toBeLessThanOrEqual(255);
        expect(keyOf(one).isWellFormed()).toBe(true);
      }),
    );
  });
});

test("a fire notice is a trigger with what a person needs", () => {
  expect(pagerDutyEvent(fireNotice())).toEqual({
    event_action: "trigger",
    dedup_key: "ringbell/cassandra-below-quorum/data/cassandra/2",
    payload: {
      summary: "data/cassandra has lost its quorum",
      source: "data/cassandra",
      severity: "critical",
      timestamp: "2026-11-21T03:04:35.000Z",
      component: "cassandra",
      group: "data",
      class: "cassandra-below-quorum",
      custom_details: {
        message: "2 of 5 ready, wanted at least 3",
        ring: "data/cassandra",
        ready: "2 of 5 ready",
        severity: "critical",
        rule: "cassandra-below-quorum",
        since: "2026-11-21T03:04:05.000Z",
        duration: "30s",
        counts: { total: 5, ready: 2, serving: 2, terminating: 0 },
        not_ready: ["cassandra-2 (zone eu-1a, node node-1, 10.0.0.10, not ready)"],
        labels: { team: "data" },
        runbook: "https://runbooks.example/cassandra?step=1&lang=en",
      },
    },
    links: [{ href: "https://runbooks.example/cassandra?step=1&lang=en", text: "Runbook" }],
    client: "Ringbell",
  });
});

test("a resolve notice is its key alone, and a test is never more than info", () => {
  expect(pagerDutyEvent(resolveNotice())).toEqual({
    event_action: "resolve",
    dedup_key: "ringbell/cassandra-below-quorum/data/cassandra/2",
  });
  expect(pagerDutyEvent(testNotice({ severity: "critical" })).payload?.severity).toBe("info");
});

function detailsOf(notice: Notice): Readonly<Record<string, unknown>> {
  return pagerDutyEvent(notice).payload?.custom_details ?? {};
}

test("a change notice lists its members, at most fifty of a kind", () => {
  expect(detailsOf(changeNotice())).toMatchObject({
    generation: "8 (before: 7)",
    left: ["cassandra-2 (zone eu-1a, node node-7, 10.0.0.10)"],
  });
  const left = Array.from({ length: 52 }, (_, index) => member(`c-${index}`));
  const lines = detailsOf(changeNotice({}, { left }))["left"] as string[];
  expect(lines).toHaveLength(51);
  expect(lines.at(-1)).toBe("and 2 more");
});

test("members are left out where the event would be too large, and the rest stays", () => {
  const huge = "語".repeat(300);
  const wide = Array.from({ length: 50 }, () =>
    member(huge, { zone: huge, node: huge, addresses: [huge, huge] }),
  );
  const change = wide.map((before) => ({ before, after: before }));
  const notice = changeNotice(
    {},
    {
      left: wide,
      joined: wide,
      becameReady: wide,
      becameUnready: wide,
      moved: change,
      replaced: change,
    },
  );
  const details = detailsOf(notice);
  expect(details).toMatchObject({
    ring: "data/cassandra",
    members: "left out: the event would exceed 512 KB",
  });
  expect(details).not.toHaveProperty("left");
});

test("the routing key stands in the body, which as a whole is secret", () => {
  const config = pagerduty.schema.parse({
    routingKey: { env: "K" },
    url: "https://events.eu.pagerduty.com/v2/enqueue",
  });
  const request = pagerduty.toRequest(fireNotice(), config, {
    deliveryId: "x",
    nowMs: 0,
    readSecret: () => new Secret("KEY"),
  });
  expect(request.url).toBe("https://events.eu.pagerduty.com/v2/enqueue");
  expect(request.body).toBeInstanceOf(Secret);
  expect(JSON.parse((request.body as Secret).reveal())).toMatchObject({ routing_key: "KEY" });
});
