import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { AlertWord } from "../../src/alerts/advance-alert.ts";
import { alertNotice, changeNotice as makeChangeNotice } from "../../src/alerts/build-notice.ts";
import type { Notice } from "../../src/alerts/notice.ts";
import type { ReportedChange } from "../../src/alerts/report-change.ts";
import { webhookBody } from "../../src/destinations/webhook.ts";
import type { Ring } from "../../src/ring/ring.ts";
import { conditionRule } from "../rules/rule-fixtures.ts";
import { noticeIssues } from "../support/notice-schema.ts";
import {
  alert,
  changeNotice,
  fireNotice,
  member,
  resolveNotice,
  testNotice,
  updateNotice,
} from "../support/notices.ts";

type Json = Record<string, unknown>;

function bodyOf(notice: Notice): Json {
  return JSON.parse(webhookBody(notice, "msg_1")) as Json;
}

/** Every object within a value, with its path. */
function objectsIn(value: unknown, path = ""): readonly (readonly [string, Json])[] {
  if (typeof value !== "object" || value === null) return [];
  const inner = Object.entries(value).flatMap(([key, part]) => objectsIn(part, `${path}/${key}`));
  return Array.isArray(value) ? inner : [[path, value as Json], ...inner];
}

const full = changeNotice(
  { labels: {} },
  {
    moved: [{ before: member(), after: member() }],
    joined: [member("x", { uid: undefined, zone: undefined, node: undefined })],
    departures: [
      { key: "data/cassandra-2", name: "cassandra-2", reason: "nodeLost", evidence: "node-7 is gone" },
    ],
    guarded: "2 members are left, wanted at least 3",
  },
);
const lateFire = fireNotice({ alert: alert({ items: ["eu-1a"], late: true, flapping: true }) });
const awayResolve = resolveNotice({ alert: alert({ ...resolveNotice().alert, whileAway: true }) });

describe("notice.schema.json describes what webhooks send", () => {
  test.each([
    ["fire", fireNotice()],
    ["late fire", lateFire],
    ["update", updateNotice()],
    ["worse update", updateNotice({ alert: alert({ update: "worse" }) })],
    ["repeated update", updateNotice({ alert: alert({ update: "repeat", items: [] }) })],
    ["calm update", updateNotice({ alert: alert({ update: "calm" }) })],
    ["resolve", resolveNotice()],
    ["resolve (while away)", awayResolve],
    ["change", full],
    ["test", testNotice()],
  ])("a %s notice", (_, notice) => {
    expect(noticeIssues(bodyOf(notice))).toEqual([]);
  });

  test("a key that is not described is rejected, at every level", () => {
    for (const notice of [fireNotice(), full]) {
      const paths = objectsIn(bodyOf(notice))
        .map(([path]) => path)
        .filter((path) => !path.endsWith("labels"));
      expect(paths.length).toBeGreaterThan(3);
      for (const path of paths) {
        const body = bodyOf(notice);
        const target = objectsIn(body).find(([other]) => other === path)?.[1];
        Object.assign(target ?? {}, { extra: 1 });
        expect(noticeIssues(body), path).toContainEqual(expect.stringContaining("additional properties"));
      }
    }
  });

  test("a key that is missing is rejected, at every level, unless it may be", () => {
    const optional = new Set(["runbook", "uid", "zone", "node", "/change/departures", "/change/guarded"]);
    for (const key of ["items", "update", "flapping", "late", "whileAway"]) optional.add(`/alert/${key}`);
    for (const notice of [lateFire, awayResolve, full]) {
      for (const [path, object] of objectsIn(bodyOf(notice))) {
        if (path.endsWith("labels")) continue;
        for (const key of Object.keys(object)) {
          const body = bodyOf(notice);
          const target = objectsIn(body).find(([other]) => other === path)?.[1];
          delete target?.[key];
          expect(noticeIssues(body).length > 0, `${path}/${key}`).toBe(
            !optional.has(key) && !optional.has(`${path}/${key}`),
          );
        }
      }
    }
  });

  test.each([
    ["a fire notice without its alert", { ...bodyOf(fireNotice()), alert: undefined }],
    ["a fire notice with a generation", { ...bodyOf(fireNotice()), generation: 1 }],
    ["a change notice with an alert", { ...bodyOf(changeNotice()), alert: bodyOf(fireNotice())["alert"] }],
    [
      "a resolve notice without its end",
      { ...bodyOf(resolveNotice()), alert: bodyOf(fireNotice())["alert"] },
    ],
    ["a time without milliseconds", { ...bodyOf(fireNotice()), time: "2026-11-21T03:04:35Z" }],
    ["a time of another zone", { ...bodyOf(fireNotice()), time: "2026-11-21T03:04:35.000+01:00" }],
    ["a fire that is an update", bodyOf(fireNotice({ alert: alert({ update: "worse" }) }))],
    ["a fire that ended while away", bodyOf(fireNotice({ alert: alert({ whileAway: true }) }))],
    ["an update that is late", bodyOf(updateNotice({ alert: alert({ late: true }) }))],
    ["an update for another reason", { ...bodyOf(updateNotice()), alert: { ...alert(), update: "better" } }],
    [
      "a resolve that flaps",
      bodyOf(resolveNotice({ alert: alert({ ...resolveNotice().alert, flapping: true }) })),
    ],
    ["a fire that is not late, said so", { ...bodyOf(fireNotice()), alert: { ...alert(), late: false } }],
    [
      "a change for no known reason",
      {
        ...bodyOf(full),
        change: { ...full.change, departures: [{ ...full.change?.departures?.[0], reason: "bored" }] },
      },
    ],
    ["another version", { ...bodyOf(fireNotice()), version: 2 }],
    ["another kind", { ...bodyOf(fireNotice()), kind: "fired" }],
    ["an empty id", { ...bodyOf(fireNotice()), id: "" }],
  ])("%s is rejected", (_, body) => {
    expect(noticeIssues(JSON.parse(JSON.stringify(body)))).not.toEqual([]);
  });
});

const TIMES = {
  sinceMs: 1000,
  firedAtMs: 1000,
  told: { notify: ["on-call"], severity: "info" },
  reason: "none ready",
} as const;

describe("notices as they are made from rules and rings", () => {
  const rule = conditionRule([{ kind: "noneReady" }], {}, { name: "r", notify: ["jobs"] });
  const members = [member("a"), member("b", { uid: undefined, zone: undefined, node: undefined })];
  const ring: Ring = {
    key: "data/cassandra",
    source: "endpointslices",
    namespace: "data",
    service: "cassandra",
    present: true,
    labels: {},
    members,
    truncated: false,
  };
  const [none, one] = [[], [member("a")]];
  const at = (nowMs: number) => ({ nowMs, expected: undefined, whileAway: false });

  test.each<[string, AlertWord, boolean, Json]>([
    ["a fire", { kind: "fire", ...TIMES }, false, { reason: "none ready" }],
    [
      "a late fire that flaps, of zones",
      { kind: "fire", ...TIMES, items: ["a", "b"], late: true, flapping: true },
      false,
      { items: ["a", "b"], late: true, flapping: true },
    ],
    ["an update", { kind: "update", why: "worse", ...TIMES }, false, { update: "worse" }],
    ["a resolve", { kind: "resolve", ...TIMES, resolvedAtMs: 1500 }, false, { durationSeconds: 0.5 }],
    ["a resolve while away", { kind: "resolve", ...TIMES, resolvedAtMs: 1500 }, true, { whileAway: true }],
    ["a fire after a restart", { kind: "fire", ...TIMES }, true, {}],
  ])("%s", (_, word, whileAway, expected) => {
    const state = { rule: "r", ring: ring.key, episode: 1, phase: { kind: "inactive" as const } };
    const body = bodyOf(alertNotice(rule, ring, state, word, { ...at(1500), whileAway }));
    expect(noticeIssues(body)).toEqual([]);
    expect(body["alert"]).toMatchObject(expected);
    if (word.kind === "fire") expect(body["alert"]).not.toHaveProperty("whileAway");
  });

  test("a change", () => {
    const report: ReportedChange = {
      generation: 1,
      previousGeneration: 0,
      removed: false,
      whileAway: true,
      forced: true,
      firstChangeMs: 1000,
      settledMs: 2000,
      departures: [],
      guarded: undefined,
      before: members,
      after: one,
      left: members.slice(1),
      joined: none,
      replaced: none,
      moved: none,
      becameReady: none,
      becameUnready: none,
    };
    const plain = bodyOf(makeChangeNotice(rule, ring, report, at(2000)));
    expect(noticeIssues(plain)).toEqual([]);
    expect(plain["change"]).not.toHaveProperty("departures");
    expect(plain["change"]).not.toHaveProperty("guarded");
    const departures = [
      { key: "data/b", name: "b", reason: "scaledDown", evidence: "ordinal 1 of 1" },
    ] as const;
    const guarded = "1 members are left, wanted at least 2";
    const told = bodyOf(makeChangeNotice(rule, ring, { ...report, departures, guarded }, at(2000)));
    expect(noticeIssues(told)).toEqual([]);
    expect(told["change"]).toMatchObject({ departures, guarded });
  });
});

test("the example of docs/notice.md is valid", () => {
  const page = readFileSync(new URL("../../docs/notice.md", import.meta.url), "utf8");
  const examples = [...page.matchAll(/```json\n([^`]+)```/g)].map(
    ([, json]) => JSON.parse(json ?? "") as unknown,
  );
  expect(examples.map(noticeIssues)).toEqual([[]]);
});
