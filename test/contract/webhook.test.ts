import { http, HttpResponse } from "msw";
import { setupServer } from "msw/node";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSender } from "../../src/destinations/send.ts";
import { webhook } from "../../src/destinations/webhook.ts";
import { noticeIssues } from "../support/notice-schema.ts";
import { changeNotice, fireNotice } from "../support/notices.ts";
import { destinationContract, secretsFrom } from "./destination-contract.ts";

const URL_SECRET = "https://rebalancer.example/jobs/QUJDREVGR0hJSktMTU5P";
const SIGNING = `whsec_${Buffer.from("0123456789abcdef0123456789abcdef").toString("base64")}`;
const TOKEN = "Bearer eyJhbGciOiJub25lIn0.c2VjcmV0LXRva2Vu";
const secrets = { JOBS_URL: URL_SECRET, JOBS_SECRET: SIGNING, JOBS_TOKEN: TOKEN };
const config = {
  url: { env: "JOBS_URL" },
  headers: { Authorization: { env: "JOBS_TOKEN" }, "X-Source": "ringbell" },
  signingSecret: { env: "JOBS_SECRET" },
};

function checkBody(json: string): void {
  expect(noticeIssues(JSON.parse(json))).toEqual([]);
}

destinationContract({
  kind: webhook,
  config,
  secrets,
  accepted: { status: 200, body: "" },
  checkBody,
});

describe("through a stand-in of a receiver", () => {
  const server = setupServer();
  const sender = createSender({ fetch: (...args) => globalThis.fetch(...args) });
  beforeAll(() => server.listen({ onUnhandledFrame: "error" }));
  afterAll(async () => {
    server.close();
    await sender.close();
  });

  test.each([
    ["fire", fireNotice()],
    ["change", changeNotice()],
  ])("a receiver with the standard's own library verifies a %s notice", async (_, notice) => {
    let verified: unknown;
    let headers: Record<string, string> = {};
    server.use(
      http.post(URL_SECRET, async ({ request }) => {
        headers = Object.fromEntries(request.headers);
        verified = new Webhook(SIGNING).verify(await request.text(), headers);
        return new HttpResponse(null, { status: 204 });
      }),
    );
    // The library compares with the machine's clock, so the request is made now.
    const context = { deliveryId: "msg_1", nowMs: Date.now(), readSecret: secretsFrom(secrets) };
    const got = await sender.send(webhook.toRequest(notice, webhook.schema.parse(config), context));
    expect(got).toMatchObject({ status: 204 });
    expect(verified).toEqual({ id: "msg_1", ...(JSON.parse(JSON.stringify(notice)) as object) });
    expect(headers).toMatchObject({ authorization: TOKEN, "x-source": "ringbell", "webhook-id": "msg_1" });
  });
});
