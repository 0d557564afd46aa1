import { http, HttpResponse } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createSender } from "../../src/destinations/send.ts";
import { slack } from "../../src/destinations/slack.ts";
import { changeNotice, fireNotice, resolveNotice, testNotice } from "../support/notices.ts";
import { answer, destinationContract, onWire, secretsFrom } from "./destination-contract.ts";

const URL_SECRET = "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX";
const secrets = { SLACK_WEBHOOK_URL: URL_SECRET };

interface SlackText {
  readonly type: string;
  readonly text: string;
}
interface SlackBlock {
  readonly type: string;
  readonly text?: SlackText;
  readonly fields?: readonly SlackText[];
  readonly elements?: readonly SlackText[];
}
interface SlackBody {
  readonly text: string;
  readonly blocks: readonly SlackBlock[];
  readonly attachments: readonly { readonly color: string; readonly blocks: readonly SlackBlock[] }[];
}

// What Slack itself puts between < and >; anything else there came from a name.
const SLACK_MARKUP =
  /<!date\^\d+\^\{date_short_pretty\} \{time_secs\}\|[\dTZ:.+-]+>|<https?:\/\/[^|<>]+\|Runbook>|<!here>/g;

function textsOf(block: SlackBlock): readonly SlackText[] {
  return [...(block.text ? [block.text] : []), ...(block.fields ?? []), ...(block.elements ?? [])];
}

// https://docs.slack.dev/reference/block-kit/blocks
function checkBlock(block: SlackBlock): void {
  const limits: Record<string, number> = { header: 150, section: 3000, context: 3000 };
  for (const { text } of textsOf(block)) {
    expect(text.length).toBeGreaterThan(0);
    expect(text.length).toBeLessThanOrEqual(block.fields ? 2000 : (limits[block.type] ?? 0));
    expect(text.isWellFormed()).toBe(true);
    const named = text.replaceAll(SLACK_MARKUP, "");
    expect(named).not.toMatch(/[<>]/);
    expect(named.replaceAll(/&(amp|lt|gt);/g, "")).not.toContain("&");
    expect(text).not.toMatch(/(?![\t\n])[\p{Cc}\u202e]/u);
  }
  expect(block.fields?.length ?? 0).toBeLessThanOrEqual(10);
  expect(block.elements?.length ?? 0).toBeLessThanOrEqual(10);
}

function checkBody(json: string): void {
  const body = JSON.parse(json) as SlackBody;
  const blocks = [...body.blocks, ...body.attachments.flatMap((attachment) => attachment.blocks)];
  blocks.forEach(checkBlock);
  expect(blocks.length).toBeLessThanOrEqual(50);
  expect(body.text.length).toBeLessThanOrEqual(4000);
  const total = blocks.flatMap(textsOf).reduce((sum, { text }) => sum + text.length, body.text.length);
  expect(total).toBeLessThan(13_200);
}

destinationContract({
  kind: slack,
  config: { webhookUrl: { env: "SLACK_WEBHOOK_URL" }, mention: "here" },
  secrets,
  accepted: { status: 200, body: "ok" },
  checkBody,
});

describe("slack classifies by Slack's own word", () => {
  test.each([
    ["invalid_payload", "badRequest"],
    ["no_text", "badRequest"],
    ["too_many_attachments", "badRequest"],
    ["user_not_found", "badRequest"],
    ["action_prohibited", "forbidden"],
    ["team_disabled", "forbidden"],
    ["posting_to_general_channel_denied", "forbidden"],
    ["invalid_token", "unauthorized"],
    ["channel_not_found", "notFound"],
    ["no_team", "notFound"],
    ["channel_is_archived", "gone"],
    ["no_active_hooks", "gone"],
    ["no_service", "gone"],
    ["no_service_id", "gone"],
  ])("%s is refused whatever the status", (word, reason) => {
    for (const status of [200, 400, 403, 404, 410, 500]) {
      const outcome = slack.classify(answer(status, `${word}\n`), 0);
      expect(outcome).toEqual({ kind: "refused", reason, detail: `HTTP ${status}: ${word}` });
    }
  });

  test("rollup_error is tried again", () => {
    expect(slack.classify(answer(500, "rollup_error"), 0)).toMatchObject({
      kind: "retry",
      reason: "serverError",
    });
  });

  test("a 429 is a rate limit whatever its body says", () => {
    const outcome = slack.classify(answer(429, "no_service", { "retry-after": "7" }), 0);
    expect(outcome).toMatchObject({ kind: "retry", reason: "rateLimited", afterMs: 7000 });
  });
});

describe("through a stand-in of hooks.slack.com", () => {
  const server = setupServer();
  const sender = createSender({ fetch: (...args) => globalThis.fetch(...args) });
  beforeAll(() => server.listen({ onUnhandledFrame: "error" }));
  afterEach(() => server.resetHandlers());
  afterAll(async () => {
    server.close();
    await sender.close();
  });

  const request = (notice = fireNotice()): ReturnType<typeof slack.toRequest> =>
    slack.toRequest(notice, slack.schema.parse({ webhookUrl: { env: "SLACK_WEBHOOK_URL" } }), {
      deliveryId: "msg_1",
      nowMs: 0,
      readSecret: secretsFrom(secrets),
    });

  test.each([
    ["fire", fireNotice()],
    ["resolve", resolveNotice()],
    ["change", changeNotice()],
    ["test", testNotice()],
  ])("a %s notice arrives as it was written and is delivered", async (_, notice) => {
    let seen: unknown;
    server.use(
      http.post(URL_SECRET, async ({ request }) => {
        seen = await request.json();
        return HttpResponse.text("ok");
      }),
    );
    const got = await sender.send(request(notice));
    expect("status" in got && slack.classify(got, 0)).toEqual({ kind: "delivered" });
    expect(seen).toEqual(JSON.parse(onWire(request(notice).body)));
  });

  test("a rate limit carries Slack's wait to the outcome", async () => {
    server.use(
      http.post(URL_SECRET, () => new HttpResponse("", { status: 429, headers: { "Retry-After": "30" } })),
    );
    const got = await sender.send(request());
    expect("status" in got && slack.classify(got, 0)).toMatchObject({
      reason: "rateLimited",
      afterMs: 30_000,
    });
  });

  test("a revoked webhook is refused", async () => {
    server.use(http.post(URL_SECRET, () => HttpResponse.text("no_service", { status: 404 })));
    const got = await sender.send(request());
    expect("status" in got && slack.classify(got, 0)).toMatchObject({ kind: "refused", reason: "gone" });
  });

  test("a broken connection shows the host and not the URL", async () => {
    server.use(http.post(URL_SECRET, () => HttpResponse.error()));
    const got = await sender.send(request());
    expect(got).toMatchObject({ failed: "network", detail: expect.stringContaining("hooks.slack.com") });
    expect(JSON.stringify(got)).not.toContain("XXXX");
  });
});
