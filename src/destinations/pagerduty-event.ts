import { createHash } from "node:crypto";
import { GROUP_ALERTS_MAX, type Notice } from "../alerts/notice.ts";
import { groupPlaceWords } from "./group-words.ts";
import { parseHttpUrl } from "./http-url.ts";
import { memberGroups } from "./member-words.ts";
import { cleanLine, truncateBytes, truncateChars } from "./truncate.ts";
import { factsOf, messageOf, titleOf } from "./wording.ts";

// https://developer.pagerduty.com/docs/send-alert-event
const DEDUP_KEY_MAX = 255;
const SUMMARY_MAX = 1024;
/** 512 KB for the whole event; Alertmanager takes 512,000 bytes, and so do we, less the routing key's own. */
const EVENT_MAX_BYTES = 511_000;
const LINK_MAX = 2048;
const WORD_MAX = 255;
const MESSAGE_MAX_BYTES = 16_000;
const LABELS_MAX = 50;
/** A group's members in the details. */
const GROUP_LINES_MAX = 50;

/** An event without the routing key. */
export interface PagerDutyEvent {
  readonly event_action: "trigger" | "resolve";
  readonly dedup_key: string;
  readonly payload?: PagerDutyPayload;
  readonly links?: readonly { readonly href: string; readonly text: string }[];
  readonly client?: string;
}

interface PagerDutyPayload {
  readonly summary: string;
  readonly source: string;
  readonly severity: Notice["severity"];
  readonly timestamp: string;
  readonly component: string;
  readonly group: string;
  readonly class: string;
  readonly custom_details: Readonly<Record<string, unknown>>;
}

/** Lays a notice out as an event; members are left out where the whole would be too large. */
export function pagerDutyEvent(notice: Notice): PagerDutyEvent {
  const dedup_key = dedupKey(notice);
  // A resolve is matched by its key alone.
  if (notice.kind === "resolve") return { event_action: "resolve", dedup_key };
  const event = (details: Readonly<Record<string, unknown>>): PagerDutyEvent => ({
    event_action: "trigger",
    dedup_key,
    payload: payload(notice, details),
    ...runbookLink(notice),
    client: "Ringbell",
  });
  const full = event({ ...shortDetails(notice), ...memberDetails(notice) });
  if (fits(full)) return full;
  // What is left is bounded: 16 kB of message, ten facts, fifty labels.
  return event({ ...shortDetails(notice), members: "left out: the event would exceed 512 KB" });
}

/**
 * What PagerDuty matches a resolve to its trigger by: the same for all notices of one episode, another one for each
 * generation of a change, and one for all tests of a rule and ring. Derived from the notice alone.
 */
export function dedupKey(notice: Notice): string {
  const key = `ringbell/${notice.rule}/${notice.ring.key}/${occasion(notice)}`;
  const clean = cleanLine(key);
  if (clean === key && key.length <= DEDUP_KEY_MAX) return key;
  // Cut or cleaned keys could be equal to another's: the hash keeps them apart.
  const hash = createHash("sha256").update(JSON.stringify(key)).digest("hex");
  return `${truncateChars(clean, DEDUP_KEY_MAX - hash.length - 1)}/${hash}`;
}

function occasion(notice: Notice): string {
  if (notice.kind === "test") return "test";
  if (notice.kind === "change") return `g${notice.generation ?? 0}`;
  return `${notice.alert?.episode ?? 0}`;
}

function payload(notice: Notice, custom_details: Readonly<Record<string, unknown>>): PagerDutyPayload {
  return {
    summary: truncateChars(titleOf(notice), SUMMARY_MAX),
    source: word(notice.group ? groupPlaceWords(notice.group) : notice.ring.key),
    severity: notice.kind === "test" ? "info" : notice.severity,
    timestamp: notice.time,
    component: word(notice.ring.service),
    group: word(notice.ring.namespace),
    class: word(notice.rule),
    custom_details,
  };
}

function shortDetails(notice: Notice): Record<string, unknown> {
  const labels = Object.entries(notice.labels).slice(0, LABELS_MAX);
  return {
    message: truncateBytes(messageOf(notice), MESSAGE_MAX_BYTES),
    ...Object.fromEntries(
      factsOf(notice).map(({ name, value }) => [name.toLowerCase().replaceAll(" ", "_"), value]),
    ),
    ...(notice.group ? {} : { counts: notice.counts }),
    ...(labels.length > 0
      ? { labels: Object.fromEntries(labels.map(([name, value]) => [word(name), word(value)])) }
      : {}),
    ...(notice.runbook ? { runbook: truncateChars(cleanLine(notice.runbook), LINK_MAX) } : {}),
  };
}

function memberDetails(notice: Notice): Record<string, readonly string[]> {
  return Object.fromEntries(
    memberGroups(notice, notice.group ? GROUP_ALERTS_MAX : GROUP_LINES_MAX).map(({ word, lines, more }) => [
      word.toLowerCase().replaceAll(" ", "_"),
      more > 0 ? [...lines, `and ${more} more`] : lines,
    ]),
  );
}

function runbookLink(notice: Notice): Pick<PagerDutyEvent, "links"> {
  const href = notice.runbook ? parseHttpUrl(notice.runbook)?.href : undefined;
  return href === undefined || href.length > LINK_MAX ? {} : { links: [{ href, text: "Runbook" }] };
}

function word(text: string): string {
  return truncateChars(cleanLine(text), WORD_MAX);
}

function fits(event: PagerDutyEvent): boolean {
  return Buffer.byteLength(JSON.stringify(event)) <= EVENT_MAX_BYTES;
}
