import type { Notice } from "../alerts/notice.ts";
import type { HttpRequest } from "../destinations/destination.ts";
import { Secret, type SecretRef } from "../runtime/secret.ts";

/** The request that a destination would get. Secrets are stand-ins, so all of it may be shown. */
export interface SaidRequest {
  readonly method: string;
  readonly url: string;
  /** Names are lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed where it is JSON, else the text. */
  readonly body: unknown;
}

/** One delivery that a destination took. */
export interface Said {
  /** When the destination took it, in epoch milliseconds. */
  readonly atMs: number;
  readonly destination: string;
  readonly notice: Notice;
  readonly deliveryId: string;
  /** Tries, this one included. */
  readonly attempts: number;
  /** Written when it is first asked for: a long rehearsal says much that nobody looks at. */
  readonly request: SaidRequest;
}

/**
 * Stands in for every secret: a URL, since that is fit for all uses that a destination has for one, and says which
 * secret stands there: `https://secret.invalid/SLACK_WEBHOOK_URL`.
 */
export function standInSecret(ref: SecretRef): Secret {
  return new Secret(`https://secret.invalid/${"env" in ref ? ref.env : ref.file.replace(/^\/+/, "")}`);
}

/** A request as a test may look at it. */
export function saidRequest({ method, url, headers, body }: HttpRequest): SaidRequest {
  return {
    method,
    url: shown(url),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, shown(value)])),
    body: parsed(shown(body)),
  };
}

function shown(text: string | Secret): string {
  return text instanceof Secret ? text.reveal() : text;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
