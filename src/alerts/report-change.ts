import { compareRings } from "../ring/compare-rings.ts";
import type { LeaveReason } from "../ring/leave-reason.ts";
import type { Member, RingChange } from "../ring/ring.ts";
import { thresholdValue, thresholdWords } from "../rules/conditions/threshold.ts";
import type { ChangeTrigger, ChangeWord, Guard } from "../rules/rule.ts";
import type { Baseline } from "./baseline.ts";
import type { Standing } from "./deviations.ts";
import type { Departure } from "./surroundings.ts";
import type { Due } from "./what-counts.ts";

/** A settled net change that the rule asked for. */
export interface ReportedChange extends RingChange {
  readonly generation: number;
  readonly previousGeneration: number;
  /** The Service is gone; `left` is empty then, its members are in `before`. */
  readonly removed: boolean;
  readonly whileAway: boolean;
  /** Told by `maxWait` while other members were still settling. */
  readonly forced: boolean;
  readonly firstChangeMs: number;
  readonly settledMs: number;
  /** Why members left, as far as it is known; empty unless the rule asks for reasons. */
  readonly departures: readonly MemberDeparture[];
  /** Which limit of the rule's guard it exceeds; undefined when it is within them. */
  readonly guarded: string | undefined;
  readonly before: readonly Member[];
  readonly after: readonly Member[];
}

/** Why one member left. */
export interface MemberDeparture extends Departure {
  readonly key: string;
  readonly name: string;
}

/** The net change between two baselines. `standing`: the members as they are now. */
export function describeChange(
  before: Baseline,
  after: Baseline,
  standing: Standing,
  due: Due,
  guard: Guard | undefined,
): ReportedChange {
  const removed = after.presence === "absent" && before.presence === "present";
  const from = sorted(before.members.values());
  const to = sorted([...after.members.values()].map((member) => asSeen(member, standing)));
  const net = compareRings(from, removed ? from : to);
  return {
    ...net,
    // Readiness is news only where it has settled by itself.
    becameReady: net.becameReady.filter((m) => due.counted.readiness.has(m.key)),
    becameUnready: net.becameUnready.filter((m) => due.counted.readiness.has(m.key)),
    generation: before.generation + 1,
    previousGeneration: before.generation,
    removed,
    whileAway: due.whileAway,
    forced: due.forced,
    firstChangeMs: due.firstChangeMs,
    settledMs: due.settledMs,
    departures: departuresOf(net.left, before),
    guarded:
      guard &&
      exceededLimit(guard, { before: from.length, after: to.length, left: net.left.length, removed }),
    before: from,
    after: to,
  };
}

// Receivers want the member as it is now; only who it is must be what was settled.
function asSeen(member: Member, standing: Standing): Member {
  const now = standing.get(member.key);
  return now && now.uid === member.uid ? { ...now, addresses: member.addresses } : member;
}

function sorted(members: Iterable<Member>): readonly Member[] {
  return [...members].sort((a, b) => (a.key < b.key ? -1 : 1));
}

function departuresOf(left: readonly Member[], { deviations }: Baseline): readonly MemberDeparture[] {
  return left.flatMap(({ key, name }) => {
    const departure = deviations.get(key)?.departure;
    return departure ? [{ key, name, ...departure }] : [];
  });
}

/** Which limit of a guard a change exceeds. Lost are those who left, whoever came in their place; a removed ring has lost all. */
export function exceededLimit(
  { minMembers, maxLost }: Guard,
  change: {
    readonly before: number;
    readonly after: number;
    readonly left: number;
    readonly removed: boolean;
  },
): string | undefined {
  const after = change.removed ? 0 : change.after;
  if (minMembers !== undefined && after < minMembers)
    return `the ring has ${after} ${after === 1 ? "member" : "members"}, wanted at least ${minMembers}`;
  const most = maxLost && thresholdValue(maxLost, change.before);
  const lost = change.removed ? change.before : change.left;
  return maxLost && most !== undefined && lost > most
    ? `${lost} of ${change.before} members are lost, wanted at most ${thresholdWords(maxLost)}`
    : undefined;
}

/** Whether a rule wants to hear of a change. */
export function isAskedFor(
  change: ReportedChange,
  { on, reasons }: Pick<ChangeTrigger, "on" | "reasons">,
): boolean {
  return on.some((word) => holdsWord(change, word, reasons));
}

const CHANGED: readonly ChangeWord[] = ["joined", "left", "replaced", "moved", "removed"];

function holdsWord(
  change: ReportedChange,
  word: ChangeWord,
  reasons: readonly LeaveReason[] | undefined,
): boolean {
  switch (word) {
    case "joined":
      return change.joined.length > 0;
    case "left":
      // Of members that are gone with their Service it is known why.
      if (change.removed || !reasons) return change.removed || change.left.length > 0;
      return change.departures.some(({ reason }) => reasons.includes(reason));
    case "replaced":
      return change.replaced.length > 0;
    case "moved":
      return change.moved.length > 0;
    case "removed":
      return change.removed;
    case "ready":
      return change.becameReady.length > 0;
    case "unready":
      return change.becameUnready.length > 0;
    case "changed":
      return CHANGED.some((each) => holdsWord(change, each, reasons));
    default:
      return word satisfies never;
  }
}
