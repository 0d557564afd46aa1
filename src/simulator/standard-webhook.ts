import { createHmac, timingSafeEqual } from "node:crypto";

const TOLERANCE_MS = 5 * 60_000;

/**
 * Checks a Standard Webhooks signature (HMAC-SHA256, `v1`); returns why it does not hold, or undefined when it does.
 * `secret` is base64, with or without `whsec_`. Header names are in lower case.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function signatureFault(
  secret: string,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: string,
  nowMs: number,
): string | undefined {
  const [id, time, signatures] = ["id", "timestamp", "signature"].map((name) => headers[`webhook-${name}`]);
  if (typeof id !== "string" || typeof time !== "string" || typeof signatures !== "string") {
    return "missing webhook-id, webhook-timestamp or webhook-signature";
  }
  if (!/^\d+$/.test(time) || Math.abs(nowMs - Number(time) * 1_000) > TOLERANCE_MS) {
    return "webhook-timestamp is not within five minutes";
  }
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const right = createHmac("sha256", key).update(`${id}.${time}.${body}`).digest();
  const holds = signatures.split(" ").some((signature) => {
    const [version, text = ""] = signature.split(",");
    const given = Buffer.from(text, "base64");
    return version === "v1" && given.length === right.length && timingSafeEqual(given, right);
  });
  return holds ? undefined : "no webhook-signature matches";
}
