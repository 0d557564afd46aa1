import type { Outcome } from "../outbox/delivery.ts";

/** What an attempt came to, for a hint. */
export interface HintFacts {
  /** The destination's kind. */
  readonly kind: string;
  readonly outcome: Exclude<Outcome, { readonly kind: "delivered" }>;
  /** Whether `HTTP_PROXY` or `HTTPS_PROXY` is set. */
  readonly proxied: boolean;
}

/** What to look at first when a destination does not take a test: one sentence, or undefined where nothing is usual. */
export function sendHint({ kind, outcome, proxied }: HintFacts): string | undefined {
  const { reason, detail = "" } = outcome;
  const word = /^HTTP \d{3}: (\w+)$/.exec(detail)?.[1];
  const special = (word !== undefined ? SLACK_WORDS[word] : undefined) ?? BY_KIND[kind]?.[reason];
  const hint = special ?? hintOfCode(detail) ?? (isUnfit(outcome) ? UNFIT : BY_REASON[reason]);
  return proxied && VIA_PROXY.has(reason)
    ? `${hint ?? "nothing answered"}; requests go through the proxy of HTTP_PROXY or HTTPS_PROXY, unless NO_PROXY names the host`
    : hint;
}

const UNFIT = "the secret is there, but is not what is wanted: set it anew; it is read anew for each attempt";

/** A secret that could be read and is not fit for its use; one that is not there says so. */
function isUnfit({ reason, detail = "" }: HintFacts["outcome"]): boolean {
  return reason === "notConfigured" && !detail.startsWith("Cannot read secret");
}

const VIA_PROXY: ReadonlySet<string> = new Set([
  "dns",
  "network",
  "timeout",
  "tls",
  "forbidden",
  "serverError",
]);

// https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors
const SLACK_WORDS: Readonly<Record<string, string>> = {
  invalid_token:
    "the URL is not a webhook of a Slack app any more: copy the URL again from the app's page Incoming Webhooks",
  no_service: "the webhook was removed or switched off: make a new one on the app's page Incoming Webhooks",
  no_service_id: "the URL is cut off: copy the whole of it from the app's page Incoming Webhooks",
  no_active_hooks: "the workspace has switched incoming webhooks off",
  no_team: "the workspace in the URL does not exist: copy the URL again",
  team_disabled: "the workspace has been disabled",
  channel_not_found: "the webhook's channel does not exist any more: make a webhook for another one",
  channel_is_archived: "the webhook's channel is archived: make a webhook for another one",
  action_prohibited: "an administrator of the workspace has forbidden such messages",
  posting_to_general_channel_denied:
    "only administrators may post to this channel: make a webhook for another one",
  user_not_found: "the webhook's user does not exist any more: make a new webhook",
};

const BY_KIND: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  slack: {
    notFound: "copy the whole URL again from the Slack app's page Incoming Webhooks",
    forbidden: "copy the whole URL again from the Slack app's page Incoming Webhooks",
  },
  pagerduty: {
    unauthorized:
      "the key must be the integration key (32 letters and digits) of an Events API v2 integration; in the EU region set url to https://events.eu.pagerduty.com/v2/enqueue",
    notFound: "the path of url must be /v2/enqueue",
  },
  webhook: {
    unauthorized: "the receiver wants another token, or checks the signature with another secret",
    forbidden:
      "the receiver knows who asks and does not allow it: look at its permissions, or at a firewall before it",
    notFound: "the path of the URL is not one that the receiver knows",
    badRequest: "the receiver does not understand the body: docs/notice.md describes what is sent",
  },
};

const BY_REASON: Readonly<Record<string, string>> = {
  notConfigured:
    "set the variable or mount the file for the user that runs Ringbell; it is read anew for each attempt",
  dns: "the host's name is not known here: a typing error, or a name that only the cluster knows",
  network: "nothing listens there, or a firewall or NetworkPolicy is in the way",
  timeout: "no answer came in time: a firewall or NetworkPolicy that drops packets, or a slow receiver",
  tls: "the connection could not be secured: http and https mixed up, or a certificate that is not trusted here",
  blockedAddress:
    "link-local addresses and the metadata services of clouds are never talked to: give the receiver another address",
  invalidRequest:
    "the URL or a header holds characters that cannot be sent: look for line breaks and spaces in the secret",
  redirect: "redirects are never followed: configure the URL that this one leads to",
  unauthorized: "the token or key is wrong, or belongs to somebody else",
  forbidden: "the token or key is right, but may not do this",
  notFound: "the path of the URL is not one that the receiver knows",
  gone: "the receiver has taken this address away for good",
  tooLarge: "the receiver accepts only shorter bodies",
  rateLimited: "the receiver has had too many requests: wait, then try again",
  serverError: "the receiver failed, or the gateway before it found nobody: look at its log",
};

const CODES: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT:
    "the certificate is self-signed: put its CA into the file that NODE_EXTRA_CA_CERTS names",
  SELF_SIGNED_CERT_IN_CHAIN:
    "its CA is not trusted here: put it into the file that NODE_EXTRA_CA_CERTS names",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "its CA is not trusted here: put it into the file that NODE_EXTRA_CA_CERTS names",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    "its CA is not trusted here: put it into the file that NODE_EXTRA_CA_CERTS names",
  CERT_HAS_EXPIRED: "the certificate has expired",
  ERR_TLS_CERT_ALTNAME_INVALID: "the certificate is for another host name than the URL's",
  ERR_SSL_WRONG_VERSION_NUMBER:
    "the receiver speaks plain http there: the URL must begin with http://, or have another port",
  ECONNREFUSED: "nothing listens on that port",
};

function hintOfCode(detail: string): string | undefined {
  const [, code = ""] = /: (\w+)$/.exec(detail) ?? [];
  return CODES[code];
}
