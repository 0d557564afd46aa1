import type { GroupConfig } from "../rules/destination-options.ts";
import type { Group, GroupMember, GroupMembers, GroupPhase } from "./group.ts";

/** A group after one of its alerts has changed, and that alert; undefined when it is no longer in the group. */
export interface MemberStep {
  readonly group: Group;
  readonly member: GroupMember | undefined;
}

/** What a group says when it speaks: all that fires, and what has resolved since it last spoke. */
export interface GroupWord {
  readonly kind: "fire" | "update" | "resolve";
  readonly sinceMs: number;
  readonly firstToldMs: number;
  readonly members: readonly GroupMember[];
}

/** A group after its time has come. */
export interface GroupStep {
  readonly group: Group;
  readonly members: GroupMembers;
  readonly word: GroupWord | undefined;
}

type Times = Pick<GroupConfig, "waitMs" | "intervalMs">;

/** A group that has never had an alert. */
export function newGroup(place: Pick<Group, "destination" | "key" | "by">, nowMs: number): Group {
  return { ...place, episode: 0, phase: { kind: "idle", sinceMs: nowMs }, firing: 0, news: 0 };
}

/** An alert fires, or something about one that fires has changed. `known`: as the group has it, if it has. */
export function joinGroup(
  group: Group,
  known: GroupMember | undefined,
  member: GroupMember,
  nowMs: number,
): MemberStep {
  return replaceMember(group, known, { ...member, isTold: known?.isTold ?? false }, nowMs);
}

/** An alert of the group has resolved. One that the group has not spoken of vanishes, as if it had never been. */
export function leaveGroup(group: Group, known: GroupMember, member: GroupMember, nowMs: number): MemberStep {
  return replaceMember(group, known, known.isTold ? { ...member, isTold: true } : undefined, nowMs);
}

function replaceMember(
  before: Group,
  known: GroupMember | undefined,
  member: GroupMember | undefined,
  nowMs: number,
): MemberStep {
  const firing = before.firing - fires(known) + fires(member);
  const news = before.news - isNews(known) + isNews(member);
  return { group: { ...before, firing, news, phase: afterNews(before.phase, firing, news, nowMs) }, member };
}

function fires(member: GroupMember | undefined): number {
  return member && member.resolvedAt === undefined ? 1 : 0;
}

function isNews(member: GroupMember | undefined): number {
  return member?.isNews ? 1 : 0;
}

function afterNews(phase: GroupPhase, firing: number, news: number, nowMs: number): GroupPhase {
  switch (phase.kind) {
    case "idle":
      return firing > 0 ? { kind: "waiting", firstAtMs: nowMs } : phase;
    case "waiting":
      return firing > 0 ? phase : { kind: "idle", sinceMs: nowMs };
    case "told":
      return {
        ...phase,
        dirtySinceMs: news > 0 ? (phase.dirtySinceMs ?? nowMs) : undefined,
        endedAtMs: firing > 0 ? undefined : (phase.endedAtMs ?? nowMs),
      };
    default:
      return phase satisfies never;
  }
}

/** When the group has something to say, in epoch milliseconds; undefined when it has not. */
export function groupDeadlineMs({ phase }: Group, { waitMs, intervalMs }: Times): number | undefined {
  if (phase.kind === "waiting") return phase.firstAtMs + waitMs;
  if (phase.kind === "idle") return undefined;
  // An end should not wait as long as news do; a return meanwhile takes it back.
  if (phase.endedAtMs !== undefined) return phase.endedAtMs + waitMs;
  if (phase.dirtySinceMs === undefined) return undefined;
  return Math.max(phase.lastToldMs + intervalMs, phase.dirtySinceMs + waitMs);
}

/** The group without times that are still to come: the clock was set back. */
export function groupNotAhead(group: Group, nowMs: number): Group {
  const { phase } = group;
  const past = (atMs: number): number => Math.min(atMs, nowMs);
  if (phase.kind === "idle") return { ...group, phase: { ...phase, sinceMs: past(phase.sinceMs) } };
  if (phase.kind === "waiting") return { ...group, phase: { ...phase, firstAtMs: past(phase.firstAtMs) } };
  const { lastToldMs, dirtySinceMs, endedAtMs } = phase;
  const told: GroupPhase = {
    ...phase,
    lastToldMs: past(lastToldMs),
    dirtySinceMs: dirtySinceMs === undefined ? undefined : past(dirtySinceMs),
    endedAtMs: endedAtMs === undefined ? undefined : past(endedAtMs),
  };
  return { ...group, phase: told };
}

/** Lets a group speak whose deadline has come. */
export function speakGroup(group: Group, members: GroupMembers, nowMs: number): GroupStep {
  const { phase } = group;
  if (phase.kind === "idle") return { group, members, word: undefined };
  const said = [...members.values()];
  const isFirst = phase.kind === "waiting";
  const times = isFirst
    ? { sinceMs: earliestMs(said, nowMs), firstToldMs: nowMs }
    : { sinceMs: phase.sinceMs, firstToldMs: phase.firstToldMs };
  if (group.firing === 0) {
    const ended: Group = { ...group, news: 0, phase: { kind: "idle", sinceMs: nowMs } };
    return { group: ended, members: new Map(), word: { kind: "resolve", ...times, members: said } };
  }
  const told: Group = {
    ...group,
    episode: isFirst ? group.episode + 1 : group.episode,
    news: 0,
    phase: { kind: "told", ...times, lastToldMs: nowMs, dirtySinceMs: undefined, endedAtMs: undefined },
  };
  return {
    group: told,
    members: staying(members),
    word: { kind: isFirst ? "fire" : "update", ...times, members: said },
  };
}

/** Those that fire still: they have been told now. */
function staying(members: GroupMembers): GroupMembers {
  const firing = [...members].filter(([, member]) => member.resolvedAt === undefined);
  return new Map(firing.map(([subject, member]) => [subject, { ...member, isTold: true, isNews: false }]));
}

function earliestMs(members: readonly GroupMember[], nowMs: number): number {
  return members.reduce((earliest, { since }) => Math.min(earliest, Date.parse(since) || nowMs), nowMs);
}
