// https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2
const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;
// Printable ASCII, tab and the upper half of Latin-1: what undici and every server agree on. No CR, LF or NUL.
const VALUE = /^[\t\x20-\x7e\u00a0-\u00ff]*$/;

/** Headers that belong to the connection or to the signature; a configured one would break either. */
const RESERVED: ReadonlySet<string> = new Set([
  "host",
  "content-length",
  "transfer-encoding",
  "connection",
  "keep-alive",
  "upgrade",
  "te",
  "trailer",
  "expect",
  "proxy-authorization",
  "proxy-connection",
  "idempotency-key",
]);

/** Why a header of this name cannot be configured, as a clause; `undefined` when it can. */
export function headerNameIssue(name: string): string | undefined {
  if (!TOKEN.test(name)) return `"${name}" is not a header name: use letters, digits and hyphens`;
  const lower = name.toLowerCase();
  if (RESERVED.has(lower) || lower.startsWith("webhook-")) return `header ${lower} is set by Ringbell itself`;
  return undefined;
}

/** Why this cannot be a header's value, as a clause that does not quote it; `undefined` when it can. */
export function headerValueIssue(value: string): string | undefined {
  return VALUE.test(value)
    ? undefined
    : "it holds line breaks, control characters or characters outside Latin-1";
}
