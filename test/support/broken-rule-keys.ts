const HEAD = `version: 1
destinations:
  data-team:
    slack: { webhookUrl: { env: SLACK_WEBHOOK_URL } }
`;

const rule = (lines: string): string => `${HEAD}rules:
  - name: below-quorum
    ring: { namespace: data, service: cassandra }
    notify: [data-team]
${lines.replaceAll(/^/gm, "    ")}
`;
const when = (condition: string, lines = ""): string =>
  rule(`when: ${condition}${lines === "" ? "" : `\n${lines}`}`);
const ring = (selector: string): string =>
  rule("on: [left]").replace("{ namespace: data, service: cassandra }", selector);
const suppressed = (
  suppressedBy: string,
): string => `${when("{ noneReady: true }", `suppressedBy: ${suppressedBy}`)}
  - { name: node-lost, ring: { namespace: data }, when: { noneReady: true }, notify: [data-team] }
  - { name: pod-left, ring: { namespace: data }, on: [left], notify: [data-team] }
`;

/** Rules files with one wrong key of when to speak and of what, each named by what is wrong. */
export const BROKEN_RULE_KEYS: Readonly<Record<string, string>> = {
  "percent-of-zero": when("{ readyBelow: 0% }"),
  "percent-above-hundred": when("{ membersBelow: 101% }"),
  "percent-with-fraction": when("{ notReadyAbove: 33.3% }"),
  "percent-below-zero": when("{ notReadyAbove: -1 }"),
  "node-share-as-number": when("{ nodeShareAbove: 50 }"),
  "node-share-of-zero": when("{ nodeShareAbove: 0% }"),
  "node-share-above-hundred": when("{ nodeShareAbove: 120% }"),
  "zones-in-percent": when("{ zonesBelow: 50% }"),
  "zone-without-ready-of-a-zone": when("{ zoneWithoutReady: eu-1a }"),
  "flapping-as-number": when("{ flapping: 6 }"),
  "flapping-once": when("{ flapping: { changes: 1, within: 10m } }"),
  "flapping-too-often": when("{ flapping: { changes: 101, within: 10m } }"),
  "flapping-without-time": when("{ flapping: { changes: 6 } }"),
  "flapping-within-no-time": when("{ flapping: { changes: 6, within: 999ms } }"),
  "flapping-misspelt": when("{ flapping: { change: 6, within: 10m } }"),
  "each-of-nodes": when("{ noneReady: true }", "each: node"),
  "each-with-missing": when("{ missing: true }", "each: zone"),
  "each-member-with-counts": when("{ readyBelow: 2, membersBelow: 3, noneReady: true }", "each: member"),
  "each-zone-with-zones": when("{ zonesBelow: 2, zoneWithoutReady: true }", "each: zone"),
  "each-zone-with-percent": when("{ readyBelow: 50%, notReadyAbove: 1 }", "each: zone"),
  "each-on-a-change-rule": rule("on: [left]\neach: member"),
  "times-of-alerts-on-a-change-rule": rule(
    "on: [left]\nkeepFiringFor: 5m\nrepeat: 4h\ndamping: { changes: 6, within: 10m }",
  ),
  "keys-of-changes-on-a-condition-rule": when(
    "{ noneReady: true }",
    "reason: [scaledDown]\nduring: { rollout: hold }\nguard: { minMembers: 3 }",
  ),
  "keep-firing-without-unit": when("{ noneReady: true }", "keepFiringFor: 300"),
  "repeat-too-often": when("{ noneReady: true }", "repeat: 59s"),
  "repeat-as-switch": when("{ noneReady: true }", "repeat: true"),
  "cooldown-as-word": when("{ noneReady: true }", "cooldown: long"),
  "damping-as-duration": when("{ noneReady: true }", "damping: 10m"),
  "damping-of-one-change": when("{ noneReady: true }", "damping: { changes: 1, within: 10m }"),
  "bad-timing-in-defaults": when("{ noneReady: true }").replace(
    "rules:",
    "defaults: { keepFiringFor: 5, repeat: 1s, cooldown: [], damping: {}, reasons: yes, each: zone }\nrules:",
  ),
  "settle-as-number": rule("on: [left]\nsettle: 60"),
  "settle-for-unknown-reason": rule("on: [left]\nreasons: true\nsettle: { scaleDown: 5s, default: 10m }"),
  "settle-by-reason-without-unit": rule(
    "on: [left]\nreasons: true\nsettle: { scaledDown: 5, default: 10 m }",
  ),
  "settle-by-reason-without-reasons": rule("on: [left]\nsettle: { scaledDown: 5s, default: 10m }"),
  "max-wait-below-settle-by-default": rule(
    "on: [left]\nreasons: true\nsettle: { scaledDown: 5s, default: 10m }\nmaxWait: 9m",
  ),
  "reasons-as-list": rule("on: [left]\nreasons: [scaledDown]"),
  "reason-unknown": rule("on: [left]\nreasons: true\nreason: [scaledDown, nodeLoss]"),
  "reason-unknown-alone": rule("on: [left]\nreasons: true\nreason: crash"),
  "reason-empty": rule("on: [left]\nreasons: true\nreason: []"),
  "reason-without-reasons": rule("on: [left]\nreason: scaledDown\nduring: { rollout: hold }"),
  "during-a-deployment": rule("on: [left]\nreasons: true\nduring: { deployment: hold }"),
  "during-rollout-wait": rule("on: [left]\nreasons: true\nduring: { rollout: wait }"),
  "during-rollout-hold-without-unit": rule("on: [left]\nreasons: true\nduring: { rollout: { hold: 60 } }"),
  "during-as-word": rule("on: [left]\nreasons: true\nduring: rollout"),
  "guard-as-number": rule("on: [left]\nguard: 3"),
  "guard-without-limit": rule("on: [left]\nguard: { otherwise: [data-team] }"),
  "guard-with-bad-limits": rule("on: [left]\nguard: { minMembers: 50%, maxLost: half }"),
  "guard-of-no-members": rule("on: [left]\nguard: { minMembers: 0, maxLost: 0% }"),
  "guard-telling-unknown-destination": rule(
    "on: [left]\nguard: { minMembers: 3, otherwise: [data-taem, data-team, data-team] }",
  ),
  "guard-telling-no-list": rule("on: [left]\nguard: { minMembers: 3, otherwise: data-team }"),
  "guard-misspelt": rule("on: [left]\nguard: { minMember: 3 }"),
  "suppressed-by-unknown-rule": suppressed("[node-lots, zone-dark]"),
  "suppressed-by-itself": suppressed("[below-quorum]"),
  "suppressed-by-a-change-rule": suppressed("[{ rule: pod-left, same: node }]"),
  "suppressed-twice": suppressed("[node-lost, { rule: node-lost, same: zone }]"),
  "suppressed-by-no-list": suppressed("node-lost"),
  "suppressed-on-the-same-rack": suppressed("[{ rule: node-lost, same: rack }]"),
  "suppressed-by-no-name": suppressed("[Node Lost]"),
  "except-as-word": ring("{ namespace: data, except: canary }"),
  "except-misspelt": ring("{ namespace: data, except: { servce: canary-* } }"),
  "except-bad-pattern-in-list": ring(
    "{ namespace: data, except: [{ service: Canary }, { labels: { tier: 1 } }] }",
  ),
  "except-empty-list": ring("{ namespace: data, except: [] }"),
  "namespace-labels-as-list": ring("{ namespace: data, namespaceLabels: [team] }"),
  "when-as-list": when("[readyBelow, 3]"),
  "when-as-number": when("3"),
  "mute-as-word": when("{ noneReady: true }", "mute: nights"),
};
