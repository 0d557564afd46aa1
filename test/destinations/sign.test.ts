import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { signingKey, webhookSignature } from "../../src/destinations/sign.ts";
import { Secret } from "../../src/runtime/secret.ts";

function encoded(bytes: number): string {
  return `whsec_${Buffer.alloc(bytes, "k\u00ff").toString("base64")}`;
}

describe("a signature", () => {
  test("is the standard's own example", () => {
    // https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/javascript/src/index.test.ts
    const secret = new Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    const message = {
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
      timestampSeconds: 1614265330,
      body: '{"test": 2432232314}',
    };
    expect(webhookSignature(message, [secret])).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  });

  test("equals the standard library's for any body and key", () => {
    const anySecret = fc.oneof(
      fc
        .uint8Array({ minLength: 24, maxLength: 64 })
        .map((key) => `whsec_${Buffer.from(key).toString("base64")}`),
      fc.string({ unit: "grapheme", minLength: 16 }).filter((text) => !text.startsWith("whsec_")),
    );
    fc.assert(
      fc.property(anySecret, fc.string({ unit: "grapheme" }), fc.nat(2 ** 31), (secret, body, seconds) => {
        const oracle = secret.startsWith("whsec_")
          ? new Webhook(secret)
          : new Webhook(new TextEncoder().encode(secret), { format: "raw" });
        const message = { id: "msg_1", timestampSeconds: seconds, body };
        expect(webhookSignature(message, [new Secret(secret)])).toBe(
          oracle.sign("msg_1", new Date(seconds * 1000), body),
        );
      }),
    );
  });

  test("with two secrets is accepted by a receiver that knows either", () => {
    const now = Math.floor(Date.now() / 1000);
    const body = '{"a":1}';
    const signature = webhookSignature({ id: "msg_1", timestampSeconds: now, body }, [
      new Secret(encoded(24)),
      new Secret(encoded(64)),
    ]);
    const headers = { "webhook-id": "msg_1", "webhook-timestamp": `${now}`, "webhook-signature": signature };
    for (const secret of [encoded(24), encoded(64)]) {
      expect(new Webhook(secret).verify(body, headers)).toEqual({ a: 1 });
      expect(() => new Webhook(secret).verify(`${body} `, headers)).toThrow("No matching signature");
    }
    expect(() => new Webhook(encoded(32)).verify(body, headers)).toThrow("No matching signature");
  });
});

describe("a signing secret", () => {
  test.each([encoded(24), encoded(64), encoded(25).replace(/=+$/, ""), "k".repeat(16), "ß".repeat(8)])(
    "of the right shape is taken: %s",
    (text) => expect(signingKey(new Secret(text)).length).toBeGreaterThanOrEqual(16),
  );

  test.each([
    [encoded(23), /23 bytes follow whsec_/],
    [encoded(65), /65 bytes follow whsec_/],
    ["whsec_", /0 bytes follow/],
    ["whsec_not base64 at all, really!", /not base64/],
    [`${encoded(24)}\n`, /not base64/],
    ["k".repeat(15), /15 bytes are too few/],
  ])("of another shape is refused without being shown: %j", (text, message) => {
    const sign = (): Buffer => signingKey(new Secret(text));
    expect(sign).toThrow(expect.objectContaining({ name: "DestinationConfigError" }));
    expect(sign).toThrow(message);
    const key = text.replace("whsec_", "").trim();
    if (key) expect(sign).not.toThrow(key);
  });
});
