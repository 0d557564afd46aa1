import { http, HttpResponse } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Notice } from "../../src/alerts/notice.ts";
import { pagerduty } from "../../src/destinations/pagerduty.ts";
import { createSender } from "../../src/destinations/send.ts";
import { SEVERITIES } from "../../src/rules/rule.ts";
import { fireNotice, resolveNotice } from "../support/notices.ts";
import { answer, destinationContract, onWire, secretsFrom } from "./destination-contract.ts";

const KEY = "R0123456789ABCDEFGHIJKLMNOPQRSTU";
const URL_DEFAULT = "https://events.pagerduty.com/v2/enqueue";
const secrets = { PAGERDUTY_KEY: KEY };

interface Event {
  readonly routing_key: string;
  readonly event_action: string;
  readonly dedup_key: string;
  readonly payload?: {
    readonly summary: string;
    readonly source: string;
    readonly severity: string;
    readonly component: string;
    readonly group: string;
    readonly class: string;
  };
  readonly links?: readonly { readonly href: string; readonly text: string }[];
}

// https://developer.pagerduty.com/docs/send-alert-event
function checkBody(json: string, notice: Notice): void {
  const event = JSON.parse(json) as Event;
  expect(Buffer.byteLength(json)).toBeLessThanOrEqual(512_000);
  expect(event.routing_key).toBe(KEY);
  expect(event.dedup_key.length).toBeGreaterThan(0);
  expect(event.dedup_key.length).toBeLessThanOrEqual(255);
  expect(event.dedup_key.isWellFormed()).toBe(true);
  expect(event.event_action).toBe(notice.kind === "resolve" ? "resolve" : "trigger");
  if (!event.payload) return expect(notice.kind).toBe("resolve");
  expect(event.payload.summary.length).toBeGreaterThan(0);
  expect(event.payload.summary.length).toBeLessThanOrEqual(1024);
  expect(event.payload.source.length).toBeGreaterThan(0);
  expect(SEVERITIES).toContain(event.payload.severity);
  for (const text of [event.payload.summary, event.payload.source, event.payload.component]) {
    expect(text.isWellFormed()).toBe(true);
  }
  for (const { href, text } of event.links ?? []) {
    expect(["http:", "https:"]).toContain(new URL(href).protocol);
    expect(text).toBe("Runbook");
  }
}

destinationContract({
  kind: pagerduty,
  config: { routingKey: { env: "PAGERDUTY_KEY" } },
  secrets,
  accepted: { status: 202, body: '{"status":"success","message":"Event processed","dedup_key":"x"}' },
  checkBody,
});

test("a rate limit without Retry-After waits half a minute, and never less", () => {
  expect(pagerduty.classify(answer(429), 0)).toMatchObject({ afterMs: 30_000 });
  expect(pagerduty.classify(answer(429, "", { "retry-after": "1" }), 0)).toMatchObject({ afterMs: 30_000 });
});

test("a 400 about the routing key is named so", () => {
  const body = JSON.stringify({ status: "invalid event", errors: [`'routing_key' is invalid: ${KEY}`] });
  expect(pagerduty.classify(answer(400, body), 0)).toEqual({
    kind: "refused",
    reason: "unauthorized",
    detail: "HTTP 400: PagerDuty does not know the routing key",
  });
});

describe("through a stand-in of events.pagerduty.com", () => {
  /** Incidents by dedup key, as PagerDuty keeps them: a trigger opens or joins one, a resolve closes it. */
  const incidents = new Map<string, "open" | "resolved">();
  let down = 0;
  const server = setupServer(
    http.post(URL_DEFAULT, async ({ request }) => {
      if (down-- > 0) return new HttpResponse(null, { status: 503 });
      const event = (await request.json()) as Event;
      if (event.routing_key !== KEY) return HttpResponse.json({ errors: ["routing_key"] }, { status: 400 });
      if (event.event_action === "trigger") incidents.set(event.dedup_key, "open");
      else if (incidents.has(event.dedup_key)) incidents.set(event.dedup_key, "resolved");
      return HttpResponse.json({ status: "success", dedup_key: event.dedup_key }, { status: 202 });
    }),
  );
  const sender = createSender({ fetch: (...args) => globalThis.fetch(...args) });
  beforeAll(() => server.listen({ onUnhandledFrame: "error" }));
  afterEach(() => incidents.clear());
  afterAll(async () => {
    server.close();
    await sender.close();
  });

  async function send(notice: Notice, key = KEY): Promise<unknown> {
    const request = pagerduty.toRequest(notice, pagerduty.schema.parse({ routingKey: { env: "K" } }), {
      deliveryId: "msg_1",
      nowMs: 0,
      readSecret: secretsFrom({ K: key }),
    });
    expect(onWire(request.url)).toBe(URL_DEFAULT);
    const got = await sender.send(request);
    return "failed" in got ? got : pagerduty.classify(got, 0);
  }

  test("fire, a repeated fire and update are one incident, which resolve ends", async () => {
    expect(await send(fireNotice())).toEqual({ kind: "delivered" });
    await send(fireNotice());
    await send(fireNotice({ kind: "update", message: "worse" }));
    expect([...incidents.values()]).toEqual(["open"]);
    await send(resolveNotice());
    expect([...incidents.values()]).toEqual(["resolved"]);
  });

  test("an outage is tried again, a wrong routing key is not", async () => {
    down = 1;
    expect(await send(fireNotice())).toMatchObject({ kind: "retry", reason: "serverError" });
    expect(await send(fireNotice(), "wrong")).toMatchObject({ kind: "refused", reason: "unauthorized" });
  });
});
