import type { IncomingHttpHeaders } from "node:http";
import { signatureFault } from "./standard-webhook.ts";

/** Places that Ringbell tells, and that the simulator stands in for. */
export type ReceiverKind = "slack" | "pagerduty" | "webhook";

/** What came, for the stand-in to judge. */
export interface Incoming {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** undefined: not JSON. */
  readonly json: unknown;
  readonly nowMs: number;
  /** For webhooks: checked when given. */
  readonly signingSecret: string | undefined;
  /** Rises by one with each request. */
  readonly number: number;
}

/** An HTTP answer. */
export interface ReceiverAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | object;
}

/** How each kind answers; another kind is one more line and its function. */
export const ANSWERS: Readonly<Record<ReceiverKind, (incoming: Incoming) => ReceiverAnswer>> = {
  slack: answerAsSlack,
  pagerduty: answerAsPagerDuty,
  webhook: answerAsWebhook,
};

/** https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
function answerAsSlack({ json }: Incoming): ReceiverAnswer {
  const text = fieldsOf(json)?.["text"];
  return typeof text === "string" && text !== ""
    ? { status: 200, headers: { "content-type": "text/html" }, body: "ok" }
    : { status: 400, headers: { "content-type": "text/html" }, body: "invalid_payload" };
}

/** https://developer.pagerduty.com/docs/send-alert-event */
function answerAsPagerDuty({ method, path, json, number }: Incoming): ReceiverAnswer {
  if (path !== "/v2/enqueue" || method !== "POST") return { status: 404, body: { error: "Not Found" } };
  const errors = pagerDutyErrors(json);
  if (errors.length > 0) {
    return { status: 400, body: { status: "invalid event", message: "Event object is invalid", errors } };
  }
  const key = fieldsOf(json)?.["dedup_key"] ?? `simulated-${number}`;
  return { status: 202, body: { status: "success", message: "Event processed", dedup_key: key } };
}

function pagerDutyErrors(json: unknown): string[] {
  const event = fieldsOf(json);
  if (!event) return ["JSON cannot be parsed"];
  const errors: string[] = [];
  if (!/^[A-Za-z0-9]{32}$/.test(String(event["routing_key"]))) {
    errors.push("Length of 'routing_key' is incorrect (should be 32 characters)");
  }
  const key = event["dedup_key"];
  if (key !== undefined && (typeof key !== "string" || key.length > 255)) {
    errors.push("'dedup_key' must be a string of at most 255 characters");
  }
  const action = event["event_action"];
  if (action === "trigger") errors.push(...payloadErrors(fieldsOf(event["payload"])));
  else if (action !== "acknowledge" && action !== "resolve") errors.push("'event_action' is invalid");
  else if (key === undefined) errors.push("'dedup_key' is missing or blank");
  return errors;
}

const SEVERITIES = new Set<unknown>(["critical", "error", "warning", "info"]);

function payloadErrors(payload: Readonly<Record<string, unknown>> | undefined): string[] {
  if (!payload) return ["'payload' is missing or blank"];
  const errors = ["summary", "source"]
    .filter((name) => typeof payload[name] !== "string" || payload[name] === "")
    .map((name) => `'payload.${name}' is missing or blank`);
  if (String(payload["summary"]).length > 1_024)
    errors.push("'payload.summary' is longer than 1024 characters");
  if (!SEVERITIES.has(payload["severity"])) errors.push("'payload.severity' is invalid");
  return errors;
}

function answerAsWebhook({ signingSecret, headers, body, nowMs }: Incoming): ReceiverAnswer {
  const fault = signingSecret === undefined ? undefined : signatureFault(signingSecret, headers, body, nowMs);
  return fault === undefined ? { status: 204 } : { status: 401, body: { error: fault } };
}

function fieldsOf(json: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof json === "object" && json !== null && !Array.isArray(json)
    ? (json as Readonly<Record<string, unknown>>)
    : undefined;
}
