import type { NoticeGroup, NoticeGroupAlert } from "../alerts/notice.ts";
import { cleanLine, truncateChars } from "./truncate.ts";

const NAME_MAX = 253;
const MESSAGE_MAX = 200;

/** Alerts of a group of which the same is to be said. */
interface AlertList {
  /** `Firing` or `Resolved`. */
  readonly word: string;
  readonly total: number;
  /** One for each alert, at most as many as were asked for. */
  readonly lines: readonly string[];
  /** How many alerts have no line. */
  readonly more: number;
}

/** The alerts of a group, those that fire first, each list with at most `max` lines. Empty lists are left out. */
export function alertLists(group: NoticeGroup, max: number): readonly AlertList[] {
  const lists: readonly (readonly [string, number, readonly NoticeGroupAlert[]])[] = [
    ["Firing", group.firing, group.alerts.filter((alert) => alert.resolvedAt === undefined)],
    ["Resolved", group.resolved, group.alerts.filter((alert) => alert.resolvedAt !== undefined)],
  ];
  return lists
    .filter(([, total]) => total > 0)
    .map(([word, total, alerts]) => {
      const lines = alerts.slice(0, max).map(alertLine);
      return { word, total, lines, more: total - lines.length };
    });
}

/** `data/cassandra: 2 of 5 ready, wanted at least 3 (cassandra-below-quorum, critical)` on one line. */
export function alertLine({ ring, message, title, rule, severity }: NoticeGroupAlert): string {
  const said = truncateChars(cleanLine(message).trim() || cleanLine(title).trim(), MESSAGE_MAX);
  return `${shortName(ring)}${said ? `: ${said}` : ""} (${shortName(rule)}, ${severity})`;
}

/** What the alerts have in common: `node node-3, severity critical`; `several rings` where that is nothing. */
export function groupPlaceWords({ by }: NoticeGroup): string {
  const words = Object.entries(by).map(([word, value]) => `${word} ${shortName(value)}`);
  return words.join(", ") || "several rings";
}

/** `38 firing, 2 resolved`. */
export function groupCounts({ firing, resolved }: NoticeGroup): string {
  const counts = [firing > 0 ? `${firing} firing` : "", resolved > 0 ? `${resolved} resolved` : ""];
  return counts.filter(Boolean).join(", ") || "none";
}

function shortName(text: string): string {
  return truncateChars(cleanLine(text), NAME_MAX);
}
