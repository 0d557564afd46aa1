import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, test } from "vitest";
import { VirtualClock } from "../../src/runtime/virtual-clock.ts";
import { type Receiver, type ReceiverOptions, startReceiver } from "../../src/simulator/receiver.ts";

const clock = new VirtualClock(Date.UTC(2026, 0, 1));
let receiver: Receiver;
afterEach(() => receiver.close());

async function start(options: Omit<ReceiverOptions, "clock">): Promise<void> {
  receiver = await startReceiver({ clock, ...options });
}

const post = (body: unknown, headers: Record<string, string> = {}, url = receiver.url): Promise<Response> =>
  fetch(url, { method: "POST", headers, body: typeof body === "string" ? body : JSON.stringify(body) });

describe("Slack", () => {
  test("answers ok, and keeps what came", async () => {
    await start({ kind: "slack" });
    const response = await post({ text: "web lost a member" });
    expect([response.status, await response.text()]).toEqual([200, "ok"]);
    expect(receiver.received).toMatchObject([
      { atMs: clock.now(), method: "POST", status: 200, json: { text: "web lost a member" } },
    ]);
  });

  test.each(["not json", "[]", "null", { blocks: [] }, { text: "" }, { text: 1 }])(
    "refuses %j",
    async (body) => {
      await start({ kind: "slack" });
      const response = await post(body);
      expect([response.status, await response.text()]).toEqual([400, "invalid_payload"]);
    },
  );
});

describe("PagerDuty", () => {
  const event = {
    routing_key: "0123456789abcdef0123456789abcdef",
    event_action: "trigger",
    payload: { summary: "s", source: "lab/web", severity: "critical" },
  };

  test("takes an event and names its key", async () => {
    await start({ kind: "pagerduty" });
    const response = await post(event);
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({
      status: "success",
      message: "Event processed",
      dedup_key: "simulated-1",
    });
    expect(await (await post({ ...event, dedup_key: "mine" })).json()).toMatchObject({ dedup_key: "mine" });
    const resolve = { routing_key: event.routing_key, event_action: "resolve", dedup_key: "mine" };
    expect((await post(resolve)).status).toBe(202);
  });

  test.each([
    ["not json", "JSON cannot be parsed"],
    [{ ...event, routing_key: "short" }, "Length of 'routing_key' is incorrect (should be 32 characters)"],
    [{ ...event, event_action: "ring" }, "'event_action' is invalid"],
    [{ ...event, payload: undefined }, "'payload' is missing or blank"],
    [{ ...event, payload: { ...event.payload, severity: "bad" } }, "'payload.severity' is invalid"],
    [{ ...event, payload: { ...event.payload, source: "" } }, "'payload.source' is missing or blank"],
    [{ ...event, event_action: "resolve" }, "'dedup_key' is missing or blank"],
    [{ ...event, dedup_key: "k".repeat(256) }, "'dedup_key' must be a string of at most 255 characters"],
    [
      { ...event, payload: { ...event.payload, summary: "s".repeat(1_025) } },
      "'payload.summary' is longer than 1024 characters",
    ],
  ])("refuses %j", async (body, error) => {
    await start({ kind: "pagerduty" });
    const response = await post(body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ status: "invalid event", errors: [error] });
  });

  test("is at its path only", async () => {
    await start({ kind: "pagerduty" });
    expect((await post(event, {}, receiver.url.replace("/v2/enqueue", "/"))).status).toBe(404);
  });
});

describe("a webhook", () => {
  const secret = `whsec_${Buffer.from("0123456789abcdef01234567").toString("base64")}`;
  const signed = (body: string, atMs: number, by = secret): Record<string, string> => ({
    "webhook-id": "msg_1",
    "webhook-timestamp": String(Math.floor(atMs / 1_000)),
    "webhook-signature": new Webhook(by).sign("msg_1", new Date(atMs), body),
  });

  test("answers 204, signed or not, when it has no secret", async () => {
    await start({ kind: "webhook" });
    expect((await post({ any: "thing" })).status).toBe(204);
  });

  test("takes a right signature, also as one of two", async () => {
    await start({ kind: "webhook", signingSecret: secret });
    const headers = signed("{}", clock.now());
    expect((await post("{}", headers)).status).toBe(204);
    const both = `v1,${Buffer.alloc(32).toString("base64")} ${headers["webhook-signature"]}`;
    expect((await post("{}", { ...headers, "webhook-signature": both })).status).toBe(204);
  });

  test("refuses a wrong one", async () => {
    await start({ kind: "webhook", signingSecret: secret });
    const other = `whsec_${Buffer.alloc(24).toString("base64")}`;
    const minutes = 60_000;
    expect((await post("{}")).status).toBe(401);
    expect((await post("{} ", signed("{}", clock.now()))).status).toBe(401);
    expect((await post("{}", signed("{}", clock.now(), other))).status).toBe(401);
    expect((await post("{}", signed("{}", clock.now() - 5 * minutes))).status).toBe(204);
    expect((await post("{}", signed("{}", clock.now() - 5 * minutes - 1_000))).status).toBe(401);
    expect(receiver.received.map(({ status }) => status)).toEqual([401, 401, 401, 204, 401]);
  });
});

describe("on command", () => {
  test("other answers, as many as planned", async () => {
    await start({ kind: "slack" });
    receiver.answerNext(2, { status: 429, headers: { "Retry-After": "30" }, body: "rate_limited" });
    receiver.answerNext(1, { status: 500, body: { error: "x" } });
    const first = await post({ text: "a" });
    expect([first.status, first.headers.get("retry-after"), await first.text()]).toEqual([
      429,
      "30",
      "rate_limited",
    ]);
    expect((await post({ text: "b" })).status).toBe(429);
    expect(await (await post({ text: "c" })).json()).toEqual({ error: "x" });
    expect((await post({ text: "d" })).status).toBe(200);
  });

  test("answers are held back and let go", async () => {
    await start({ kind: "slack" });
    receiver.hold();
    let answered = 0;
    const posts = ["a", "b"].map(async (text) => {
      await post({ text });
      answered += 1;
    });
    await receiver.waitFor(2);
    expect(answered).toBe(0);
    receiver.release();
    await Promise.all(posts);
    expect((await post({ text: "c" })).status).toBe(200);
  });
});
