import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Notice } from "../../src/alerts/notice.ts";
import { alertLine } from "../../src/destinations/group-words.ts";
import { pagerDutyEvent } from "../../src/destinations/pagerduty-event.ts";
import { slackMessage } from "../../src/destinations/slack-message.ts";
import { webhookBody } from "../../src/destinations/webhook.ts";
import { factsOf, messageOf, titleOf } from "../../src/destinations/wording.ts";
import { groupNotices } from "../support/group-notices.ts";
import { noticeIssues } from "../support/notice-schema.ts";
import { fireNotice } from "../support/notices.ts";

function storm(
  count: number,
  overrides: Partial<Notice> = {},
): Record<"fire" | "update" | "resolve", Notice> {
  const [fire, update, resolve] = groupNotices(count, overrides);
  if (!fire || !update || !resolve) throw new Error("a notice is missing");
  return { fire, update, resolve };
}

function textOf(notice: Notice): string {
  return slackMessage(notice, "", "msg_1")
    .attachments[0].blocks.flatMap((block) => ("text" in block ? [block.text.text] : []))
    .join("\n");
}

describe("a group of forty alerts", () => {
  const { fire, update, resolve } = storm(40);

  test("says how many and where, instead of a ring and its members", () => {
    expect([titleOf(fire), messageOf(fire)]).toEqual([
      "40 alerts fire: node node-3",
      "Firing: 40 of cassandra-below-quorum",
    ]);
    expect(titleOf(update)).toBe("20 alerts fire: node node-3 (20 resolved)");
    expect(titleOf(resolve)).toBe("All alerts have resolved: node node-3");
    expect(factsOf(update).map(({ name, value }) => [name, value])).toEqual([
      ["Alerts", "20 firing, 20 resolved"],
      ["Node", "node-3"],
      ["Severity", "critical"],
      ["Since", "2026-11-21T03:04:05.000Z"],
      ["Duration", "6m"],
    ]);
  });

  test("is one Slack message with a line for each", () => {
    const lines = textOf(fire)
      .split("\n")
      .filter((line) => line.startsWith("• "));
    expect(lines).toHaveLength(40);
    expect(lines[0]).toBe(
      "• data/ring-0: 2 of 5 ready, wanted at least 3 (cassandra-below-quorum, critical)",
    );
    expect(textOf(fire)).toContain("*Firing* (40)");
    expect(textOf(update)).toContain("*Firing* (20)");
    expect(textOf(update)).toContain("*Resolved* (20)");
    expect(textOf(update)).not.toMatch(/and \d+ more/);
  });

  test("is one PagerDuty incident, from its beginning to its end", () => {
    const events = [fire, update, resolve].map((notice) => pagerDutyEvent(notice));
    expect(new Set(events.map((event) => event.dedup_key))).toEqual(
      new Set(["ringbell/group/node=node-3/*/*/1"]),
    );
    expect(events.map((event) => event.event_action)).toEqual(["trigger", "trigger", "resolve"]);
    expect(events[0]?.payload).toMatchObject({
      summary: "40 alerts fire: node node-3",
      source: "node node-3",
      severity: "critical",
      class: "group/node=node-3",
    });
    const details = events[1]?.payload?.custom_details;
    expect(details?.["firing"]).toHaveLength(20);
    expect(details?.["resolved"]).toHaveLength(20);
    expect(details).not.toHaveProperty("counts");
    expect(details).toMatchObject({ alerts: "20 firing, 20 resolved", node: "node-3" });
  });

  test("is JSON as the schema has it", () => {
    for (const notice of [fire, update, resolve]) {
      const body = JSON.parse(webhookBody(notice, "msg_1")) as { group: { alerts: unknown[] } };
      expect(noticeIssues(body)).toEqual([]);
      expect(body.group.alerts.length).toBeGreaterThan(0);
    }
  });
});

describe("a group of thousands", () => {
  const { fire } = storm(5000);

  test("shows the first and counts the rest", () => {
    const text = textOf(fire);
    const shown = text.split("\n").filter((line) => line.startsWith("• ")).length;
    expect(shown).toBeGreaterThan(40);
    expect(text).toContain(`and ${5000 - shown} more`);
    expect(pagerDutyEvent(fire).payload?.custom_details["firing"]).toContain("and 4900 more");
    expect(noticeIssues(JSON.parse(webhookBody(fire, "msg_1")))).toEqual([]);
  });
});

describe("notice.schema.json of a group", () => {
  const body = () => JSON.parse(webhookBody(storm(2).update, "msg_1")) as { group: Record<string, unknown> };
  const alerts = (of: ReturnType<typeof body>) => of.group["alerts"] as Record<string, unknown>[];

  test("rejects what it does not name, and misses what must be there", () => {
    for (const place of [
      (of: ReturnType<typeof body>) => of.group,
      (of: ReturnType<typeof body>) => of.group["by"] as Record<string, unknown>,
      (of: ReturnType<typeof body>) => alerts(of)[0] ?? {},
    ]) {
      const extra = body();
      Object.assign(place(extra), { extra: 1 });
      expect(noticeIssues(extra)).toContainEqual(expect.stringContaining("additional properties"));
    }
    for (const key of ["by", "alerts", "firing", "resolved"]) {
      const missing = body();
      delete missing.group[key];
      expect(noticeIssues(missing), key).not.toEqual([]);
    }
    for (const key of ["rule", "ring", "severity", "title", "message", "labels", "since", "firedAt"]) {
      const missing = body();
      delete alerts(missing)[0]?.[key];
      expect(noticeIssues(missing), key).not.toEqual([]);
    }
  });

  test("has no group in a change", () => {
    const change = { ...body(), kind: "change", alert: undefined };
    expect(noticeIssues(JSON.parse(JSON.stringify(change)))).toContainEqual(expect.stringMatching(/group/));
  });
});

test("an alert's line is one line, whatever its texts", () => {
  const [first] = storm(1, { message: "a\nb\u0000\t", title: "t" }).fire.group?.alerts ?? [];
  expect(first && alertLine(first)).toBe("data/ring-0: a b (cassandra-below-quorum, critical)");
  const [second] = storm(1, { message: " ", title: "t" }).fire.group?.alerts ?? [];
  expect(second && alertLine(second)).toBe("data/ring-0: t (cassandra-below-quorum, critical)");
});

test("a single alert's group is no more than that alert to people", () => {
  const { fire } = storm(1);
  expect(titleOf(fire)).toBe(fireNotice().title);
  expect(messageOf(fire)).toBe(fireNotice().message);
});

test("docs/notice.md explains every key of a group", () => {
  const text = readFileSync(new URL("../../docs/notice.md", import.meta.url), "utf8");
  const { fire } = storm(1);
  const keys = [...Object.keys(fire.group ?? {}), ...Object.keys(fire.group?.alerts[0] ?? {})];
  expect(keys.filter((key) => !text.includes(`\`${key}\``))).toEqual([]);
});
