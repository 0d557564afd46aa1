import {
  joinGroup,
  leaveGroup,
  type MemberStep,
  newGroup,
  speakGroup,
} from "../../src/alerts/advance-group.ts";
import { type Group, type GroupMember, memberOf } from "../../src/alerts/group.ts";
import { groupNotice } from "../../src/alerts/group-notice.ts";
import type { Notice } from "../../src/alerts/notice.ts";
import { alert, fireNotice, resolveNotice } from "./notices.ts";

const FIRED_MS = Date.parse("2026-11-21T03:04:35.000Z");

/** A dead node under so many rings: what it says first, after some have resolved, and at its end. */
export function groupNotices(count: number, overrides: Partial<Notice> = {}): readonly Notice[] {
  const ring = (index: number): Notice["ring"] => ({
    ...fireNotice().ring,
    key: `data/ring-${index}`,
    service: `ring-${index}`,
  });
  const subject = (index: number): string => `cassandra-below-quorum data/ring-${index}`;
  let group: Group = newGroup({ destination: "on-call", key: "node=node-3", by: { node: "node-3" } }, 0);
  let members = new Map<string, GroupMember>();
  const take = (index: number, step: MemberStep): void => {
    group = step.group;
    if (step.member) members.set(subject(index), step.member);
    else members.delete(subject(index));
  };
  for (let index = 0; index < count; index++) {
    const member = memberOf(fireNotice({ ring: ring(index), ...overrides }));
    take(index, joinGroup(group, undefined, member, FIRED_MS));
  }
  const resolve = (from: number, to: number): void => {
    for (let index = from; index < to; index++) {
      const notice = resolveNotice({ ring: ring(index), alert: resolvedAlert, ...overrides });
      const known = members.get(subject(index));
      if (known) take(index, leaveGroup(group, known, memberOf(notice), FIRED_MS + 60_000));
    }
  };
  const speak = (nowMs: number): Notice => {
    const step = speakGroup(group, members, nowMs);
    group = step.group;
    members = new Map(step.members);
    if (!step.word) throw new Error("the group has nothing to say");
    return groupNotice(group, step.word, nowMs);
  };
  const fire = speak(FIRED_MS + 30_000);
  resolve(0, Math.floor(count / 2));
  const update = speak(FIRED_MS + 330_000);
  resolve(Math.floor(count / 2), count);
  return [fire, update, speak(FIRED_MS + 630_000)];
}

const resolvedAlert = alert({
  resolvedAt: "2026-11-21T03:14:05.000Z",
  durationSeconds: 600,
  reason: "5 of 5 ready",
  notReady: [],
});
