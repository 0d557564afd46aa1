import { SEVERITIES, type Severity } from "../rules/rule.ts";
import type { GroupWord } from "./advance-group.ts";
import type { Group, GroupMember } from "./group.ts";
import { GROUP_ALERTS_MAX, type Notice, type NoticeGroupAlert } from "./notice.ts";

/** Rule names in a message; the list of alerts has them all. */
const RULES_MAX = 5;

/** The name that stands for a rule in a group's notices. No rule of a file can have it: a slash is no part of a name. */
export function groupRule(key: string): string {
  return `group/${key}`;
}

/** The notice of what a group says: complete, whatever was said before. `group` is as it is after it has spoken. */
export function groupNotice(group: Group, word: GroupWord, nowMs: number): Notice {
  const alerts = word.members.toSorted(compareMembers);
  const firing = alerts.filter((alert) => alert.resolvedAt === undefined);
  const resolved = alerts.length - firing.length;
  const [only, second] = alerts;
  const single = second === undefined ? only : undefined;
  const texts = groupTexts(group, word, firing);
  const runbook = common(alerts.map((alert) => alert.runbook));
  return {
    version: 1,
    kind: word.kind,
    rule: groupRule(group.key),
    severity: worst(firing.length > 0 ? firing : alerts),
    ring: groupRing(group),
    time: iso(nowMs),
    title: single?.title ?? texts.title,
    message: single?.message ?? texts.message,
    ...(runbook === undefined ? {} : { runbook }),
    labels: commonLabels(alerts),
    // Of many rings at once no number would say anything.
    counts: { total: 0, ready: 0, serving: 0, terminating: 0 },
    alert: {
      episode: group.episode,
      since: iso(word.sinceMs),
      firedAt: iso(word.firstToldMs),
      ...(word.kind === "resolve" ? endOf(word) : {}),
      reason: texts.title,
      notReady: [],
    },
    group: {
      by: group.by,
      alerts: alerts.slice(0, GROUP_ALERTS_MAX).map(noticeAlert),
      firing: firing.length,
      resolved,
    },
  };
}

/** A group in the place of a ring: the same for all its life, since deliveries are in order of rule and ring. */
function groupRing({ by }: Group): Notice["ring"] {
  const { namespace = "*", service = "*" } = by;
  return {
    key: `${namespace}/${service}`,
    namespace,
    service,
    source: "endpointslices",
    present: true,
    labels: {},
  };
}

function groupTexts(
  { by }: Group,
  { kind, members }: GroupWord,
  firing: readonly GroupMember[],
): { readonly title: string; readonly message: string } {
  const place = Object.entries(by).map(([word, value]) => `${word} ${value}`);
  const where = place.length > 0 ? `: ${place.join(", ")}` : "";
  if (kind === "resolve") {
    return { title: `All alerts have resolved${where}`, message: `Resolved: ${rulesOf(members)}` };
  }
  const fresh = firing.filter((member) => !member.isTold).length;
  const resolved = members.length - firing.length;
  const news = [fresh > 0 ? `${fresh} new` : "", resolved > 0 ? `${resolved} resolved` : ""].filter(Boolean);
  const title = `${firing.length} ${firing.length === 1 ? "alert fires" : "alerts fire"}${where}`;
  const isNews = kind === "update" && news.length > 0;
  return {
    title: isNews ? `${title} (${news.join(", ")})` : title,
    message: `Firing: ${rulesOf(firing)}`,
  };
}

/** `12 of cassandra-below-quorum, 3 of zone-dark and 2 of other rules`. */
function rulesOf(members: readonly GroupMember[]): string {
  const counts = new Map<string, number>();
  for (const { rule } of members) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  const sorted = [...counts].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  const shown = sorted.slice(0, RULES_MAX).map(([rule, count]) => `${count} of ${rule}`);
  const rest = sorted.slice(RULES_MAX).reduce((sum, [, count]) => sum + count, 0);
  return `${shown.join(", ")}${rest > 0 ? ` and ${rest} of other rules` : ""}`;
}

function endOf({ members, sinceMs }: GroupWord): { resolvedAt: string; durationSeconds: number } {
  const endedMs = Math.max(...members.map(({ resolvedAt = "" }) => Date.parse(resolvedAt) || sinceMs));
  return { resolvedAt: iso(endedMs), durationSeconds: Math.max(0, endedMs - sinceMs) / 1000 };
}

/** What fires before what has resolved, the worst first. */
function compareMembers(a: GroupMember, b: GroupMember): number {
  const rank = (member: GroupMember): number =>
    (member.resolvedAt === undefined ? 0 : SEVERITIES.length) + SEVERITIES.indexOf(member.severity);
  return rank(a) - rank(b) || order(a.rule, b.rule) || order(a.ring, b.ring);
}

function order(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function noticeAlert({ isTold: _told, isNews: _news, ...alert }: GroupMember): NoticeGroupAlert {
  return alert;
}

function worst(members: readonly GroupMember[]): Severity {
  return SEVERITIES.find((severity) => members.some((member) => member.severity === severity)) ?? "info";
}

function commonLabels(members: readonly GroupMember[]): Record<string, string> {
  const [first, ...others] = members;
  const shared = Object.entries(first?.labels ?? {}).filter(([name, value]) =>
    others.every(({ labels }) => Object.hasOwn(labels, name) && labels[name] === value),
  );
  return Object.fromEntries(shared);
}

function common<Value>(values: readonly Value[]): Value | undefined {
  return values.every((value) => value === values[0]) ? values[0] : undefined;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
