import { describe, expect, test } from "vitest";
import { seemingSecret } from "../../src/rules/seeming-secrets.ts";

describe("a URL that seems to hold a secret", () => {
  test.each([
    "https://hooks.slack.com/services/T0/B0/x",
    "https://hooks.slack.com/triggers/T0/1/x",
    "https://discord.com/api/webhooks/1/x",
    "https://discordapp.com/api/v10/webhooks/1/x",
    "https://example.webhook.office.com/webhookb2/x",
    "https://hooks.zapier.com/hooks/catch/1/x",
    "https://maker.ifttt.com/trigger/e/with/key/x",
    "https://api.telegram.org/bot1:x/sendMessage",
    "https://example.com/?sig=x",
    "https://example.com/?a=b&access_token=x",
    "https://example.com/?API-Secret=x",
    "https://chat.googleapis.com/v1/spaces/A/messages?key=AIzaSyD4x8Qm2Rr7Tt1Vw5&thread=1",
    "https://example.com/0123456789abcdef0123456789abcdef",
    "https://example.com/in/aB3dE6gH1jK4mN7pQ0rS",
    "https://example.com/in/k3j4h5g6f7d8s9a0q1w2",
  ])("%s", (url) => {
    expect(seemingSecret(url)).toBeTypeOf("string");
  });
});

describe("a URL that seems to hold none", () => {
  test.each([
    "no URL",
    "http://rebalancer.data.svc:8080/jobs",
    "https://events.eu.pagerduty.com/v2/enqueue",
    "https://slack.com/services/T0/B0/x",
    "https://hooks.slack.com/",
    "https://discord.com/api/channels/1",
    "https://example.com/?key=cassandra",
    "https://example.com/?token=",
    "https://example.com/?tokens=12&designation=x",
    "https://example.com/api/v1/namespaces/argo-events/eventsources/rebalance-2026",
    "https://example.com/a-name-that-is-rather-long-but-made-of-words",
    "https://example.com/CamelCaseNamesAreLongToo2026Edition",
    "https://example.com/550e8400-e29b-41d4-a716-446655440000",
    "https://example.com/00000000000000000000000000000000",
    "https://example.com/20261121120000000000",
  ])("%s", (url) => {
    expect(seemingSecret(url)).toBeUndefined();
  });
});
