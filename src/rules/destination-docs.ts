import type { KeyDoc } from "./schema-docs.ts";

/** The keys below `destinations`, as in `SCHEMA_DOCS`. */
export const DESTINATION_DOCS: Readonly<Record<string, KeyDoc>> = {
  "destinations.*": {
    description: "One place to tell: its kind as key, with its settings below.",
    examples: [{ slack: { webhookUrl: { env: "SLACK_WEBHOOK_URL" } } }],
  },
  "destinations.*.retryFor": {
    description:
      "How long a delivery is tried; what is older than this is a dead letter. Also below the kind. Each kind has a default.",
    examples: ["15m"],
  },
  "destinations.*.mute": {
    description: "Names of mute windows during which it is not told.",
    examples: [["nights"]],
  },
  "destinations.*.group": {
    description: "Alerts that have something in common are told together, in one message.",
    examples: [{ by: ["node"], wait: "30s", interval: "5m" }],
  },
  "destinations.*.group.by": {
    description: "What alerts of one group have in common; an empty list puts all in one.",
    examples: [["node"], ["namespace", "severity"], []],
  },
  "destinations.*.group.wait": {
    description: "So long a group waits for company before it speaks first. At most 1h.",
    default: "30s",
    examples: ["1m"],
  },
  "destinations.*.group.interval": {
    description: "At least so long between two messages of a group that goes on. At least 1s.",
    default: "5m",
    examples: ["15m"],
  },
  "destinations.*.slack": {
    description: "Slack, by incoming webhook.",
    examples: [{ webhookUrl: { env: "SLACK_WEBHOOK_URL" } }],
  },
  "destinations.*.slack.webhookUrl": {
    description: "The incoming webhook's URL. All of it is secret: who has it can post.",
    examples: [{ env: "SLACK_WEBHOOK_URL" }],
  },
  "destinations.*.slack.mention": {
    description:
      "Whom to mention in what asks for a person: here, channel, everyone, or the id of a user or user group.",
    examples: ["here", "U012AB3CD", "S012AB3CD"],
  },
  "destinations.*.pagerduty": {
    description: "PagerDuty, by Events API v2.",
    examples: [{ routingKey: { file: "/etc/ringbell/secrets/pagerduty" } }],
  },
  "destinations.*.pagerduty.routingKey": {
    description: "The integration key of an Events API v2 integration.",
    examples: [{ file: "/etc/ringbell/secrets/pagerduty" }],
  },
  "destinations.*.pagerduty.url": {
    description: "Another address, for the EU region.",
    examples: ["https://events.eu.pagerduty.com/v2/enqueue"],
  },
  "destinations.*.webhook": {
    description: "Any receiver: the notice as JSON, signed as Standard Webhooks has it.",
    examples: [{ url: "http://rebalancer.data.svc:8080/jobs", signingSecret: { env: "REBALANCE_SECRET" } }],
  },
  "destinations.*.webhook.url": {
    description: "An absolute http or https URL, or where it is kept when it is secret.",
    examples: ["http://rebalancer.data.svc:8080/jobs", { env: "REBALANCER_URL" }],
  },
  "destinations.*.webhook.method": { description: "The request's method.", examples: ["PUT"] },
  "destinations.*.webhook.headers": {
    description: "Headers of your own, each a text or where it is kept when it is secret.",
    examples: [{ authorization: { env: "REBALANCER_TOKEN" } }],
  },
  "destinations.*.webhook.signingSecret": {
    description: "Signs each request as Standard Webhooks has it.",
    examples: [{ env: "REBALANCE_SECRET" }],
  },
  "destinations.*.webhook.previousSigningSecret": {
    description: "Signs as well, while receivers change over to `signingSecret`.",
    examples: [{ env: "OLD_REBALANCE_SECRET" }],
  },
  "destinations.*.webhook.body": {
    description:
      "Another body than the notice's own JSON: any tree, in whose strings {{ }} holes see `notice`.",
    examples: [{ job: "repair", ring: "{{ notice.ring.key }}" }],
  },
  "destinations.*.webhook.timeout": {
    description: "How long one attempt may take, from 1s to 1m.",
    default: "10s",
    examples: ["30s"],
  },
};

/** The two keys of a secret, wherever it stands. */
export const SECRET_DOCS: Readonly<Record<string, KeyDoc>> = {
  env: { description: "The environment variable that holds the secret.", examples: ["SLACK_WEBHOOK_URL"] },
  file: {
    description: "The file that holds the secret, read anew for each attempt.",
    examples: ["/etc/ringbell/secrets/pagerduty"],
  },
};
