import { createHash } from "node:crypto";
import { BlockedAddressError } from "./address-guard.ts";
import type { SendFailure, SendFailureReason } from "./destination.ts";

const DNS_CODES: ReadonlySet<string> = new Set([
  "ENOTFOUND",
  "EAI_AGAIN",
  "EAI_FAIL",
  "EAI_NODATA",
  "EAI_NONAME",
]);
const TIMEOUT_CODES: ReadonlySet<string> = new Set([
  "ETIMEDOUT",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
]);
const INVALID_CODES: ReadonlySet<string> = new Set([
  "UND_ERR_INVALID_ARG",
  "ERR_INVALID_URL",
  "ERR_INVALID_CHAR",
]);
// OpenSSL's and Node's own: https://nodejs.org/api/tls.html#x509-certificate-error-codes
const TLS_CODE =
  /^(ERR_TLS_|ERR_SSL_|CERT_|CRL_|EPROTO$|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH$|INVALID_CA$|PATH_LENGTH_)/;

/**
 * What an error of the HTTP client means. Only its code is told: messages of URL and header errors quote their input,
 * which may be a secret.
 */
export function sendFailure(target: string, error: unknown): SendFailure {
  const root = rootOf(error);
  if (root instanceof BlockedAddressError) {
    return { failed: "blockedAddress", detail: `Cannot send to ${target}: ${root.message}` };
  }
  const code = codeOf(root);
  return { failed: reasonOf(code), detail: `Cannot send to ${target}: ${code ?? "no connection"}` };
}

/** A URL in messages: host and a short hash, which tells two URLs of one host apart without showing either. */
export function shownUrl(url: URL): string {
  return `${url.host} (#${createHash("sha256").update(url.href).digest("hex").slice(0, 8)})`;
}

function reasonOf(code: string | undefined): SendFailureReason {
  if (code === undefined) return "network";
  if (DNS_CODES.has(code)) return "dns";
  if (TIMEOUT_CODES.has(code)) return "timeout";
  if (INVALID_CODES.has(code)) return "invalidRequest";
  return TLS_CODE.test(code) ? "tls" : "network";
}

/** `fetch` wraps the error in a TypeError; several addresses give an AggregateError, whose parts agree in what matters. */
function rootOf(error: unknown): unknown {
  if (error instanceof AggregateError && error.errors.length > 0) return rootOf(error.errors[0]);
  if (error instanceof Error && codeOf(error) === undefined && error.cause instanceof Error)
    return rootOf(error.cause);
  return error;
}

function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === "string" ? code : undefined;
}
