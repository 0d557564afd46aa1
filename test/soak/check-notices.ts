import type { Notice, NoticeChange } from "../../src/alerts/notice.ts";
import type { Member } from "../../src/ring/ring.ts";
import type { Delivered } from "./soak-receiver.ts";

/** What the receiver was told of one rule and ring, each notice once, in the order of coming. */
export type Told = ReadonlyMap<string, readonly Notice[]>;

/** Notices by `rule source namespace/service`. */
export function toldOf(requests: readonly Delivered[]): Told {
  const first = new Map(requests.toReversed().map((request) => [request.id, request]));
  const seen = new Set<string>();
  const told = new Map<string, Notice[]>();
  for (const { id } of requests) {
    const notice = first.get(id)?.notice;
    if (!notice || seen.has(id)) continue;
    seen.add(id);
    const key = subjectOf(notice);
    told.set(key, [...(told.get(key) ?? []), notice]);
  }
  return told;
}

function subjectOf({ rule, ring }: Notice): string {
  return `${rule} ${ring.source} ${ring.key}`;
}

/** Everything wrong about ids, repeats and order. */
export function deliveryFaults(requests: readonly Delivered[]): string[] {
  const faults: string[] = [];
  const byId = Map.groupBy(requests, ({ id }) => id);
  const idOf = new Map<string, string>();
  for (const [id, attempts] of byId) {
    const [first] = attempts;
    if (!first) continue;
    if (attempts.some(({ body }) => body !== first.body)) faults.push(`${id} says different things`);
    const occasion = `${subjectOf(first.notice)} ${first.notice.generation}`;
    if (idOf.has(occasion)) faults.push(`${occasion} has two ids: ${id} and ${idOf.get(occasion)}`);
    idOf.set(occasion, id);
    if (attempts.slice(0, -1).some(({ manner }) => manner === "accept"))
      faults.push(`${id} was sent again though it was accepted`);
    if (attempts.at(-1)?.manner !== "accept") faults.push(`${id} was never accepted`);
  }
  for (const [subject, attempts] of Map.groupBy(requests, ({ notice }) => subjectOf(notice))) {
    const generations = attempts.map(({ notice }) => notice.generation ?? 0);
    if (generations.some((generation, i) => generation < (generations[i - 1] ?? 0))) {
      faults.push(`${subject} came out of order: ${generations.join(" ")}`);
    }
  }
  return faults;
}

/**
 * Everything wrong about generations and net changes. Changes that nobody had tried to send may have become one, so numbers may be
 * skipped; each still names the one that was told before it. `isWhole`: the rule tells every change, so that each goes on where the
 * last one ended.
 */
export function changeFaults(told: Told, isWhole: (rule: string) => boolean): string[] {
  const faults: string[] = [];
  for (const [subject, notices] of told) {
    let before: string | undefined;
    let lastGeneration = 0;
    for (const { rule, generation = 0, previousGeneration, change } of notices) {
      if (!change) continue;
      if (generation <= lastGeneration || previousGeneration !== lastGeneration)
        faults.push(
          `${subject}: generation ${generation} names ${previousGeneration} before it, and ${lastGeneration} was told`,
        );
      lastGeneration = generation;
      const from = identityOf(change.before);
      if (isWhole(rule) && before !== undefined && from !== before) {
        faults.push(
          `${subject}: generation ${generation} begins with ${from}, and the one before ended with ${before}`,
        );
      }
      before = identityOf(change.after);
      if (netOf(change) !== before)
        faults.push(`${subject}: generation ${generation} does not add up to ${before}`);
    }
  }
  return faults;
}

/** The members after the last change that was told, or undefined where none was. */
export function lastMembers(notices: readonly Notice[] | undefined): string | undefined {
  const change = notices?.at(-1)?.change;
  return change && identityOf(change.after);
}

/** Who is in a ring and where, as a text. */
export function identityOf(members: readonly Pick<Member, "key" | "uid" | "addresses">[]): string {
  return members
    .map(({ key, uid, addresses }) => `${key} ${uid} ${addresses.join("+")}`)
    .sort()
    .join(", ");
}

function netOf({ removed, before, left, joined, replaced, moved }: NoticeChange): string {
  if (removed) return "";
  const net = new Map(before.map((member) => [member.key, member]));
  for (const { key } of left) net.delete(key);
  for (const member of joined) net.set(member.key, member);
  for (const { after } of [...replaced, ...moved]) net.set(after.key, after);
  return identityOf([...net.values()]);
}
