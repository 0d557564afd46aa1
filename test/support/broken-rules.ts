/** A rules file that is right, for tests to break. */
export const GOOD_RULES = `version: 1
destinations:
  data-team:
    slack: { webhookUrl: { env: SLACK_WEBHOOK_URL } }
rules:
  - name: below-quorum
    ring: { namespace: data, service: cassandra }
    when: { readyBelow: 3 }
    notify: [data-team]
`;

const HEAD = GOOD_RULES.slice(0, GOOD_RULES.indexOf("rules:"));

const rule = (lines: string): string => `${HEAD}rules:
  - name: below-quorum
    ring: { namespace: data, service: cassandra }
    notify: [data-team]
${lines.replaceAll(/^/gm, "    ")}
`;

const destination = (lines: string): string => `version: 1
destinations:
  data-team:
${lines.replaceAll(/^/gm, "    ")}
rules:
  - { name: a, ring: { namespace: data }, on: [left], notify: [data-team] }
`;

const bomb = (): string => {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 8; i += 1)
    lines.push(
      `a${i}: &a${i} [${Array(9)
        .fill(`*a${i - 1}`)
        .join(", ")}]`,
    );
  return `${lines.join("\n")}\n`;
};

/** Broken rules files, each named by what is wrong. What is said about each is in `test/rules/golden/`. */
export const BROKEN_RULES: Readonly<Record<string, string>> = {
  "empty-file": "",
  "only-a-comment": "# my rules\n",
  "a-list-instead-of-a-map": "- version: 1\n",
  "only-a-word": "rules\n",
  "several-documents": `${GOOD_RULES}---\nversion: 1\n`,
  "tab-indentation": GOOD_RULES.replace("    when:", "\twhen:"),
  "unclosed-quote": rule('when: { noneReady: true }\ntitle: "half\n'),
  "unclosed-bracket": GOOD_RULES.replace("[data-team]", "[data-team"),
  "unclosed-brace-in-a-list": GOOD_RULES.replace("{ readyBelow: 3 }", "{ readyBelow: 3"),
  "two-syntax-errors": `version: 1\nrules: @foo\ndestinations: "a\\qb"\n`,
  "duplicate-key-and-others": rule("when: { readyBelow: 3 }\nfor: 30s\nfor: 1m\nseverty: info"),
  "yaml-tag": GOOD_RULES.replace("version: 1", "version: !!js 1"),
  "alias-to-nothing": GOOD_RULES.replace("service: cassandra", "service: *api"),
  "alias-bomb": bomb(),
  "proto-key": rule("when: { readyBelow: 3 }\nlabels: { __proto__: x }"),
  "no-version": GOOD_RULES.replace("version: 1\n", ""),
  "version-two": GOOD_RULES.replace("version: 1", 'version: "2"'),
  "misspelt-condition": GOOD_RULES.replace("readyBelow", "readyBelw"),
  "misspelt-keys-everywhere": GOOD_RULES.replace("rules:", "rule:").replace("version", "Version"),
  "condition-at-rule-level": rule("readyBelow: 3"),
  "namespace-at-rule-level": `${HEAD}rules:\n  - { name: a, namespace: data, on: [left], notify: [data-team] }\n`,
  "merge-key": rule("<<: { for: 30s }\nwhen: { readyBelow: 3 }"),
  "count-as-text": GOOD_RULES.replace("readyBelow: 3", "readyBelow: three"),
  "count-of-zero": GOOD_RULES.replace("readyBelow: 3", "readyBelow: 0"),
  "count-with-fraction": GOOD_RULES.replace("readyBelow: 3", "membersBelow: 2.5"),
  "switch-set-to-false": GOOD_RULES.replace("readyBelow: 3", "noneReady: false"),
  "empty-when": GOOD_RULES.replace("{ readyBelow: 3 }", "{}"),
  "when-without-value": GOOD_RULES.replace("{ readyBelow: 3 }", ""),
  "neither-when-nor-on": GOOD_RULES.replace("    when: { readyBelow: 3 }\n", ""),
  "both-when-and-on": rule("when: { readyBelow: 3 }\non: [left]"),
  "unknown-change-word": rule("on: [left, replced]"),
  "change-word-twice": rule("on: [left, left]"),
  "on-as-text": rule("on: left"),
  "on-empty": rule("on: []"),
  "for-on-a-change-rule": rule("on: [left]\nfor: 30s"),
  "settle-on-a-condition-rule": rule("when: { noneReady: true }\nsettle: 30s\nmaxWait: 5m"),
  "max-wait-below-settle": rule("on: [left]\nsettle: 2m\nmaxWait: 90s"),
  "max-wait-below-default-settle": rule("on: [left]\nmaxWait: 5s"),
  "duration-with-space": rule("when: { noneReady: true }\nfor: 5 min"),
  "duration-without-unit": rule("when: { noneReady: true }\nfor: 30"),
  "duration-rising-units": rule("when: { noneReady: true }\nfor: 30s5m"),
  "namespace-missing": GOOD_RULES.replace("namespace: data, ", ""),
  "namespace-with-slash": GOOD_RULES.replace("namespace: data", "namespace: data/cassandra"),
  "namespace-in-capitals-in-list": GOOD_RULES.replace("namespace: data", "namespace: [data, Shop]"),
  "label-as-number": GOOD_RULES.replace("service: cassandra", "labels: { shard: 7 }"),
  "ring-as-text": GOOD_RULES.replace("{ namespace: data, service: cassandra }", "data/cassandra"),
  "unknown-destination": GOOD_RULES.replace("[data-team]", "[data-taem, on-call]"),
  "nobody-to-tell": GOOD_RULES.replace("    notify: [data-team]\n", ""),
  "notify-as-text": GOOD_RULES.replace("[data-team]", "data-team"),
  "notify-twice": GOOD_RULES.replace("[data-team]", "[data-team, data-team]"),
  "unknown-destination-in-defaults": GOOD_RULES.replace("rules:", "defaults: { notify: [datateam] }\nrules:"),
  "duplicate-rule-names": `${GOOD_RULES}${GOOD_RULES.slice(GOOD_RULES.indexOf("  - name"))}`,
  "bad-rule-name": GOOD_RULES.replace("below-quorum", "Below Quorum"),
  "bad-severity": rule("when: { noneReady: true }\nseverity: crit"),
  "bad-membership-and-source": rule("when: { noneReady: true }\nmembership: servng\nsource: slices"),
  "bad-runbook": rule("when: { noneReady: true }\nrunbook: wiki/cassandra"),
  "no-rules": `${HEAD}rules: []\n`,
  "secret-literal": destination("slack: { webhookUrl: https://hooks.slack.com/services/T0/B0/hunter2 }"),
  "secret-literal-in-block": destination("pagerduty:\n  routingKey: hunter2"),
  "secret-literal-in-folded-text": destination("pagerduty:\n  routingKey: >-\n    hunter2\n    hunter2"),
  "secret-beside-reference": destination("pagerduty: { routingKey: { env: KEY, value: hunter2 } }"),
  "secret-reference-misspelt": destination("slack: { webhookUrl: { evn: URL } }"),
  "secret-below-misspelt-key": destination("slack:\n  webhookURL: hunter2"),
  "secret-as-kind-value": destination("slack: hunter2"),
  "secret-as-key": destination("slack: { https://hooks.example.com/hunter2 }"),
  "secret-as-env-name": destination("slack: { webhookUrl: { env: hunter2-hunter2 } }"),
  "secret-in-header-near-a-problem": destination(
    "webhook:\n  headers: { Authorization: hunter2 }\n  metod: POST\n  url: https://example.com",
  ),
  "secret-in-url-password": destination("webhook: { url: 'https://me:hunter2@example.com/' }"),
  "secret-by-alias": destination("slack: { webhookUrl: *url }").replace(
    "version: 1",
    "version: 1\nsecret: &url hunter2",
  ),
  "secret-near-a-syntax-error": destination("pagerduty:\n  routingKey: hunter2\n\tretryFor: 5m"),
  "secret-twice": destination("pagerduty:\n  routingKey: hunter2\n  routingKey: hunter2"),
  "url-of-another-scheme": destination("webhook: { url: ftp://example.com }"),
  "url-as-number": destination("webhook: { url: 80 }"),
  "bad-method": destination("webhook: { url: https://example.com, method: POTS }"),
  "unknown-kind": destination("slak: { webhookUrl: { env: URL } }"),
  "no-kind": destination("retryFor: 5m"),
  "two-kinds": destination("slack: { webhookUrl: { env: A } }\npagerduty: { routingKey: { env: B } }"),
  "destination-without-value": GOOD_RULES.replace(" { webhookUrl: { env: SLACK_WEBHOOK_URL } }", ""),
  "destination-as-text": `version: 1\ndestinations: { data-team: hunter2 }\nrules: []\n`,
  "retry-for-twice-and-bad": destination("slack: { webhookUrl: { env: A }, retryFor: 5m }\nretryFor: 5 m"),
  "bad-destination-name": GOOD_RULES.replaceAll("data-team", "Data_Team"),
  "hole-unknown-name": rule('when: { noneReady: true }\ntitle: "{{ rnig.service }} is down"'),
  "hole-unknown-field": rule(
    "when: { noneReady: true }\nmessage: |\n  Members:\n    {{ ring.members.map(m, m.nam).join() }}",
  ),
  "hole-unknown-field-behind-escapes": rule(
    `when: { noneReady: true }\ntitle: "\\"a\\u0041\\" {{ ring.redy }}"`,
  ),
  "hole-unknown-field-in-folded-text": rule(
    "when: { noneReady: true }\nmessage: >\n  All\n  of\n\n  {{ ring.redy }}",
  ),
  "hole-in-single-quotes": rule("when: { noneReady: true }\ntitle: 'it''s {{ ring.ready < ''3'' }}'"),
  "hole-not-closed": rule('when: { noneReady: true }\ntitle: "{{ ring.service"'),
  "hole-empty": rule('when: { noneReady: true }\ntitle: "{{ }}"'),
  "hole-syntax-error": rule('when: { noneReady: true }\ntitle: "{{ ring.ready + }}"'),
  "hole-gives-a-list": rule('on: [left]\nmessage: "{{ change.left }} and {{ change.left.map(m, m.name) }}"'),
  "hole-with-matches": rule("when: { noneReady: true }\ntitle: \"{{ ring.service.matches('^(a+)+$') }}\""),
  "hole-with-three-loops": rule(
    'when: { noneReady: true }\ntitle: "{{ ring.members.all(a, ring.members.all(b, ring.members.all(c, c.ready))) }}"',
  ),
  "hole-with-bad-pattern": rule("when: { noneReady: true }\ntitle: \"{{ ring.service.re('(a') }}\""),
  "hole-with-computed-pattern": rule('when: { noneReady: true }\ntitle: "{{ ring.key.re(ring.service) }}"'),
  "label-with-unknown-field": rule('when: { noneReady: true }\nlabels: { owner: "{{ ring.labls.team }}" }'),
  "expression-unknown-name": rule("when: rnig.ready < 3"),
  "expression-unknown-field": rule("when: ring.redy < 3 && ring.total > 0"),
  "expression-unknown-field-in-a-loop": rule("when: ring.zones.exists(z, z.reddy == 0)"),
  "expression-wrong-type": rule("when: ring.ready < '3'"),
  "expression-of-mixed-numbers": rule("when: ring.ready / 2.0 < 1.5"),
  "expression-gives-a-number": rule("when: ring.ready"),
  "expression-gives-a-list": rule("when: ring.members.filter(m, !m.ready)"),
  "expression-gives-anything": rule("when: dyn(ring.present)"),
  "expression-in-a-block": rule(
    "when: |\n  ring.total > 0 && // there are some\n    ring.zones.all(z,\n      z.redy == 0)",
  ),
  "expression-in-folded-text": rule("when: >-\n  ring.total > 0 &&\n  ring.zones.all(z,\n  z.redy == 0)"),
  "expression-behind-escapes": rule('when: "ring.key == \\"a\\u0041\\" && ring.redy > 0"'),
  "expression-in-single-quotes": rule("when: 'ring.key == ''it'' && ring.redy > 0'"),
  "expression-too-deep": rule(`when: ${"(".repeat(40)}true${")".repeat(40)}`),
  "expression-too-large": rule(`when: ${"1 + ".repeat(300)}1 > 0`),
  "expression-with-three-loops": rule(
    "when: ring.members.all(a, ring.members.all(b, ring.members.all(c, c.ready)))",
  ),
  "expression-with-matches": rule("when: ring.service.matches('^(a+)+$')"),
  "expression-with-bad-pattern": rule("when: ring.service.re('^(a+') && ring.ready < 3"),
  "expression-with-unknown-function": rule("when: ring.service.startWith('a')"),
  "expression-with-one-equals-sign": rule("when: ring.ready = 0"),
  "expression-not-closed": rule("when: (ring.ready < 3"),
  "expression-about-a-change": rule("when: change.left.size() > 0"),
  "expression-about-an-alert": rule("when: alert.duration > duration('1h')"),
  "expression-about-a-member-without-each": rule("when: '!member.ready'"),
  "expression-about-a-zone-beside-member": rule("each: member\nwhen: zone.ready == 0"),
  "expression-cut-by-a-comment": rule("when: ring.ready < 3 || # ring.total < 5"),
  "expression-of-blanks": rule('when: "  "'),
  "hole-of-the-other-kind": rule('when: { noneReady: true }\ntitle: "{{ change.generation }}"'),
  "many-at-once": `version: 2
destinations:
  data-team: { slak: {} }
  pager:
    pagerduty: { routingKey: hunter2 }
defaults: { severity: worst, notfy: [data-team] }
rules:
  - name: a
    ring: { service: x }
    when: { readyBelow: -1 }
    for: soon
  - name: a
    ring: { namespace: data }
    on: [gone]
    notify: [pagr]
    title: "{{ ring.nme }}"
`,
  "on-as-several-words": rule("on: left, replaced"),
  "condition-of-zones-at-rule-level": rule(
    "on: [left]\nzonesBelow: 2\nmaxLost: 50%\nexcept: { service: x }\nrollout: hold",
  ),
  "reasons-as-a-reason": rule("on: [left]\nreasons: scaledDown"),
  "except-of-words": GOOD_RULES.replace("service: cassandra", "except: [canary]"),
};
