import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDocument } from "yaml";
import { destinationKinds } from "../../src/destinations/registry.ts";
import { formatProblems } from "../../src/rules/format-problems.ts";
import { type JsonSchema, rulesJsonSchema } from "../../src/rules/json-schema.ts";
import { loadRules } from "../../src/rules/load-rules.ts";
import { BROKEN_RULES, GOOD_RULES } from "../support/broken-rules.ts";

/** Holds every key that there is; a test below says which one is missing. */
const FULL = `version: 1
destinations:
  data-team:
    slack: { webhookUrl: { env: SLACK_WEBHOOK_URL }, mention: here }
    mute: [nights]
    group: { by: [node, severity], wait: 30s, interval: 5m }
  on-call:
    pagerduty: { routingKey: { env: PAGERDUTY_KEY }, url: https://events.eu.pagerduty.com/v2/enqueue }
  rebalancer:
    webhook:
      url: https://example.com
      method: PUT
      headers: { X-Team: data, X-Key: { env: KEY } }
      signingSecret: { file: /run/s }
      previousSigningSecret: { env: OLD }
      timeout: 5s
      body: { job: "{{ notice.ring.service }}", gone: ["{{ notice.counts }}"] }
    retryFor: 15m
selfNotify: [data-team]
blindAfter: 45s
muteWindows:
  nights: { timeZone: Europe/Berlin, days: mon-fri, from: "22:00", to: "06:00" }
  once: [{ timeZone: UTC, start: 2026-12-01T20:00, end: 2026-12-01T23:00 }]
defaults:
  { severity: info, notify: [data-team], source: endpointslices, membership: present, reasons: false, mute: [once], labels: { a: b } }
rules:
  - name: below-quorum
    ring: { namespace: data, service: [cassandra, "k*"], labels: { tier: storage }, namespaceLabels: { env: test } }
    when: { readyBelow: 60%, notReadyAbove: 1, membersBelow: 3, zoneWithoutReady: true, zonesBelow: 2, nodeShareAbove: 50% }
    for: 30s
    keepFiringFor: 1m
    repeat: 1h
    cooldown: 5m
    damping: { changes: 6, within: 1h }
    mute: [nights]
    suppressedBy: [{ rule: restless, same: ring }]
    severity: critical
    source: endpointslices
    membership: present
    runbook: https://runbooks.example.com/quorum
    labels: { owner: '{{ has(ring.labels.team) ? ring.labels.team : "nobody" }}' }
    title: "{{ ring.service }} is down"
    message: |
      Members: {{ ring.members.map(m, m.name).join(", ") }}
  - name: restless
    ring: { namespace: data, except: [{ namespace: shop, service: canary-*, labels: { app: x } }] }
    each: member
    when: { noneReady: true, flapping: { changes: 6, within: 10m } }
  - { name: gone, ring: { namespace: data, service: cassandra }, when: { missing: true } }
  - { name: by-expression, ring: { namespace: data }, when: ring.ready < 3 }
  - name: left
    ring: { namespace: "*" }
    on: [left]
    reasons: true
    reason: [scaledDown, nodeLost]
    settle:
      { scaledDown: 5s, rollout: 1h, evicted: 1m, nodeLost: 1m, crashed: 1m, deleted: 1m, unready: 1m, unknown: 1m, default: 10s }
    maxWait: 5m
    during: { rollout: { hold: 20m } }
    guard: { minMembers: 3, maxLost: 50%, otherwise: [on-call] }
    notify: [rebalancer]
`;

/** Cuts a piece out, and puts another text in its place. */
const mutations = fc.record({
  at: fc.nat({ max: FULL.length }),
  length: fc.nat({ max: 12 }),
  text: fc.oneof(
    fc.string({ maxLength: 6 }),
    fc.string({ unit: "binary", maxLength: 4 }),
    fc.constantFrom(
      "\n",
      "  ",
      "\t",
      ": ",
      "- ",
      "{",
      "}",
      "[",
      "]",
      '"',
      "'",
      "|",
      ">",
      "&a ",
      "*a",
      "!!x ",
      "#",
      "---\n",
      "{{",
      "}}",
    ),
  ),
});

const mutated = fc.array(mutations, { minLength: 1, maxLength: 4 }).map((list) => {
  let text = FULL;
  for (const { at, length, text: inserted } of list)
    text = text.slice(0, at) + inserted + text.slice(at + length);
  return text;
});

type Path = readonly (string | number)[];

interface Node {
  readonly path: Path;
  readonly value: unknown;
}

/** Everything that stands in a tree. */
function nodesOf(value: unknown, path: Path = []): Node[] {
  if (typeof value !== "object" || value === null) return [{ path, value }];
  const below = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [{ path, value }, ...below.flatMap(([key, item]) => nodesOf(item, [...path, key]))];
}

function isMap({ value }: Node): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const OWN_NAMES = new Set(["destinations", "muteWindows", "labels", "namespaceLabels", "headers"]);

function isFree(path: Path): boolean {
  return OWN_NAMES.has(String(path.at(-1))) || path.includes("body");
}

/** The names of all keys of a schema, wherever they may stand. */
function keysOf({ properties = {}, anyOf = [], items, additionalProperties }: JsonSchema): Set<string> {
  const below = [...Object.values(properties), ...anyOf, ...(items ? [items] : [])];
  if (typeof additionalProperties === "object") below.push(additionalProperties);
  return new Set([...Object.keys(properties), ...below.flatMap((each) => [...keysOf(each)])]);
}

describe("loadRules on files that nobody meant to write", () => {
  test("never crashes, and tells problems that lie within the file", () => {
    fc.assert(
      fc.property(fc.oneof(mutated, fc.string(), fc.constantFrom(...Object.values(BROKEN_RULES))), (text) => {
        const result = loadRules(text, "rules.yaml", destinationKinds);
        const problems = result.ok ? result.warnings : result.problems;
        if (!result.ok) expect(problems.some((problem) => problem.severity === "error")).toBe(true);
        const lines = text.split("\n");
        for (const { line, column, message } of problems) {
          expect(message).not.toBe("");
          expect(line).toBeGreaterThanOrEqual(1);
          expect(line).toBeLessThanOrEqual(lines.length);
          expect(column).toBeGreaterThanOrEqual(1);
          expect(column).toBeLessThanOrEqual((lines[line - 1]?.length ?? 0) + 1);
        }
        const order = problems.map(({ line, column }) => line * 1e6 + column);
        expect(order).toEqual(order.toSorted((a, b) => a - b));
        expect(typeof formatProblems(problems, true)).toBe("string");
      }),
      { numRuns: 1500 },
    );
  });

  const nodes = nodesOf(parseDocument(FULL).toJS());
  /** Every map of the file whose keys are not the operator's own. */
  const paths = nodes.flatMap((node) => (isMap(node) && !isFree(node.path) ? [node.path] : []));
  const known = keysOf(rulesJsonSchema(destinationKinds));
  const keys = fc
    .oneof(
      fc.string({ minLength: 1, maxLength: 12 }),
      fc.constantFrom(
        "__proto__",
        "constructor",
        "toString",
        "hasOwnProperty",
        "prototype",
        "<<",
        "0",
        "x-note",
      ),
    )
    .filter((key) => !known.has(key));

  test("is about a file that holds every key", () => {
    const there = new Set(nodes.map(({ path }) => path.at(-1)));
    expect([...known].filter((key) => !there.has(key))).toEqual([]);
  });

  test("never accepts an unknown key, wherever it stands", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...paths),
        keys,
        fc.constantFrom<unknown>(1, "x", true, null),
        (path, key, value) => {
          const document = parseDocument(FULL);
          document.setIn([...path, key], value);
          const result = loadRules(document.toString(), "rules.yaml", destinationKinds);
          expect(result.ok).toBe(false);
        },
      ),
      { numRuns: 600 },
    );
  });

  test("never shows a literal that stands where a secret belongs", () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9+/=_-]{8,60}$/).filter((text) => !FULL.includes(text));
    const shape = fc.constantFrom(
      (text: string) => `"${text}"`,
      (text: string) => `'${text}'`,
      (text: string) => `{ value: "${text}" }`,
      (text: string) => `["${text}"]`,
      (text: string) => `{ env: { name: "${text}" } }`,
      (text: string) => `|\n      ${text}\n     `,
      (text: string) => `"${text}" oops: [`,
    );
    fc.assert(
      fc.property(secret, shape, fc.boolean(), (text, write, breakElsewhere) => {
        const file = GOOD_RULES.replace(
          "slack: { webhookUrl: { env: SLACK_WEBHOOK_URL } }",
          () => `slack:\n      webhookUrl: ${write(text)}`,
        );
        const result = loadRules(breakElsewhere ? `${file}\t- @\n` : file, "rules.yaml", destinationKinds);
        expect(result.ok).toBe(false);
        expect(JSON.stringify(result)).not.toContain(text);
      }),
      { numRuns: 500 },
    );
  });

  test("keeps the good file good", () => {
    expect(loadRules(FULL, "rules.yaml", destinationKinds)).toMatchObject({ ok: true, warnings: [] });
  });
});
