import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { ReportedChange } from "../../src/alerts/advance-baseline.ts";
import { alertNotice, changeNotice as makeChangeNotice } from "../../src/alerts/build-notice.ts";
import type { Notice } from "../../src/alerts/notice.ts";
import { webhookBody } from "../../src/destinations/webhook.ts";
import type { Ring } from "../../src/ring/ring.ts";
import type { Rule } from "../../src/rules/rule.ts";
import { noticeIssues } from "../support/notice-schema.ts";
import {
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
  },
);

describe("notice.schema.json describes what webhooks send", () => {
  test.each([
    ["fire", fireNotice()],
    ["update", updateNotice()],
    ["resolve", resolveNotice()],
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
    const optional = new Set(["runbook", "uid", "zone", "node"]);
    for (const notice of [resolveNotice(), full]) {
      for (const [path, object] of objectsIn(bodyOf(notice))) {
        if (path.endsWith("labels")) continue;
        for (const key of Object.keys(object)) {
          const body = bodyOf(notice);
          const target = objectsIn(body).find(([other]) => other === path)?.[1];
          delete target?.[key];
          expect(noticeIssues(body).length > 0, `${path}/${key}`).toBe(!optional.has(key));
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
    ["another version", { ...bodyOf(fireNotice()), version: 2 }],
    ["another kind", { ...bodyOf(fireNotice()), kind: "fired" }],
    ["an empty id", { ...bodyOf(fireNotice()), id: "" }],
  ])("%s is rejected", (_, body) => {
    expect(noticeIssues(JSON.parse(JSON.stringify(body)))).not.toEqual([]);
  });
});

describe("notices as they are made from rules and rings", () => {
  const rule: Rule = {
    name: "r",
    source: "endpointslices",
    ring: { namespaces: ["data"], services: ["cassandra"], labels: {} },
    membership: "present",
    severity: "info",
    notify: ["jobs"],
    title: undefined,
    message: undefined,
    runbook: undefined,
    labels: {},
    trigger: { kind: "condition", conditions: [{ kind: "noneReady" }], forMs: 0 },
  };
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

  test("a fire and a resolve", () => {
    const alert = { rule: "r", ring: ring.key, episode: 1, phase: { kind: "inactive" as const } };
    const told = { notify: ["on-call"], severity: "info" } as const;
    const times = { sinceMs: 1000, firedAtMs: 1000, told, reason: "none ready" };
    expect(noticeIssues(bodyOf(alertNotice(rule, ring, alert, { kind: "fire", ...times }, 1000)))).toEqual(
      [],
    );
    const word = { kind: "resolve" as const, ...times, resolvedAtMs: 1500 };
    expect(noticeIssues(bodyOf(alertNotice(rule, ring, alert, word, 1500)))).toEqual([]);
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
      before: members,
      after: one,
      left: members.slice(1),
      joined: none,
      replaced: none,
      moved: none,
      becameReady: none,
      becameUnready: none,
    };
    expect(noticeIssues(bodyOf(makeChangeNotice(rule, ring, report, 2000)))).toEqual([]);
  });
});

test("the example of docs/notice.md is valid", () => {
  const page = readFileSync(new URL("../../docs/notice.md", import.meta.url), "utf8");
  const examples = [...page.matchAll(/```json\n([^`]+)```/g)].map(
    ([, json]) => JSON.parse(json ?? "") as unknown,
  );
  expect(examples.map(noticeIssues)).toEqual([[]]);
});
