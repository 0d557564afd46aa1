import { createHmac } from "node:crypto";
import type { Secret } from "../runtime/secret.ts";
import { DestinationConfigError } from "./config-error.ts";

const PREFIX = "whsec_";
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme
const ENCODED_MIN_BYTES = 24;
const ENCODED_MAX_BYTES = 64;
// Secrets made before Ringbell was thought of: shorter than the standard's, but not guessable.
const RAW_MIN_BYTES = 16;

/**
 * The value of `webhook-signature` as Standard Webhooks has it: HMAC-SHA256 over `id.timestamp.body`, one signature
 * for each secret, so that a receiver can change over from one to the next.
 * Throws `DestinationConfigError` for a secret of the wrong shape.
 */
export function webhookSignature(
  message: { readonly id: string; readonly timestampSeconds: number; readonly body: string },
  secrets: readonly Secret[],
): string {
  const signed = `${message.id}.${message.timestampSeconds}.${message.body}`;
  return secrets
    .map((secret) => `v1,${createHmac("sha256", signingKey(secret)).update(signed).digest("base64")}`)
    .join(" ");
}

/**
 * The key within a signing secret: the bytes behind `whsec_` (base64, 24 to 64 of them), or any other text as it is
 * (UTF-8, at least 16 bytes). Throws `DestinationConfigError` for anything else.
 */
export function signingKey(secret: Secret): Buffer {
  const text = secret.reveal();
  if (!text.startsWith(PREFIX)) {
    const key = Buffer.from(text);
    if (key.length >= RAW_MIN_BYTES) return key;
    throw wrong(`${key.length} bytes are too few, use at least ${RAW_MIN_BYTES}, or ${wanted}`);
  }
  const encoded = text.slice(PREFIX.length);
  const key = Buffer.from(encoded, "base64");
  if (key.toString("base64").replace(/=+$/, "") !== encoded.replace(/=+$/, "")) {
    throw wrong(`what follows ${PREFIX} is not base64, use ${wanted}`);
  }
  if (key.length < ENCODED_MIN_BYTES || key.length > ENCODED_MAX_BYTES) {
    throw wrong(`${key.length} bytes follow ${PREFIX}, use ${wanted}`);
  }
  return key;
}

const wanted = `${PREFIX} and the base64 of ${ENCODED_MIN_BYTES} to ${ENCODED_MAX_BYTES} random bytes`;

function wrong(what: string): DestinationConfigError {
  return new DestinationConfigError(`Cannot sign with signingSecret: ${what}`);
}
