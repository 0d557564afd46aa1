/** Where the stand-ins listen. PagerDuty's and the webhook's addresses stand in the file; Slack's is a secret. */
export interface DemoPlaces {
  readonly pagerUrl: string;
  readonly rebalancerUrl: string;
}

/** The key of the demo's webhook, known to everybody: `ringbell demo: no secret at all`. */
export const DEMO_SIGNING_SECRET = "whsec_cmluZ2JlbGwgZGVtbzogbm8gc2VjcmV0IGF0IGFsbA==";

/** The environment that the demo's rules file reads its secrets from. */
export function demoEnv(slackUrl: string): Readonly<Record<string, string>> {
  return {
    SLACK_WEBHOOK_URL: slackUrl,
    PAGERDUTY_ROUTING_KEY: "0123456789abcdef0123456789abcdef",
    REBALANCER_SECRET: DEMO_SIGNING_SECRET,
  };
}

/** The rules file of the demo, read by the same loader as anybody's. */
export function demoRules({ pagerUrl, rebalancerUrl }: DemoPlaces): string {
  return `version: 1

destinations:
  data-team:
    slack: { webhookUrl: { env: SLACK_WEBHOOK_URL } }
  on-call:
    pagerduty: { routingKey: { env: PAGERDUTY_ROUTING_KEY }, url: "${pagerUrl}" }
  rebalancer:
    webhook:
      url: "${rebalancerUrl}"
      signingSecret: { env: REBALANCER_SECRET }
      retryFor: 15m

rules:
  # Three of five members are a quorum. A blip of less than 15 s wakes nobody.
  - name: below-quorum
    ring: { namespace: data, service: cassandra }
    when: { readyBelow: 3 }
    for: 15s
    severity: critical
    notify: [data-team, on-call]
    title: "{{ ring.service }}: {{ ring.ready }} of {{ ring.total }} ready"

  # A member that is back within half a minute has never left, so that a rolling restart starts no rebalance.
  - name: member-left
    ring: { namespace: data, service: cassandra }
    on: [left]
    settle: 30s
    notify: [rebalancer, data-team]
`;
}
