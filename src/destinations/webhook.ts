import { z } from "zod";
import type { Notice } from "../alerts/notice.ts";
import { durationSchema } from "../rules/duration-schema.ts";
import { secretRefSchema, urlSchema } from "../rules/secret-ref.ts";
import type { Secret, SecretRef, SecretSource } from "../runtime/secret.ts";
import { bodySchema, renderBody } from "./body-template.ts";
import type { BodyTemplate } from "./body-template.ts";
import { DestinationConfigError } from "./config-error.ts";
import type { DestinationKind } from "./destination.ts";
import { headerNameIssue, headerValueIssue } from "./header-rules.ts";
import { outcomeOf } from "./http-outcome.ts";
import { configuredUrl, placeOf } from "./http-url.ts";
import { webhookSignature } from "./sign.ts";
import { USER_AGENT } from "./user-agent.ts";

const TIMEOUT_MIN_MS = 1000;
const TIMEOUT_MAX_MS = 60_000;

const headerValueSchema = z.union([z.string(), secretRefSchema], {
  error: () => "must be a text, or { env: NAME } or { file: PATH }",
});

const headersSchema = z.record(z.string(), headerValueSchema).superRefine((headers, context) => {
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    const twice = seen.has(name.toLowerCase()) ? `header ${name.toLowerCase()} stands here twice` : undefined;
    const valueIssue = typeof value === "string" ? headerValueIssue(value) : undefined;
    const issue = headerNameIssue(name) ?? twice ?? (valueIssue && `cannot send this value: ${valueIssue}`);
    if (issue !== undefined) context.addIssue({ code: "custom", path: [name], message: issue });
    seen.add(name.toLowerCase());
  }
});

const timeoutSchema = durationSchema.refine(
  (ms) => ms >= TIMEOUT_MIN_MS && ms <= TIMEOUT_MAX_MS,
  "must be from 1s to 1m: a receiver that needs longer should accept first and work later",
);

const schema = z.strictObject({
  url: urlSchema,
  method: z.enum(["POST", "PUT", "PATCH"]).default("POST"),
  headers: headersSchema.default({}),
  /** Signs as Standard Webhooks has it. */
  signingSecret: secretRefSchema.optional(),
  /** Signs as well, while receivers change over to `signingSecret`. */
  previousSigningSecret: secretRefSchema.optional(),
  /** The body instead of the notice's own JSON. */
  body: bodySchema.optional(),
  /** How long one attempt may take; milliseconds once parsed. */
  timeout: timeoutSchema.optional(),
});

type WebhookConfig = z.infer<typeof schema>;

/** Any receiver: the notice as JSON, signed as Standard Webhooks has it. https://www.standardwebhooks.com */
export const webhook: DestinationKind<WebhookConfig> = {
  kind: "webhook",
  schema,
  // The standard's schedule: 75 h and 35 min.
  retryForMs: (75 * 60 + 35) * 60 * 1000,
  paceMs: 0,
  concurrency: 64,

  toRequest(notice, config, { deliveryId, nowMs, readSecret }) {
    const body = webhookBody(notice, deliveryId, config.body);
    const timestampSeconds = Math.floor(nowMs / 1000);
    const secrets = [config.signingSecret, config.previousSigningSecret].filter((ref) => ref !== undefined);
    const message = { id: deliveryId, timestampSeconds, body };
    return {
      method: config.method,
      url: configuredUrl("webhook.url", config.url, readSecret),
      headers: {
        "content-type": "application/json",
        "user-agent": USER_AGENT,
        ...configuredHeaders(config.headers, readSecret),
        "idempotency-key": deliveryId,
        "webhook-id": deliveryId,
        "webhook-timestamp": `${timestampSeconds}`,
        ...(secrets.length > 0
          ? { "webhook-signature": webhookSignature(message, secrets.map(readSecret)) }
          : {}),
      },
      body,
      ...(config.timeout === undefined ? {} : { timeoutMs: config.timeout }),
    };
  },

  classify: outcomeOf,
};

/** What a webhook gets: the delivery's id, then the notice as `notice.schema.json` has it; or what `body` asks for. */
export function webhookBody(notice: Notice, deliveryId: string, body?: BodyTemplate): string {
  return JSON.stringify(body ? renderBody(body, notice, deliveryId) : { id: deliveryId, ...notice });
}

function configuredHeaders(
  headers: Readonly<Record<string, string | SecretRef>>,
  readSecret: SecretSource,
): Record<string, string | Secret> {
  const entries = Object.entries(headers).map(([name, value]): [string, string | Secret] => {
    if (typeof value === "string") return [name.toLowerCase(), value];
    const secret = readSecret(value);
    const issue = headerValueIssue(secret.reveal());
    if (issue === undefined) return [name.toLowerCase(), secret];
    throw new DestinationConfigError(
      `Cannot send header ${name.toLowerCase()} from ${placeOf(value)}: ${issue}`,
    );
  });
  return Object.fromEntries(entries);
}
