import { describe, expect, test } from "vitest";
import type { Notice } from "../../src/alerts/notice.ts";
import { slack } from "../../src/destinations/slack.ts";
import { slackMessage } from "../../src/destinations/slack-message.ts";
import { Secret } from "../../src/runtime/secret.ts";
import {
  changeNotice,
  fireNotice,
  member,
  resolveNotice,
  testNotice,
  updateNotice,
} from "../support/notices.ts";

/** All that a reader sees, from top to bottom. */
function shown(notice: Notice, mention = ""): string {
  const { blocks, attachments } = slackMessage(notice, mention, "msg_1");
  return [...blocks, ...attachments[0].blocks]
    .flatMap((block) =>
      "fields" in block ? block.fields : "elements" in block ? block.elements : [block.text],
    )
    .map(({ text }) => text)
    .join("\n");
}

test("a fire notice says what, which ring, how many, since when, why, and where to read on", () => {
  expect(shown(fireNotice())).toBe(
    [
      "🔴 data/cassandra has lost its quorum",
      "2 of 5 ready, wanted at least 3",
      "*Ring*\ndata/cassandra",
      "*Ready*\n2 of 5 ready",
      "*Severity*\ncritical",
      "*Rule*\ncassandra-below-quorum",
      "*Since*\n<!date^1795230245^{date_short_pretty} {time_secs}|2026-11-21T03:04:05.000Z>",
      "*Duration*\n30s",
      "*Not ready* (1)\n• cassandra-2 (zone eu-1a, node node-1, 10.0.0.10, not ready)",
      "📖 <https://runbooks.example/cassandra?step=1&amp;lang=en|Runbook>",
      "Firing · delivery msg_1 · team=data",
    ].join("\n"),
  );
});

test("a resolve notice is green and says how long it lasted", () => {
  const text = shown(resolveNotice());
  expect(text).toContain("✅ data/cassandra has its quorum again");
  expect(text).toContain("*Duration*\n10m");
  expect(slackMessage(resolveNotice(), "", "x").attachments[0].color).toBe("#2e8b57");
});

test("a change notice names the members, where they were and are, and its generation", () => {
  const text = shown(changeNotice());
  expect(text).toContain("*Left* (1)\n• cassandra-2 (zone eu-1a, node node-7, 10.0.0.10)");
  expect(text).toContain(
    "*Replaced* (1)\n• cassandra-1 (zone eu-1a node node-1 → zone eu-1a node node-9, 10.0.0.10 → 10.0.0.99)",
  );
  expect(text).toContain("*Generation*\n8 (before: 7)");
  expect(text).toContain("*Settled*\n<!date^1795230275^");
});

test("each severity has its colour and sign", () => {
  const colours = (["critical", "error", "warning", "info"] as const).map((severity) => {
    const message = slackMessage(fireNotice({ severity }), "", "x");
    return [message.text.slice(0, 2), message.attachments[0].color];
  });
  expect(colours).toEqual([
    ["🔴", "#b3261e"],
    ["🟠", "#e8710a"],
    ["🟡", "#f2b807"],
    ["🔵", "#3b78e7"],
  ]);
});

describe("a list of members", () => {
  const names = (text: string): number => text.split("• ").length - 1;

  test.each([
    [1, 1, ""],
    [15, 15, ""],
    [16, 15, "and 1 more"],
    [1000, 15, "and 985 more"],
  ])("of %i shows %i %s", (count, lines, more) => {
    const left = Array.from({ length: count }, (_, index) => member(`c-${index}`));
    const text = shown(changeNotice({}, { left, replaced: [] }));
    expect(text).toContain(`*Left* (${count})`);
    expect(names(text)).toBe(lines);
    if (more) expect(text).toContain(`\n${more}\n`);
    else expect(text).not.toContain("more");
  });

  test("of long names counts what it had no room for", () => {
    const left = Array.from({ length: 15 }, (_, index) =>
      member(`${index}${"x".repeat(240)}`, { zone: "z".repeat(250) }),
    );
    const text = shown(changeNotice({}, { left, replaced: [] }));
    expect(text).toContain(`and ${15 - names(text)} more`);
    expect(names(text)).toBeGreaterThan(1);
  });

  test("cannot break out of its place", () => {
    const left = [member("<!channel>\n*gone* & <@U012AB3CD>")];
    const text = shown(changeNotice({}, { left, replaced: [] }));
    expect(text).toContain("• &lt;!channel&gt; *gone* &amp; &lt;@U012AB3CD&gt; (");
  });
});

test.each([
  ["javascript:alert(1)", "📖 Runbook: javascript:alert(1)"],
  ["see <the> wiki", "📖 Runbook: see &lt;the&gt; wiki"],
  ["https://a.example/<x>|y", "📖 <https://a.example/%3Cx%3E%7Cy|Runbook>"],
])("the runbook %j is shown as %j", (runbook, expected) => {
  expect(shown(fireNotice({ runbook }))).toContain(expected);
});

describe("a mention", () => {
  function textFor(mention: string, notice: Notice): string {
    const config = slack.schema.parse({ webhookUrl: { env: "X" }, mention });
    const readSecret = (): Secret => new Secret("https://hooks.slack.test/x");
    const { body } = slack.toRequest(notice, config, { deliveryId: "x", nowMs: 0, readSecret });
    return (JSON.parse(body as string) as { text: string }).text;
  }

  test.each([
    ["here", "<!here>"],
    ["channel", "<!channel>"],
    ["U012AB3CD", "<@U012AB3CD>"],
    ["S012AB3CD", "<!subteam^S012AB3CD>"],
  ])("of %s is written as %s", (mention, written) =>
    expect(textFor(mention, fireNotice())).toMatch(`${written} 🔴`),
  );

  test("is made when something begins, and not when it goes on, ends, or is a test", () => {
    expect(shown(fireNotice(), "<!here>")).toContain("\n<!here>\n");
    expect(textFor("here", changeNotice())).toContain("<!here>");
    for (const notice of [updateNotice(), resolveNotice(), testNotice()]) {
      expect(textFor("here", notice)).not.toContain("<!here>");
    }
  });

  test.each(["@here", "someone", "<!here>", "u012ab3cd", ""])("of %j is an issue", (mention) => {
    expect(slack.schema.safeParse({ webhookUrl: { env: "X" }, mention }).success).toBe(false);
  });
});

test("a webhook URL written out in the rules file is an issue", () => {
  expect(slack.schema.safeParse({ webhookUrl: "https://hooks.slack.com/services/x" }).success).toBe(false);
});
