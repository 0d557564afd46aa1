import { describe, expect, test } from "vitest";
import type { Notice } from "../../src/alerts/notice.ts";
import { bodySchema, renderBody } from "../../src/destinations/body-template.ts";
import { webhook, webhookBody } from "../../src/destinations/webhook.ts";
import { destinationKinds } from "../../src/destinations/registry.ts";
import { formatProblems } from "../../src/rules/format-problems.ts";
import { loadRules } from "../../src/rules/load-rules.ts";
import { Secret } from "../../src/runtime/secret.ts";
import { changeNotice, fireNotice, member, resolveNotice, testNotice } from "../support/notices.ts";

function render(tree: unknown, notice: Notice = fireNotice()): unknown {
  const body = bodySchema.parse(tree);
  if (body === undefined) throw new Error("no body");
  return JSON.parse(JSON.stringify(renderBody(body, notice, "msg_1")));
}

const DEPARTURE = { key: "data/a", name: "a", reason: "scaledDown", evidence: "3 desired replicas" } as const;
const MOVE = { before: member("b"), after: member("b", { addresses: ["10.0.0.7"] }) };
const ALERT_EXTRAS = { items: ["eu-1a"], update: "worse", flapping: true, late: true, whileAway: true };
const GROUP_ALERT = {
  rule: "r",
  ring: "data/a",
  severity: "error",
  title: "t",
  message: "m",
  runbook: "https://example.com",
  labels: { team: "a" },
  since: "2026-11-21T11:00:00.000Z",
  firedAt: "2026-11-21T11:00:01.000Z",
  resolvedAt: "2026-11-21T11:00:02.000Z",
};

/** Every expression that names a part of a notice, with the part; of lists the first item. */
function fieldPaths(value: unknown, path: string): readonly (readonly [string, unknown])[] {
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return fieldPaths(value[0], `${path}[0]`);
  return Object.entries(value).flatMap(([key, part]) => {
    const below = /\.(?:labels|by)$/.test(path) ? `${path}["${key}"]` : `${path}.${key}`;
    return [[below, part] as const, ...fieldPaths(part, below)];
  });
}

describe("a body", () => {
  test("is the same tree where it has no holes", () => {
    const tree = { a: [1, true, null, "x", { "": "}} {" }], constructor: { b: 1.5 }, empty: {}, none: [] };
    expect(render(tree)).toEqual(tree);
  });

  test("has text where text stands beside a hole, and the value's type where it stands alone", () => {
    expect(
      render({
        text: "{{ notice.ring.service }}: {{ notice.counts.ready }}",
        padded: " {{ notice.counts.ready }}",
        count: "{{ notice.counts.ready }}",
        share: "{{ double(notice.counts.ready) / 4.0 }}",
        flag: "{{ notice.ring.present }}",
        word: "{{ notice.severity }}",
        names: "{{ notice.alert.notReady.map(m, m.name) }}",
        labels: "{{ notice.labels }}",
        time: "{{ notice.time }}",
        spent: "{{ notice.time - notice.alert.since }}",
        nothing: "{{ null }}",
        either: "{{ dyn(notice.kind) }}",
        made: "{{ {'a': notice.counts.total} }}",
      }),
    ).toEqual({
      text: "cassandra: 2",
      padded: " 2",
      count: 2,
      share: 0.5,
      flag: true,
      word: "critical",
      names: fireNotice().alert?.notReady.map((one) => one.name),
      labels: { team: "data" },
      time: "2026-11-21T03:04:35.000Z",
      spent: expect.stringMatching(/^(\d+[hms])+$/),
      nothing: null,
      either: "fire",
      made: { a: 5 },
    });
  });

  test("has members, changes and whole parts as the notice has them", () => {
    const notice = changeNotice(
      {},
      { moved: [{ before: member("a", { uid: undefined }), after: member("a") }] },
    );
    const asSent = JSON.parse(webhookBody(notice, "msg_1")) as Record<string, unknown>;
    expect(
      render(
        {
          left: "{{ notice.change.left }}",
          moved: "{{ notice.change.moved }}",
          change: "{{ notice.change }}",
          ring: "{{ notice.ring }}",
          all: "{{ notice }}",
        },
        notice,
      ),
    ).toEqual({
      left: notice.change?.left,
      moved: JSON.parse(JSON.stringify(notice.change?.moved)),
      change: asSent["change"],
      ring: asSent["ring"],
      all: { ...asSent, id: undefined, deliveryId: "msg_1" },
    });
  });

  test("knows every field that a notice has, each with its value", () => {
    for (const notice of [fireNotice(), resolveNotice(), changeNotice(), testNotice()]) {
      const { id: _, ...sent } = JSON.parse(webhookBody(notice, "msg_1")) as Record<string, unknown>;
      const tree = Object.fromEntries(Object.keys(sent).map((key) => [key, `{{ notice.${key} }}`]));
      expect(render(tree, notice)).toEqual(sent);
    }
  });

  test("knows every field of every part, each with its value", () => {
    const full = {
      ...resolveNotice(),
      ...changeNotice({}, { departures: [DEPARTURE], guarded: "2 members are left", moved: [MOVE] }),
      alert: { ...resolveNotice().alert, ...ALERT_EXTRAS },
      group: { by: { node: "n1" }, alerts: [GROUP_ALERT], firing: 1, resolved: 0 },
    } as Notice;
    const paths = fieldPaths(JSON.parse(JSON.stringify(full)), "notice");
    expect(paths.length).toBeGreaterThan(80);
    for (const [path, value] of paths) expect([path, render(`{{ ${path} }}`, full)]).toEqual([path, value]);
  });

  test("says null for what the notice lacks, and why within a text; has() tells them apart", () => {
    const tree = {
      alone: "{{ notice.alert.reason }}",
      within: "why: {{ notice.alert.reason }}",
      asked: '{{ has(notice.alert) ? notice.alert.reason : "" }}',
      generation: "{{ has(notice.generation) ? notice.generation : 0 }}",
    };
    expect(render(tree, changeNotice())).toEqual({
      alone: null,
      within: "why: [No such key: alert]",
      asked: "",
      generation: 8,
    });
    expect(render(tree)).toMatchObject({ asked: fireNotice().alert?.reason, generation: 0 });
  });

  test("cannot be broken by what it is filled with", () => {
    const message = '"}, {"evil": true, "\n\u2028</script>';
    expect(
      render({ a: "{{ notice.message }}", b: "x {{ notice.message }}" }, fireNotice({ message })),
    ).toEqual({
      a: message,
      b: `x ${message}`,
    });
  });

  test("is what the webhook sends and signs, and without one it is the notice's JSON", () => {
    const context = {
      deliveryId: "msg_1",
      nowMs: 0,
      readSecret: () => new Secret(`whsec_${btoa("x".repeat(32))}`),
    };
    const config = { url: "https://example.com", signingSecret: { env: "S" } };
    const sent = (body?: unknown) =>
      webhook.toRequest(
        fireNotice(),
        webhook.schema.parse({ ...config, ...(body !== undefined && { body }) }),
        context,
      );
    expect(sent({ id: "{{ notice.deliveryId }}" }).body).toBe('{"id":"msg_1"}');
    expect(sent().body).toBe(webhookBody(fireNotice(), "msg_1"));
    expect(sent({ id: 1 }).headers["webhook-signature"]).not.toBe(
      sent({ id: 2 }).headers["webhook-signature"],
    );
  });

  test("may be one string or a list", () => {
    expect(render("{{ notice.kind }}")).toBe("fire");
    expect(render(["{{ notice.deliveryId }}"])).toEqual(["msg_1"]);
  });
});

describe("what is wrong with a body is told at its place", () => {
  const problemsOf = (body: string): string => {
    const text = `version: 1
destinations:
  jobs:
    webhook:
      url: https://example.com
      body:
${body.replaceAll(/^/gm, "        ")}
rules:
  - { name: a, ring: { namespace: data }, on: [left], notify: [jobs] }
`;
    const result = loadRules(text, "rules.yaml", destinationKinds);
    return result.ok ? "" : formatProblems(result.problems, false);
  };

  test.each([
    ["unknown-name", "ring: '{{ ring.key }}'"],
    ["unknown-field-in-a-list", "jobs:\n  - name: fix\n  - members: '{{ notice.chnge.left }}'"],
    ["block-text", "text: |\n  first line\n  {{ notice.ring.key }} {{ notice.titel }}"],
    ["list-within-text", "text: 'left: {{ notice.change.left }}'"],
    ["no-json", "text: \"{{ b'abc' }}\""],
    ["hole-in-a-key", "'{{ notice.kind }}': 1"],
    ["secret-beside-a-hole", "text: 'hunter2 {{ notice.kin }} hunter2'\ntoken: hunter2"],
    ["several", "a: '{{ x }} {{ notice.kind }} {{ y }}'\nb: ['{{ notice.kind'] "],
    ["deep", `a: ${"[".repeat(40)}1${"]".repeat(40)}`],
  ])("%s", async (name, body) => {
    const said = problemsOf(body);
    expect(said).not.toContain("hunter2");
    await expect(said).toMatchFileSnapshot(`golden/body-${name}.golden`);
  });
});
