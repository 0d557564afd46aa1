import type { Notice } from "../alerts/notice.ts";
import type { Severity } from "../rules/rule.ts";
import { parseHttpUrl } from "./http-url.ts";
import { type MemberGroup, memberGroups } from "./member-words.ts";
import { escapeSlackWithin, slackLink, slackTime } from "./slack-text.ts";
import { cleanLine } from "./truncate.ts";
import { type Fact, factsOf, KIND_WORDS, messageOf, titleOf } from "./wording.ts";

// Slack's limits: header 150, section text 3,000, ten fields of 2,000, ten context elements
// (https://docs.slack.dev/reference/block-kit/blocks). Ours are lower, because a message of about 13,200 characters in all
// is refused as well, which is not documented: https://github.com/slackapi/bolt-js/issues/2509
const HEADER_MAX = 150;
const MESSAGE_MAX = 2500;
const MEMBERS_MAX = 2500;
const FIELDS_MAX = 10;
const FIELD_VALUE_MAX = 300;
const CONTEXT_MAX = 800;
const LINK_MAX = 1000;
/** A group's members on screen; people look at the first few, programs get the webhook. */
const GROUP_LINES_MAX = 15;
// Alerts that are told together have a line each, in as many sections as that takes, and say little else.
const ALERTS_MAX = 7500;
const ALERT_LINES_MAX = 60;
const GROUP_MESSAGE_MAX = 500;
const SECTION_MAX = 2900;

const COLOURS: Readonly<Record<Severity, string>> = {
  critical: "#b3261e",
  error: "#e8710a",
  warning: "#f2b807",
  info: "#3b78e7",
};
const RESOLVED_COLOUR = "#2e8b57";
const SIGNS: Readonly<Record<Severity, string>> = { critical: "🔴", error: "🟠", warning: "🟡", info: "🔵" };

interface Text {
  readonly type: "mrkdwn" | "plain_text";
  readonly text: string;
}

type Block =
  | { readonly type: "header"; readonly text: Text }
  | { readonly type: "section"; readonly text: Text }
  | { readonly type: "section"; readonly fields: readonly Text[] }
  | { readonly type: "context"; readonly elements: readonly Text[] };

/** The JSON of an incoming webhook: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
export interface SlackMessage {
  /** For notifications and for programs that cannot show blocks. */
  readonly text: string;
  readonly blocks: readonly Block[];
  readonly attachments: readonly [{ readonly color: string; readonly blocks: readonly Block[] }];
}

/**
 * Lays a notice out for Slack: the title large, below it beside a bar in the severity's colour what was said, the facts,
 * the members and where to read on. `mention` is already in Slack's own form, or empty.
 */
export function slackMessage(notice: Notice, mention: string, deliveryId: string): SlackMessage {
  const title = `${signOf(notice)} ${escapeSlackWithin(titleOf(notice), HEADER_MAX - 3)}`;
  return {
    text: mention ? `${mention} ${title}` : title,
    blocks: [
      { type: "header", text: { type: "plain_text", text: title } },
      ...(mention ? [section(mention)] : []),
    ],
    attachments: [{ color: colourOf(notice), blocks: details(notice, deliveryId) }],
  };
}

function details(notice: Notice, deliveryId: string): readonly Block[] {
  const lists = notice.group
    ? sections(membersText(memberGroups(notice, ALERT_LINES_MAX), ALERTS_MAX))
    : sections(membersText(memberGroups(notice, GROUP_LINES_MAX), MEMBERS_MAX));
  return [
    section(escapeSlackWithin(messageOf(notice), notice.group ? GROUP_MESSAGE_MAX : MESSAGE_MAX)),
    { type: "section", fields: factsOf(notice).slice(0, FIELDS_MAX).map(field) },
    ...lists,
    ...runbook(notice),
    { type: "context", elements: [{ type: "mrkdwn", text: contextText(notice, deliveryId) }] },
  ];
}

function section(text: string): Block {
  return { type: "section", text: { type: "mrkdwn", text } };
}

function field(fact: Fact): Text {
  const value =
    fact.time === undefined ? escapeSlackWithin(fact.value, FIELD_VALUE_MAX) : slackTime(fact.time);
  return { type: "mrkdwn", text: `*${fact.name}*\n${value}` };
}

/** One paragraph for each group. Every group keeps its heading and count; lines are left out from the end. */
function membersText(groups: readonly MemberGroup[], max: number): string {
  const share = Math.floor(max / Math.max(1, groups.length));
  return groups.map((group) => groupText(group, share)).join("\n");
}

function groupText(group: MemberGroup, max: number): string {
  const heading = `*${group.word}* (${group.total})`;
  // Room for the last line, which says how many are missing.
  let room = max - heading.length - 30;
  const lines: string[] = [];
  for (const line of group.lines) {
    const escaped = `• ${escapeSlackWithin(line, Math.min(max, SECTION_MAX - 2))}`;
    if (escaped.length + 1 > room) break;
    room -= escaped.length + 1;
    lines.push(escaped);
  }
  const more = group.total - lines.length;
  return [heading, ...lines, ...(more > 0 ? [`and ${more} more`] : [])].join("\n");
}

/** Whole lines, as many to a section as it holds. */
function sections(text: string): readonly Block[] {
  const texts: string[] = [];
  for (const line of text === "" ? [] : text.split("\n")) {
    const last = texts.at(-1);
    if (last === undefined || last.length + 1 + line.length > SECTION_MAX) texts.push(line);
    else texts[texts.length - 1] = `${last}\n${line}`;
  }
  return texts.map(section);
}

function runbook(notice: Notice): readonly Block[] {
  if (!notice.runbook) return [];
  const url = parseHttpUrl(notice.runbook);
  const link = url ? slackLink(url, "Runbook") : "";
  if (link && link.length <= LINK_MAX) return [section(`📖 ${link}`)];
  return [section(`📖 Runbook: ${escapeSlackWithin(cleanLine(notice.runbook), LINK_MAX)}`)];
}

function contextText(notice: Notice, deliveryId: string): string {
  const labels = Object.entries(notice.labels).map(
    ([name, value]) => `${cleanLine(name)}=${cleanLine(value)}`,
  );
  // The id tells two posts of one delivery from two deliveries: Slack cannot refuse a repeated one.
  const words = [KIND_WORDS[notice.kind], `delivery ${deliveryId}`, ...labels.slice(0, 20)];
  return escapeSlackWithin(words.join(" · "), CONTEXT_MAX);
}

function signOf(notice: Notice): string {
  if (notice.kind === "resolve") return "✅";
  return notice.kind === "test" ? "🔔" : SIGNS[notice.severity];
}

function colourOf(notice: Notice): string {
  return notice.kind === "resolve" ? RESOLVED_COLOUR : COLOURS[notice.severity];
}
