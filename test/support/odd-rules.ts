const DESTINATIONS = `version: 1
destinations:
  data-team: { slack: { webhookUrl: { env: SLACK_WEBHOOK_URL } } }
  on-call: { pagerduty: { routingKey: { env: PAGERDUTY_KEY } } }
  rebalancer: { webhook: { url: http://rebalancer:8080/jobs, signingSecret: { env: REBALANCE_SECRET } } }
selfNotify: [data-team, on-call, rebalancer]
`;

const rule = (
  lines: string,
  ring = "{ namespace: data, service: cassandra }",
): string => `${DESTINATIONS}rules:
  - name: odd
    ring: ${ring}
    notify: [data-team]
${lines.replaceAll(/^/gm, "    ")}
`;
const when = (condition: string, lines = ""): string =>
  rule(`when: ${condition}${lines === "" ? "" : `\n${lines}`}`);
const missing = (condition: string, ring?: string): string =>
  rule(`when: { missing: true, ${condition} }`, ring);
const selector = (ring: string): string => rule("on: [left]", ring);
const change = (lines: string): string => rule(`on: [left]\n${lines}`);
const suppressed = (ring: string, suppressedBy = "[other]"): string =>
  `${rule(`when: { readyBelow: 3 }\nsuppressedBy: ${suppressedBy}`)}  - { name: other, ring: ${ring}, when: { noneReady: true }, notify: [data-team] }
`;
const webhook = (lines: string): string => `version: 1
destinations:
  jobs:
    webhook:
${lines.replaceAll(/^/gm, "      ")}
rules:
  - { name: left, ring: { namespace: data }, on: [left], notify: [jobs] }
`;

/** Rules files that are legal and surely not meant. What is said about each is in `test/rules/golden/`. */
export const ODD_RULES: Readonly<Record<string, string>> = {
  "odd-except-all": selector("{ namespace: data, service: [cassandra, kafka], except: { service: '*a*' } }"),
  "odd-except-all-by-several": selector(
    "{ namespace: [data, shop], service: api-*, except: [{ namespace: shop }, { service: api-*, namespace: d* }] }",
  ),
  "odd-except-own-labels": selector(
    "{ namespace: data, labels: { tier: storage }, except: { labels: { tier: storage } } }",
  ),
  "odd-except-nothing": selector('{ namespace: data, except: { service: "*" } }'),
  "odd-missing-and-ready-below": missing("readyBelow: 3"),
  "odd-missing-and-members-below": missing("membersBelow: 3, zonesBelow: 2"),
  "odd-missing-and-zones": missing("zoneWithoutReady: true, notReadyAbove: 0"),
  "odd-missing-by-glob": missing("noneReady: true", '{ namespace: data, service: "*" }'),
  "odd-missing-by-namespace-labels": missing(
    "noneReady: true",
    "{ namespace: data, service: cassandra, namespaceLabels: { env: test } }",
  ),
  "odd-none-ready-and-ready-below": when("{ noneReady: true, readyBelow: 3, zonesBelow: 2 }"),
  "odd-members-below-ready-below": when("{ membersBelow: 3, readyBelow: 3 }"),
  "odd-not-ready-of-serving": when("{ notReadyAbove: 1, zoneWithoutReady: true }", "membership: serving"),
  "odd-none-ready-of-serving-members": when("{ noneReady: true }", "each: member\nmembership: serving"),
  "odd-whole-node-share": when("{ nodeShareAbove: 100% }"),
  "odd-long-for": when("{ noneReady: true }", "for: 24h1ms"),
  "odd-long-for-by-default": when("{ noneReady: true }").replace("rules:", "defaults: { for: 2d }\nrules:"),
  "odd-short-cooldown": when("{ noneReady: true }", "for: 5m\ncooldown: 5m"),
  "odd-slow-damping": when(
    "{ noneReady: true }",
    "for: 1m\nkeepFiringFor: 3m\ndamping: { changes: 4, within: 5m }",
  ),
  "odd-slow-damping-by-cooldown": when(
    "{ noneReady: true }",
    "cooldown: 2m\ndamping: { changes: 2, within: 2m }",
  ),
  "odd-needless-reasons": when("{ readyBelow: 3 }", "reasons: true"),
  "odd-readiness-of-serving": rule("on: [left, unready, ready]\nmembership: serving"),
  "odd-hasty-webhook": change("settle: 999ms").replace("[data-team]\n", "[rebalancer]\n"),
  "odd-hasty-webhook-that-expires": change("settle: 1ms")
    .replace("signingSecret: { env: REBALANCE_SECRET }", "retryFor: 15m")
    .replace("[data-team]\n", "[data-team, rebalancer]\n"),
  "odd-reason-without-left": rule("on: [joined]\nreasons: true\nreason: scaledDown"),
  "odd-guard-told-to-nobody": change("guard: { minMembers: 3 }"),
  "odd-guard-told-to-the-same": change("guard: { minMembers: 3, otherwise: [data-team] }"),
  "odd-guard-of-all": change("guard: { maxLost: 100%, otherwise: [on-call] }"),
  "odd-guard-of-all-and-some": change("guard: { minMembers: 3, maxLost: 100%, otherwise: [on-call] }"),
  "odd-suppressed-by-a-stranger": suppressed("{ namespace: data, service: [kafka, api-*] }"),
  "odd-suppressed-by-other-labels": suppressed("{ namespace: data, labels: { tier: web } }").replace(
    "service: cassandra",
    "labels: { tier: storage }",
  ),
  "odd-expression-of-no-ring": when('\'"ring" == "kafka" || 1 > 2\''),
  "odd-expression-of-no-member": when("ring.ready < 3", "each: member"),
  "odd-expression-of-no-zone": when("now.getHours() > 6 && ring.ready < 3", "each: zone"),
  "odd-url-with-token": webhook("url: https://jobs.example.com/run?token=hunter2"),
  "odd-url-of-slack": webhook("url: https://hooks.slack.com/services/T0/B0/hunter2"),
  "odd-url-with-random-path": webhook("url: https://jobs.example.com/in/aB3dE6gH1jK4mN7pQ0hunter2"),
  "odd-secret-header": webhook(
    "url: https://jobs.example.com\nheaders: { Authorization: hunter2, X-Api-Key: hunter2 }",
  ),
};

/** Rules files near to those, of which nothing is to be said: they may be meant. */
export const EVEN_RULES: Readonly<Record<string, string>> = {
  "an except that leaves some": selector(
    "{ namespace: data, service: [cassandra, kafka], except: { service: k* } }",
  ),
  "an except by glob of a glob": selector("{ namespace: data, service: api-*, except: { service: api-c* } }"),
  "an except by a glob of one letter": selector(
    "{ namespace: data, service: api-*, except: { service: api-? } }",
  ),
  "an except by labels": selector(
    "{ namespace: data, service: cassandra, except: { labels: { tier: test } } }",
  ),
  "an except in another namespace": selector(
    "{ namespace: data, except: { namespace: shop, service: '*' } }",
  ),
  "missing and flapping": missing("flapping: { changes: 4, within: 10m }"),
  "missing by glob": rule("when: { missing: true }", '{ namespace: data, service: "*" }'),
  "fewer members, and of these fewer ready": when("{ membersBelow: 5, readyBelow: 3 }"),
  "one more member than is to be ready": when("{ membersBelow: 4, readyBelow: 3 }"),
  "percent beside none ready": when("{ noneReady: true, readyBelow: 60% }"),
  "a count of serving members": when("{ readyBelow: 3, noneReady: true }", "membership: serving").replace(
    ", noneReady: true",
    "",
  ),
  "none ready of zones": when("{ noneReady: true }", "each: zone"),
  "nearly all on one node": when("{ nodeShareAbove: 99% }"),
  "a day": when("{ noneReady: true }", "for: 1d"),
  "a cooldown longer than for": when("{ noneReady: true }", "for: 5m\ncooldown: 5m1s"),
  "a cooldown for each member": when("{ noneReady: true }", "each: member\nfor: 5m\ncooldown: 5m"),
  "a cooldown by default": when("{ noneReady: true }", "for: 5m").replace(
    "rules:",
    "defaults: { cooldown: 1m }\nrules:",
  ),
  "damping just long enough": when(
    "{ noneReady: true }",
    "for: 1m\nkeepFiringFor: 3m\ndamping: { changes: 4, within: 5001ms }",
  ).replace("5001ms", "5m1ms"),
  "reasons for percent": when("{ readyBelow: 60% }", "reasons: true"),
  "reasons for an expression": when("ring.ready < ring.expected", "reasons: true"),
  "reasons for a text": when("{ readyBelow: 3 }", 'reasons: true\nmessage: "of {{ ring.expected }}"'),
  "reasons by default": when("{ readyBelow: 3 }").replace("rules:", "defaults: { reasons: true }\nrules:"),
  "a webhook after a second": change("settle: 1s").replace("[data-team]\n", "[rebalancer]\n"),
  "a message at once": change("settle: 500ms"),
  "a webhook at once for some reasons": change(
    "reasons: true\nsettle: { scaledDown: 0s, default: 1m }",
  ).replace("[data-team]\n", "[rebalancer]\n"),
  "a reason among changes": rule("on: [joined, changed]\nreasons: true\nreason: scaledDown"),
  "a guard that tells others": change("guard: { maxLost: 99%, otherwise: [on-call] }"),
  "a guard that tells others too": change("guard: { minMembers: 3, otherwise: [on-call, data-team] }"),
  "a guard that tells nobody, in so many words": change("guard: { maxLost: 1, otherwise: [] }"),
  "suppressed by a glob": suppressed("{ namespace: data, service: cass* }"),
  "suppressed by all": suppressed("{ namespace: '*' }"),
  "suppressed by labels": suppressed("{ namespace: data, labels: { tier: storage } }"),
  "suppressed at the same node": suppressed("{ namespace: shop }", "[{ rule: other, same: node }]"),
  "an expression about the time": when("now.getHours() > 6"),
  "an expression about each member": when('member.zone == "a"', "each: member"),
  "an expression about each zone": when("zone.ready * 2 < ring.ready", "each: zone"),
  "plain URLs": webhook(
    "url: https://jobs.example.com/v1/projects/rebalancer-of-the-data-team/jobs-2026-11-21?key=cassandra&tokens=3",
  ),
  "names of things": webhook("url: http://jobs.data.svc:8080/550e8400-e29b-41d4-a716-446655440000"),
  "an empty token": webhook("url: https://jobs.example.com/run?token="),
  "harmless headers": webhook(
    "url: https://jobs.example.com\nheaders: { X-Team: data, X-Api-Key: { env: KEY } }",
  ),
};
