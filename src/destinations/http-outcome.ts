import type { Outcome } from "../outbox/delivery.ts";
import type { HttpAnswer, SendFailure } from "./destination.ts";

/** A server may ask for patience, but not for longer than this: the delivery would expire unseen. */
export const RETRY_AFTER_MAX_MS = 24 * 60 * 60 * 1000;

/** Client errors with a name of their own; all others are `clientError`. */
const CLIENT_ERRORS: Readonly<Record<number, string>> = {
  400: "badRequest",
  401: "unauthorized",
  403: "forbidden",
  404: "notFound",
  410: "gone",
  413: "tooLarge",
};

/** Statuses below 500 that say: later. https://www.rfc-editor.org/rfc/rfc9110#section-15.5 */
const LATER: Readonly<Record<number, string>> = {
  408: "requestTimeout",
  425: "tooEarly",
  429: "rateLimited",
};

/**
 * What an HTTP answer means where a destination knows nothing better: 2xx delivered; 408, 425, 429 and 5xx again later;
 * anything else refused for good. A redirect is never followed: it would take a secret to a host that nobody configured.
 * The body is not quoted, since servers echo what they were sent.
 */
export function outcomeOf(answer: HttpAnswer, nowMs: number): Outcome {
  const { status } = answer;
  if (status >= 200 && status < 300) return { kind: "delivered" };
  const detail = `HTTP ${status}`;
  const later = LATER[status] ?? (status >= 500 && status < 600 ? "serverError" : undefined);
  if (later !== undefined) return retry(later, detail, retryAfterMs(answer, nowMs));
  if (status >= 300 && status < 400) return { kind: "refused", reason: "redirect", detail };
  if (status >= 400 && status < 500) {
    return { kind: "refused", reason: CLIENT_ERRORS[status] ?? "clientError", detail };
  }
  return { kind: "refused", reason: "unexpectedStatus", detail };
}

/** What an attempt without an answer means: again later, unless no later attempt could go better. */
export function sendFailureOutcome(failure: SendFailure): Outcome {
  const permanent = failure.failed === "blockedAddress" || failure.failed === "invalidRequest";
  return { kind: permanent ? "refused" : "retry", reason: failure.failed, detail: failure.detail };
}

/**
 * The answer's `Retry-After` as a wait from now: seconds, or an HTTP date, which counts from the answer's own `Date`
 * so that a server with a wrong clock is understood. https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export function retryAfterMs(answer: HttpAnswer, nowMs: number): number | undefined {
  const value = answer.headers["retry-after"]?.trim();
  if (value === undefined) return undefined;
  // Fractions are outside the standard, but sent (Discord, for one).
  if (/^\d+(\.\d+)?$/.test(value)) return capped(Number(value) * 1000);
  const until = httpDateMs(value);
  if (until === undefined) return undefined;
  return capped(until - (httpDateMs(answer.headers["date"] ?? "") ?? nowMs));
}

function retry(reason: string, detail: string, afterMs: number | undefined): Outcome {
  return { kind: "retry", reason, detail, ...(afterMs === undefined ? {} : { afterMs }) };
}

function capped(waitMs: number): number {
  return Math.min(Math.max(0, Math.ceil(waitMs)), RETRY_AFTER_MAX_MS);
}

/** `Date.parse` also takes `5` and `-1` for dates; an HTTP date begins with the name of a day and ends in GMT. */
function httpDateMs(value: string): number | undefined {
  if (!/^[A-Z][a-z]{2,8}, .+ GMT$/.test(value)) return undefined;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? undefined : ms;
}
