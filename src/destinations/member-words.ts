import type { Notice } from "../alerts/notice.ts";
import type { Member, MemberChange } from "../ring/ring.ts";
import { alertLists } from "./group-words.ts";
import { cleanLine, truncateChars } from "./truncate.ts";

/** Kubernetes names end here; what is longer is not one: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ */
const NAME_MAX = 253;

/** Members, or alerts of a group, of which the same is to be said. */
export interface MemberGroup {
  /** `Left`, `Joined`, `Replaced`, … */
  readonly word: string;
  readonly total: number;
  /** One for each member, at most as many as were asked for. */
  readonly lines: readonly string[];
  /** How many members have no line. */
  readonly more: number;
}

/** Which members or alerts a notice is about, the urgent groups first, each with at most `max` lines. Empty groups are left out. */
export function memberGroups(notice: Notice, max: number): readonly MemberGroup[] {
  const { alert, change } = notice;
  if (notice.group) return alertLists(notice.group, max);
  if (alert) return [group("Not ready", alert.notReady, memberLine, max)].filter(({ total }) => total > 0);
  if (!change) return [];
  const groups = [
    ...(change.removed ? [group("Gone with the Service", change.before, memberLine, max)] : []),
    group("Left", change.left, memberLine, max),
    group("Became unready", change.becameUnready, memberLine, max),
    group("Replaced", change.replaced, memberChangeLine, max),
    group("Moved", change.moved, memberChangeLine, max),
    group("Joined", change.joined, memberLine, max),
    group("Became ready", change.becameReady, memberLine, max),
  ];
  return groups.filter((group) => group.total > 0);
}

/** `cassandra-2 (zone b, node n7, 10.0.0.3, not ready)` on one line. */
export function memberLine(member: Member): string {
  const facts = [
    ...placeWords(member),
    ...member.addresses.slice(0, 2).map(shortName),
    ...(member.terminating ? ["terminating"] : member.ready ? [] : ["not ready"]),
  ];
  return `${shortName(member.name)}${facts.length > 0 ? ` (${facts.join(", ")})` : ""}`;
}

/** `cassandra-2 (node n7 → node n9, 10.0.0.3 → 10.0.0.8)`: what differs, or the place where nothing visible does. */
export function memberChangeLine({ before, after }: MemberChange): string {
  const was = [placeWords(before).join(" "), before.addresses.slice(0, 2).map(shortName).join(" ")];
  const is = [placeWords(after).join(" "), after.addresses.slice(0, 2).map(shortName).join(" ")];
  const facts = is.map((now, index) =>
    now === was[index] ? now : `${was[index] || "none"} → ${now || "none"}`,
  );
  const said = facts.filter(Boolean);
  if (!after.ready) said.push(after.terminating ? "terminating" : "not ready");
  return `${shortName(after.name)}${said.length > 0 ? ` (${said.join(", ")})` : ""}`;
}

function group<Item>(
  word: string,
  items: readonly Item[],
  line: (item: Item) => string,
  max: number,
): MemberGroup {
  const lines = items.slice(0, max).map(line);
  return { word, total: items.length, lines, more: items.length - lines.length };
}

function placeWords(member: Member): string[] {
  return [
    ...(member.zone === undefined ? [] : [`zone ${shortName(member.zone)}`]),
    ...(member.node === undefined ? [] : [`node ${shortName(member.node)}`]),
  ];
}

function shortName(text: string): string {
  return truncateChars(cleanLine(text), NAME_MAX);
}
