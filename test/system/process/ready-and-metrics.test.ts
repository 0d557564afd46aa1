import { describe, expect, test, vi } from "vitest";
import { eventually, PROCESS_TEST_TIMEOUT_MS } from "../../support/eventually.ts";
import { parsePrometheusText } from "../../support/prometheus-text.ts";
import { RingbellSite } from "../../support/ringbell-site.ts";

vi.setConfig({ testTimeout: PROCESS_TEST_TIMEOUT_MS });

const QUORUM_RULES = `
version: 1
destinations: { hook: { webhook: { url: "http://127.0.0.1:9/" } } }
rules:
  - { name: quorum, ring: { namespace: data, service: cassandra }, when: { readyBelow: 3 }, notify: [hook] }
`;
const SCOPE = "endpointslices:data/cassandra";

describe.concurrent("/readyz", () => {
  test("is 503 with the reason while the API server is down, then 200; /healthz is 200 all the time", async () => {
    await using site = await RingbellSite.open();
    site.writeRules(QUORUM_RULES);
    site.service("cassandra", 3);
    await site.api.faults.stopListening();
    const ringbell = site.start();
    const refused = await eventually("a reason", async () => {
      const answer = await ringbell.get("/readyz");
      return answer.body.includes("ECONNREFUSED") && answer;
    });
    expect(refused).toMatchObject({ status: 503, type: "text/plain; charset=utf-8" });
    expect(refused.body).toContain(`not ready: ${SCOPE} has not been listed yet`);
    expect(refused.body).toContain("Cannot list endpointslices of Service cassandra in namespace data");
    expect(await ringbell.get("/healthz")).toMatchObject({ status: 200, body: "ok\n" });

    await site.api.faults.startListening();
    await ringbell.ready();
    expect(await ringbell.get("/readyz")).toMatchObject({ status: 200, body: "ok\n" });
    expect(await ringbell.get("/healthz")).toMatchObject({ status: 200, body: "ok\n" });
  });

  test("is 503 while a list hangs, and 200 once it has come", async () => {
    await using site = await RingbellSite.open();
    site.writeRules(QUORUM_RULES);
    site.service("cassandra", 3);
    site.api.faults.nextLists(1, "hang");
    const ringbell = site.start();
    await ringbell.bringsAbout(
      "a list",
      site.api.until(() => site.api.requests.length > 0),
    );
    expect(await ringbell.get("/readyz")).toMatchObject({
      status: 503,
      body: `not ready: ${SCOPE} has not been listed yet\n`,
    });
    expect(await ringbell.get("/healthz")).toMatchObject({ status: 200 });
    // The hanging server dies, and another takes its place.
    await site.api.faults.kill();
    await site.api.faults.startListening();
    await ringbell.ready();
  });

  test("is 503 until every scope has been listed, and names only those that have not", async () => {
    let mayList = false;
    await using site = await RingbellSite.open({
      authorize: ({ namespace }) => namespace === "data" || mayList,
    });
    const rule = "{ name: other, ring: { namespace: shop }, when: { missing: true }, notify: [hook] }";
    site.writeRules(`${QUORUM_RULES}  - ${rule}\n`);
    site.service("cassandra", 3);
    const ringbell = site.start();
    const { body } = await eventually("one scope listed", async () => {
      const answer = await ringbell.get("/readyz");
      return answer.body.includes("403") && !answer.body.includes(SCOPE) && answer;
    });
    expect(body).toMatch(/^not ready: endpointslices:shop\S* has not been listed yet: [^\n]+\n$/);
    const { value } = parsePrometheusText((await ringbell.get("/metrics")).body);
    expect(value("ringbell_watch_synced", { scope: SCOPE })).toBe(1);
    expect(value("ringbell_watch_synced", { scope: "endpointslices:shop/*" })).toBe(0);
    mayList = true;
    await ringbell.ready();
  });
});

test.concurrent("a missing permission is named in the log, and the process goes on once it is granted", async () => {
  let isGranted = false;
  await using site = await RingbellSite.open({ authorize: () => isGranted });
  site.writeRules(QUORUM_RULES);
  site.service("cassandra", 3);
  const ringbell = site.start();
  const line = await ringbell.log("Permission missing for watch");
  expect(line).toMatchObject({
    level: "error",
    scope: SCOPE,
    missing: { verb: "list", resource: "endpointslices.discovery.k8s.io", namespace: "data" },
  });
  expect(String(line["hint"])).toContain("ringbell rbac");
  expect((await ringbell.get("/readyz")).status).toBe(503);
  expect((await ringbell.get("/readyz")).body).toContain("403");

  isGranted = true;
  await ringbell.ready();
  await ringbell.log("Watch recovered");
  expect(await ringbell.stop()).toEqual({ code: 0, signal: null });
});

test.concurrent("Endpoints that are cut off are told in the log, once", async () => {
  await using site = await RingbellSite.open();
  site.writeRules(`
version: 1
destinations: { hook: { webhook: { url: "http://127.0.0.1:9/" } } }
rules:
  - { name: left, source: endpoints, ring: { namespace: data, service: big }, on: [left], notify: [hook] }
  - { name: below, source: endpoints, ring: { namespace: data }, when: { readyBelow: 3 }, notify: [hook] }
`);
  site.service("small", 3);
  site.service("big", 1001);
  const ringbell = await site.run();
  const isAboutIt = ({ msg }: { readonly msg: string }): boolean => msg.includes("are cut off after");
  await ringbell.until("the warning", () => ringbell.logs.some(isAboutIt));
  expect(ringbell.logs.filter(isAboutIt)).toMatchObject([{ level: "warn", ring: "data/big" }]);
  expect(ringbell.logs.find(isAboutIt)?.msg).toContain("after 1000 members");
});

test.concurrent("/metrics is Prometheus text, with right values after one delivered and one dead delivery", async () => {
  await using site = await RingbellSite.open();
  const [good, bad, down] = [
    await site.receiver("webhook"),
    await site.receiver("webhook"),
    await site.receiver("webhook"),
  ];
  const door = await site.door(down, "silent");
  bad.answerNext(1, { status: 410 });
  site.writeRules(`
version: 1
destinations:
  good: { webhook: { url: "${good.url}" } }
  bad: { webhook: { url: "${bad.url}" } }
  down: { webhook: { url: "${door.url}" } }
  idle: { webhook: { url: "${good.url}" } }
rules:
  - { name: quorum, ring: { namespace: data, service: cassandra }, when: { readyBelow: 3 }, notify: [good, bad, down] }
  - { name: left, ring: { namespace: data, service: cassandra }, on: [left], notify: [idle] }
`);
  const cassandra = site.service("cassandra", 3);
  const ringbell = await site.run();
  const before = parsePrometheusText((await ringbell.get("/metrics")).body);
  expect(before.value("ringbell_deliveries_owed", { destination: "good" })).toBe(0);
  expect(before.value("ringbell_oldest_owed_age_seconds", { destination: "good" })).toBe(0);
  expect(before.samples.filter(({ name }) => name === "ringbell_deliveries_ended_total")).toEqual([]);

  site.scale(cassandra, 2);
  await ringbell.log("delivered");
  await ringbell.log("delivery is dead");
  await ringbell.bringsAbout("an attempt", door.waitForKnocks(1));
  const { status, type, body } = await ringbell.get("/metrics");
  expect(status).toBe(200);
  expect(type).toMatch(/^text\/plain; version=0\.0\.4(;|$)/);
  const { types, value } = parsePrometheusText(body);
  expect([...types].filter(([name]) => name.startsWith("ringbell_"))).toEqual(
    expect.arrayContaining([
      ["ringbell_alerts", "gauge"],
      ["ringbell_build_info", "gauge"],
      ["ringbell_deliveries_ended_total", "counter"],
      ["ringbell_deliveries_owed", "gauge"],
      ["ringbell_delivery_attempts_total", "counter"],
      ["ringbell_delivery_latency_seconds", "histogram"],
      ["ringbell_notices_total", "counter"],
      ["ringbell_oldest_owed_age_seconds", "gauge"],
      ["ringbell_rings", "gauge"],
      ["ringbell_silences", "gauge"],
      ["ringbell_state_commit_failures_total", "counter"],
      ["ringbell_watch_age_seconds", "gauge"],
      ["ringbell_watch_events_total", "counter"],
      ["ringbell_watch_synced", "gauge"],
    ]),
  );
  expect(types.get("process_cpu_seconds_total")).toBe("counter");

  expect(value("ringbell_notices_total", { rule: "quorum", kind: "fire" })).toBe(1);
  const ended = (destination: string): number | undefined =>
    value("ringbell_deliveries_ended_total", { destination });
  expect(
    value("ringbell_deliveries_ended_total", { destination: "good", end: "delivered", reason: "" }),
  ).toBe(1);
  expect(value("ringbell_deliveries_ended_total", { destination: "bad", end: "dead", reason: "gone" })).toBe(
    1,
  );
  expect([ended("down"), ended("idle")]).toEqual([undefined, undefined]);
  expect(value("ringbell_delivery_attempts_total", { destination: "good", outcome: "delivered" })).toBe(1);
  expect(value("ringbell_delivery_attempts_total", { destination: "bad", outcome: "refused" })).toBe(1);
  expect(value("ringbell_delivery_latency_seconds_count", { destination: "good" })).toBe(1);
  expect(value("ringbell_delivery_latency_seconds_count", { destination: "bad" })).toBeUndefined();
  const latency = value("ringbell_delivery_latency_seconds_sum", { destination: "good" }) ?? Infinity;
  expect(latency).toBeGreaterThanOrEqual(0);
  expect(latency).toBeLessThan(10);

  const perDestination = ["good", "bad", "down", "idle"];
  const owed = perDestination.map((destination) => value("ringbell_deliveries_owed", { destination }));
  expect(owed).toEqual([0, 0, 1, 0]);
  const ages = perDestination.map((destination) =>
    value("ringbell_oldest_owed_age_seconds", { destination }),
  );
  expect(ages).toEqual([0, 0, expect.any(Number), 0]);
  expect(ages[2]).toBeLessThan(10);

  expect(value("ringbell_alerts", { phase: "firing" })).toBe(1);
  expect(value("ringbell_alerts", { phase: "pending" })).toBe(0);
  expect(value("ringbell_rings")).toBe(1);
  expect(value("ringbell_state_commit_failures_total")).toBe(0);
  expect(value("ringbell_watch_synced", { scope: SCOPE })).toBe(1);
  expect(value("ringbell_watch_age_seconds", { scope: SCOPE })).toBeLessThan(10);
});

test.concurrent("other paths and methods get 404 and 405, and a HEAD no body", async () => {
  await using site = await RingbellSite.open();
  site.writeRules(QUORUM_RULES);
  site.service("cassandra", 3);
  const ringbell = await site.run();
  const url = await ringbell.url();
  expect((await fetch(`${url}/nothing`)).status).toBe(404);
  expect((await fetch(`${url}/readyz?verbose`)).status).toBe(200);
  expect((await fetch(`${url}/metrics`, { method: "POST", body: "x" })).status).toBe(405);
  const head = await fetch(`${url}/healthz`, { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([200, ""]);
});

test.concurrent("an API token that cannot be read is warned of at the start, and silences are counted", async () => {
  await using site = await RingbellSite.open();
  site.writeRules(QUORUM_RULES);
  site.service("cassandra", 3);
  const ringbell = await site.run({ args: ["--api-token-file", "/nowhere/token"] });
  expect(await ringbell.log("the API token cannot be read: writes from elsewhere are refused")).toMatchObject(
    {
      level: "warn",
      problem: "Cannot read secret: file /nowhere/token (ENOENT)",
    },
  );
  const url = `${await ringbell.url()}/api/v1/silences`;
  const asked = { matchers: [{ name: "rule", value: "x", negate: false }], author: "ann", reason: "why" };
  const from = { ...asked, startsAt: new Date(Date.now() + 3_600_000).toISOString(), for: "1h" };
  const headers = { "content-type": "application/json" };
  for (const silence of [{ ...asked, for: "1h" }, { ...asked, for: "2h" }, from]) {
    const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(silence) });
    expect(answer.status, await answer.text()).toBe(201);
  }
  const { value } = parsePrometheusText((await ringbell.get("/metrics")).body);
  expect(value("ringbell_silences", { state: "active" })).toBe(2);
  expect(value("ringbell_silences", { state: "pending" })).toBe(1);
});

test.concurrent("notices of groups are counted without what their alerts have in common", async () => {
  await using site = await RingbellSite.open();
  const hook = await site.receiver("webhook");
  site.writeRules(`
version: 1
destinations: { hook: { webhook: { url: "${hook.url}" }, group: { by: [node], wait: 0s } } }
rules:
  - { name: quorum, ring: { namespace: data, service: cassandra }, when: { readyBelow: 3 }, notify: [hook] }
`);
  const cassandra = site.service("cassandra", 3);
  const ringbell = await site.run();
  site.scale(cassandra, 2);
  await ringbell.bringsAbout("a notice of a group", hook.waitFor(1));
  const { samples } = parsePrometheusText((await ringbell.get("/metrics")).body);
  const rules = samples.flatMap(({ name, labels }) =>
    name === "ringbell_notices_total" ? [labels["rule"]] : [],
  );
  expect(new Set(rules)).toEqual(new Set(["group/*", "quorum"]));
});
