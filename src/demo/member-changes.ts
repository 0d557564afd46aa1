import type { Member } from "../ring/ring.ts";
import { listWords, type Said } from "./happening.ts";

/**
 * What happened to the members between two moments, each in order of key. Those that share a fate share a line, and the
 * first members of all are only counted.
 */
export function memberChanges(before: readonly Member[], after: readonly Member[]): Said[] {
  if (before.length === 0 && after.every(({ ready }) => ready)) {
    return [{ tone: "ready", text: `${after.length} members are ready` }];
  }
  const known = new Map(before.map((member) => [member.key, member]));
  const here = new Set(after.map(({ key }) => key));
  const fates = {
    gone: before.filter(({ key }) => !here.has(key)),
    terminating: [] as Member[],
    listed: [] as Member[],
    unready: [] as Member[],
    ready: [] as Member[],
  };
  for (const member of after) {
    const fate = fateOf(known.get(member.key), member);
    if (fate) fates[fate].push(member);
  }
  const said: readonly (readonly [readonly Member[], Said["tone"], string, string])[] = [
    [fates.gone, "gone", "is gone", "are gone"],
    [fates.terminating, "terminating", "is terminating", "are terminating"],
    [fates.listed, "unready", "is a new Pod, not ready yet", "are new Pods, not ready yet"],
    [fates.unready, "unready", "is not ready", "are not ready"],
    [fates.ready, "ready", "is ready", "are ready"],
  ];
  return said
    .filter(([members]) => members.length > 0)
    .map(([members, tone, one, many]) => ({
      tone,
      text: `${names(members)} ${members.length > 1 ? many : one}`,
    }));
}

function fateOf(
  before: Member | undefined,
  now: Member,
): "terminating" | "listed" | "unready" | "ready" | undefined {
  const isNew = before?.uid !== now.uid;
  if (isNew) return now.ready ? "ready" : "listed";
  if (now.terminating) return before?.terminating ? undefined : "terminating";
  if (before?.ready === now.ready) return undefined;
  return now.ready ? "ready" : "unready";
}

function names(members: readonly Member[]): string {
  return listWords(members.map(({ name }) => name));
}
