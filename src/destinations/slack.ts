import { z } from "zod";
import type { Notice } from "../alerts/notice.ts";
import type { Outcome } from "../outbox/delivery.ts";
import { secretRefSchema } from "../rules/secret-ref.ts";
import type { DestinationKind, HttpAnswer } from "./destination.ts";
import { outcomeOf } from "./http-outcome.ts";
import { configuredUrl } from "./http-url.ts";
import { slackMessage } from "./slack-message.ts";
import { USER_AGENT } from "./user-agent.ts";

// What may be mentioned: https://docs.slack.dev/messaging/formatting-message-text#special-mentions
const MENTION = /^(here|channel|everyone|[UWS][A-Z0-9]{5,20})$/;

const schema = z.strictObject({
  /** The whole URL is the secret: who has it can post. */
  webhookUrl: secretRefSchema,
  /** Whom to mention in what asks for a person: `here`, `channel`, `everyone`, or the id of a user or user group. */
  mention: z
    .string()
    .regex(
      MENTION,
      "must be here, channel, everyone, or the id of a user or user group (U012AB3CD, S012AB3CD)",
    )
    .optional(),
});

type SlackConfig = z.infer<typeof schema>;

/**
 * Slack's words for what will not go better later. Their statuses are only partly documented, so the word decides.
 * https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors
 */
const REFUSALS: ReadonlyMap<string, string> = new Map([
  ["invalid_payload", "badRequest"],
  ["no_text", "badRequest"],
  ["too_many_attachments", "badRequest"],
  ["user_not_found", "badRequest"],
  ["action_prohibited", "forbidden"],
  ["posting_to_general_channel_denied", "forbidden"],
  ["team_disabled", "forbidden"],
  ["invalid_token", "unauthorized"],
  ["channel_not_found", "notFound"],
  ["no_team", "notFound"],
  ["channel_is_archived", "gone"],
  ["no_active_hooks", "gone"],
  ["no_service", "gone"],
  ["no_service_id", "gone"],
]);

/** Slack, by incoming webhook. Posts are not idempotent there: a retry after a lost answer may show twice. */
export const slack: DestinationKind<SlackConfig> = {
  kind: "slack",
  schema,
  retryForMs: 6 * 60 * 60 * 1000,
  // One message per second and channel: https://docs.slack.dev/apis/web-api/rate-limits
  paceMs: 1000,
  concurrency: 1,

  toRequest(notice, config, { deliveryId, readSecret }) {
    return {
      method: "POST",
      url: configuredUrl("slack.webhookUrl", config.webhookUrl, readSecret),
      headers: { "content-type": "application/json; charset=utf-8", "user-agent": USER_AGENT },
      body: JSON.stringify(slackMessage(notice, mentionIn(notice, config.mention), deliveryId)),
    };
  },

  classify(answer, nowMs) {
    return refusalOf(answer) ?? outcomeOf(answer, nowMs);
  },
};

function refusalOf(answer: HttpAnswer): Outcome | undefined {
  const word = answer.body.trim();
  const reason = answer.status === 429 ? undefined : REFUSALS.get(word);
  return reason === undefined
    ? undefined
    : { kind: "refused", reason, detail: `HTTP ${answer.status}: ${word}` };
}

/** Only what begins to need somebody mentions them. */
function mentionIn(notice: Notice, mention: string | undefined): string {
  if (mention === undefined || (notice.kind !== "fire" && notice.kind !== "change")) return "";
  if (mention.startsWith("S")) return `<!subteam^${mention}>`;
  return /^[UW]/.test(mention) ? `<@${mention}>` : `<!${mention}>`;
}
