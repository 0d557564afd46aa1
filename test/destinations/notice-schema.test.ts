import { describe, expect, test } from "vitest";
import type { Notice } from "../../src/alerts/notice.ts";
import { webhookBody } from "../../src/destinations/webhook.ts";
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
