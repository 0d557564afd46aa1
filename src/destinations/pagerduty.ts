import { z } from "zod";
import type { Outcome } from "../outbox/delivery.ts";
import { httpUrlSchema, secretRefSchema } from "../rules/secret-ref.ts";
import { Secret } from "../runtime/secret.ts";
import { DestinationConfigError } from "./config-error.ts";
import type { DestinationKind, HttpAnswer } from "./destination.ts";
import { outcomeOf } from "./http-outcome.ts";
import { placeOf } from "./http-url.ts";
import { pagerDutyEvent } from "./pagerduty-event.ts";
import { USER_AGENT } from "./user-agent.ts";

const schema = z.strictObject({
  /** The integration key of an Events API v2 integration. */
  routingKey: secretRefSchema,
  /** Another address for the EU region (https://events.eu.pagerduty.com/v2/enqueue) or for a stand-in. */
  url: httpUrlSchema.default("https://events.pagerduty.com/v2/enqueue"),
});

type PagerDutyConfig = z.infer<typeof schema>;

/** PagerDuty documents no Retry-After; its limit is counted by the minute, so this is the least that helps. */
const RATE_LIMITED_WAIT_MS = 30_000;

/** PagerDuty, by Events API v2. Events of one `dedup_key` are one incident, so a repeated delivery does no harm. */
export const pagerduty: DestinationKind<PagerDutyConfig> = {
  kind: "pagerduty",
  schema,
  retryForMs: 24 * 60 * 60 * 1000,
  // About 120 events a minute for one key.
  paceMs: 500,
  concurrency: 4,

  toRequest(notice, config, { readSecret }) {
    const routing_key = readSecret(config.routingKey).reveal();
    if (!/^[\x21-\x7e]+$/.test(routing_key)) {
      throw new DestinationConfigError(
        `Cannot use pagerduty.routingKey: ${placeOf(config.routingKey)} holds spaces or line breaks, ` +
          "where an integration key has 32 letters and digits",
      );
    }
    return {
      method: "POST",
      url: config.url,
      headers: { "content-type": "application/json", "user-agent": USER_AGENT },
      body: new Secret(JSON.stringify({ routing_key, ...pagerDutyEvent(notice) })),
    };
  },

  classify(answer, nowMs) {
    const outcome = outcomeOf(answer, nowMs);
    if (answer.status === 400) return refusal(answer);
    if (outcome.kind !== "retry" || outcome.reason !== "rateLimited") return outcome;
    return { ...outcome, afterMs: Math.max(outcome.afterMs ?? 0, RATE_LIMITED_WAIT_MS) };
  },
};

/** A 400 names what it does not like, and may quote it: only the field's name is taken over. */
function refusal(answer: HttpAnswer): Outcome {
  if (/\brouting_key\b/.test(answer.body)) {
    return {
      kind: "refused",
      reason: "unauthorized",
      detail: "HTTP 400: PagerDuty does not know the routing key",
    };
  }
  return { kind: "refused", reason: "badRequest", detail: "HTTP 400: PagerDuty does not accept the event" };
}
