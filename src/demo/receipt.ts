import type { IncomingHttpHeaders } from "node:http";
import { signatureFault } from "../simulator/standard-webhook.ts";
import type { ReceiverKind } from "../simulator/receiver-answers.ts";

/** What a stand-in has got, in its own words. */
export interface Receipt {
  readonly atMs: number;
  /** The destination's name in the rules file. */
  readonly destination: string;
  readonly kind: ReceiverKind;
  /** What the stand-in answered. */
  readonly status: number;
  /** `firing`, `resolved`, `changed` for Slack; PagerDuty's `event_action`; the `kind` of a webhook's notice. */
  readonly word: string;
  /** PagerDuty: what it matches a resolve to its trigger by. */
  readonly dedupKey: string | undefined;
  /** Webhook: the reported change. */
  readonly left: readonly string[];
  readonly generation: number | undefined;
  /** Webhook: why its signature does not hold; undefined when it does, and for the others, which have none. */
  readonly signatureFault: string | undefined;
}

interface Arrived {
  readonly atMs: number;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly json: unknown;
}

/** Reads a request as the place would for which the stand-in stands. `secret` is the webhook's key. */
export function readReceipt(
  destination: string,
  kind: ReceiverKind,
  { atMs, status, headers, body, json }: Arrived,
  secret: string,
): Receipt {
  const fields = fieldsOf(json);
  const common = { atMs, destination, kind, status };
  const none = { dedupKey: undefined, left: [], generation: undefined, signatureFault: undefined };
  switch (kind) {
    case "slack":
      return { ...common, ...none, word: slackWord(fields) };
    case "pagerduty":
      return {
        ...common,
        ...none,
        word: text(fields["event_action"]),
        dedupKey: text(fields["dedup_key"]),
      };
    case "webhook": {
      const left = listOf(fieldsOf(fields["change"])["left"]).map((member) => text(fieldsOf(member)["name"]));
      const generation = typeof fields["generation"] === "number" ? fields["generation"] : undefined;
      const fault = signatureFault(secret, headers, body, atMs);
      return { ...common, ...none, word: text(fields["kind"]), left, generation, signatureFault: fault };
    }
  }
}

/** A message's last line begins with the word for its kind. */
function slackWord(message: Readonly<Record<string, unknown>>): string {
  const blocks = listOf(fieldsOf(listOf(message["attachments"])[0])["blocks"]);
  const context = text(fieldsOf(listOf(fieldsOf(blocks.at(-1))["elements"])[0])["text"]);
  return (context.split(" · ")[0] ?? "").toLowerCase();
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
