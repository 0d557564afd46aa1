import type { GroupBy } from "../rules/destination-options.ts";
import type { Notice, NoticeGroupAlert } from "./notice.ts";
import { subjectKey } from "./subject.ts";

/** Alerts that one destination hears of together, without these. Times are epoch milliseconds. */
export interface Group {
  readonly destination: string;
  /** `node=node-3`: what its alerts have in common, in one word that no other group of the destination has. */
  readonly key: string;
  /** The same for people and programs. */
  readonly by: Readonly<Partial<Record<GroupBy, string>>>;
  /** How often it has begun to speak; the current one while it is told. */
  readonly episode: number;
  readonly phase: GroupPhase;
  /** How many of its alerts fire. */
  readonly firing: number;
  /** How many of them are news. */
  readonly news: number;
}

/** The alerts of a group, by subject. */
export type GroupMembers = ReadonlyMap<string, GroupMember>;

/** A group as it is stored. */
export interface StoredGroup {
  readonly group: Group;
  readonly members: GroupMembers;
}

/** What of a group has changed: itself, and some of its alerts (undefined for one that is no longer in it). */
export interface GroupChange {
  readonly group: Group;
  readonly members: ReadonlyMap<string, GroupMember | undefined>;
}

/** Names a group in stored state. */
export type GroupId = Pick<Group, "destination" | "key">;

/** Where a group stands. */
export type GroupPhase =
  /** Nothing is in it; kept for a while, so that episodes do not repeat. */
  | { readonly kind: "idle"; readonly sinceMs: number }
  /** Alerts fire, and company is waited for. */
  | { readonly kind: "waiting"; readonly firstAtMs: number }
  /** It has spoken; `dirtySinceMs` is when the first thing changed that it has not told. */
  | {
      readonly kind: "told";
      /** Since when the first of its alerts has held. */
      readonly sinceMs: number;
      readonly firstToldMs: number;
      readonly lastToldMs: number;
      readonly dirtySinceMs: number | undefined;
      /** When its last alert resolved; undefined while one fires. */
      readonly endedAtMs: number | undefined;
    };

/** One alert of a group, as its last notice had it. */
export interface GroupMember extends NoticeGroupAlert {
  /** The group has spoken of it. */
  readonly isTold: boolean;
  /** Something about it is new since then. */
  readonly isNews: boolean;
}

/** A message of ten thousand characters would be stored forty times. */
const MESSAGE_MAX = 1000;

/** The alert of a fire, update or resolve notice as a member that nobody has been told of. */
export function memberOf(notice: Notice): GroupMember {
  const { rule, ring, severity, title, message, runbook, labels, alert, time } = notice;
  return {
    rule,
    ring: ring.key,
    severity,
    title: title.slice(0, MESSAGE_MAX),
    message: message.slice(0, MESSAGE_MAX),
    ...(runbook === undefined ? {} : { runbook }),
    labels,
    since: alert?.since ?? time,
    firedAt: alert?.firedAt ?? time,
    ...(notice.kind === "resolve" ? { resolvedAt: alert?.resolvedAt ?? time } : {}),
    isTold: false,
    isNews: true,
  };
}

/** Longer values are no names in Kubernetes. */
const VALUE_MAX = 253;

/** In which group of a destination the alert of a notice belongs. */
export function groupPlace(
  notice: Notice,
  by: readonly GroupBy[],
): { readonly key: string; readonly by: Group["by"] } {
  const values = by.map((word) => [word, valueOf(word, notice).slice(0, VALUE_MAX)] as const);
  const parts = values.map(([word, value]) => `${word}=${encoded(value)}`);
  // What is not in one place has nothing in common with others that are not.
  if (values.some(([word, value]) => isPlace(word) && (value === SEVERAL || value === UNKNOWN)))
    parts.push(`alert=${encoded(subjectKey(notice.rule, notice.ring.key))}`);
  return { key: parts.join(",") || "all", by: Object.fromEntries(values) };
}

// No zone and no node has such a name: these are no DNS names and no label values.
const SEVERAL = "(several)";
const UNKNOWN = "(unknown)";

function isPlace(word: GroupBy): word is "zone" | "node" {
  return word === "zone" || word === "node";
}

function valueOf(word: GroupBy, notice: Notice): string {
  switch (word) {
    case "namespace":
    case "service":
      return notice.ring[word];
    case "rule":
    case "severity":
      return notice[word];
    case "zone":
    case "node": {
      const places = new Set((notice.alert?.notReady ?? []).map((member) => member[word] ?? UNKNOWN));
      const [only = UNKNOWN, second] = places;
      return second === undefined ? only : SEVERAL;
    }
    default:
      return word satisfies never;
  }
}

function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
