import type { z } from "zod";
import type { Notice } from "../alerts/notice.ts";
import type { Outcome } from "../outbox/delivery.ts";
import type { Secret, SecretSource } from "../runtime/secret.ts";

/** One request to be made. Secrets stay wrapped until `send.ts` puts them on the wire. */
export interface HttpRequest {
  readonly method: "POST" | "PUT" | "PATCH" | "GET" | "DELETE";
  readonly url: string | Secret;
  /** Names are lower case. */
  readonly headers: Readonly<Record<string, string | Secret>>;
  /** A `Secret` as a whole where any part of it is secret (PagerDuty's routing key stands in the body). */
  readonly body: string | Secret;
  /** How long this attempt may take, when the destination's configuration says so. */
  readonly timeoutMs?: number;
}

/** The answer, with at most the first 64 KiB of its body. Header names are lower case. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Why no answer came. The words are metric labels. */
export const SEND_FAILURES = [
  /** No complete answer within the time allowed, or no connection. */
  "timeout",
  /** Refused, reset, unreachable. */
  "network",
  /** The host's name could not be resolved. */
  "dns",
  /** The certificate was not accepted, or the handshake failed. */
  "tls",
  /** The host is, or resolves to, an address that Ringbell never talks to. */
  "blockedAddress",
  /** The URL or a header cannot be put on the wire. */
  "invalidRequest",
  /** The caller's signal ended the attempt: a shutdown. Nothing is known of its fate. */
  "aborted",
] as const;
/** Why no answer came, in one word. */
export type SendFailureReason = (typeof SEND_FAILURES)[number];

/** An attempt without an answer. `detail` is for people and holds no secret. */
export interface SendFailure {
  readonly failed: SendFailureReason;
  readonly detail: string;
}

/** What a destination may know while it writes a request. */
export interface RequestContext {
  /** The delivery's id: the same on every attempt. */
  readonly deliveryId: string;
  /** When this attempt is made, epoch milliseconds. */
  readonly nowMs: number;
  readonly readSecret: SecretSource;
}

/** How one kind of place is told. A kind translates and classifies; it never talks. */
export interface DestinationKind<Config> {
  /** The key in the rules file: `slack`, `pagerduty`, `webhook`. */
  readonly kind: string;
  /** What may stand below that key. Defaults are applied by it. */
  readonly schema: z.ZodType<Config>;
  /** How long a delivery is tried when the destination has no `retryFor`. */
  readonly retryForMs: number;
  /** At least this long between two requests to one destination; 0 for no limit. */
  readonly paceMs: number;
  /** How many requests of different subjects may be under way at once. */
  readonly concurrency: number;
  /**
   * Writes the request of one attempt. Equal arguments give an equal request.
   * Throws `SecretMissingError` when a secret cannot be read, and `DestinationConfigError` when
   * it can, but is not fit for its use.
   */
  toRequest(notice: Notice, config: Config, context: RequestContext): HttpRequest;
  /** What an answer means for the delivery. `nowMs` is when it came. */
  classify(answer: HttpAnswer, nowMs: number): Outcome;
}
