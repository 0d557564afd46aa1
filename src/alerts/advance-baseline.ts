import { compareMembers, compareRings } from "../ring/compare-rings.ts";
import type { Member, Ring, RingChange } from "../ring/ring.ts";
import type { ChangeTrigger, ChangeWord, Membership } from "../rules/rule.ts";
import { type Baseline, type Deviation, unseenBaseline } from "./baseline.ts";
import { goOn, memberDeviations, readinessDeviations, type Standing } from "./deviations.ts";

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
  readonly before: readonly Member[];
  readonly after: readonly Member[];
}

/** What a baseline is after a step, and what is reported. */
export interface BaselineStep {
  /** The same object when nothing changed. */
  readonly baseline: Baseline;
  readonly report: ReportedChange | undefined;
  /** When time alone changes the baseline; undefined when it does not. */
  readonly deadlineMs: number | undefined;
}

type Asked = Pick<ChangeTrigger, "on" | "settleMs" | "maxWaitMs"> & { readonly membership: Membership };

/**
 * One step of a change rule on one ring. Settling is per member: what deviates from the baseline counts once it has
 * stood for `settleMs`. It is told when nothing else is still settling, or `maxWaitMs` after the first one counted,
 * and the baseline moves for exactly those that count. Where the rule's `on` selects none of it, it moves silently;
 * so does the first settled state of a ring. `firstList`: the ring is seen for the first time after a start.
 */
export function advanceBaseline(
  baseline: Baseline,
  ring: Ring,
  asked: Asked,
  nowMs: number,
  firstList: boolean,
): BaselineStep {
  const from = onTerms(baseline, asked);
  if (isAsItWas(from) && standsAsItDid(from, ring, asked)) {
    return { baseline: from, report: undefined, deadlineMs: undefined };
  }
  const standing = standingMembers(ring, asked.membership);
  let current = deviate(from, ring, standing, asked, { nowMs, whileAway: firstList });
  if (isAsItWas(current)) return { baseline: current, report: undefined, deadlineMs: undefined };
  const due = whatCounts(current, asked, nowMs);
  if (!due.tell) return { baseline: current, report: undefined, deadlineMs: due.deadlineMs };

  const moved = moveBaseline(current, standing, due.counted, asksReadiness(asked));
  const report = describe(current, moved, standing, due);
  const told = current.presence !== "unseen" && asked.on.some((word) => holdsWord(report, word));
  current = told ? { ...moved, generation: report.generation } : moved;
  // What is left is still settling: it has its own deadline, and a new `maxWait` once it counts.
  const rest = whatCounts(current, asked, nowMs);
  return { baseline: current, report: told ? report : undefined, deadlineMs: rest.deadlineMs };
}

// A baseline that was taken on other terms would tell of differences that nobody saw: it begins anew, silently.
function onTerms(baseline: Baseline, asked: Asked): Baseline {
  const terms = asksReadiness(asked) ? `${asked.membership}, readiness` : asked.membership;
  if (baseline.terms === terms) return baseline;
  return { ...unseenBaseline(baseline.rule, baseline.ring), generation: baseline.generation, terms };
}

function isAsItWas(baseline: Baseline): boolean {
  return !baseline.presenceDeviation && baseline.deviations.size === 0 && baseline.readiness.size === 0;
}

/** True when nothing of the ring deviates: so it is for most rules at most events, and this makes no map of the members. */
function standsAsItDid(baseline: Baseline, ring: Ring, asked: Asked): boolean {
  if (baseline.presence !== "present" || !ring.present) return false;
  const readiness = asksReadiness(asked);
  let standing = 0;
  for (const member of ring.members) {
    if (!stands(member, asked.membership)) continue;
    const before = baseline.members.get(member.key);
    if (!before || compareMembers(before, member) !== "same") return false;
    if (readiness && before.ready !== member.ready) return false;
    standing++;
  }
  return ring.truncated || standing === baseline.members.size;
}

/** The members of a ring that count as being in it. */
export function standingMembers(ring: Ring, membership: Membership): Standing {
  const standing = new Map<string, Member>();
  for (const member of ring.members) if (stands(member, membership)) standing.set(member.key, member);
  return standing;
}

function stands(member: Member, membership: Membership): boolean {
  return !member.terminating && (membership === "present" || member.serving);
}

function deviate(
  baseline: Baseline,
  ring: Ring,
  standing: Standing,
  asked: Asked,
  moment: { nowMs: number; whileAway: boolean },
): Baseline {
  const wasPresent = baseline.presence === "present";
  const presenceDeviation =
    ring.present === wasPresent
      ? undefined
      : goOn(baseline.presenceDeviation, ring.present ? "present" : "absent", moment);
  // While the Service is gone its members stand still: a Service made again goes on where it was.
  const frozen = !ring.present && wasPresent;
  const deviations = frozen
    ? baseline.deviations
    : memberDeviations(baseline, standing, ring.truncated, moment);
  const readiness =
    frozen || !asksReadiness(asked) ? baseline.readiness : readinessDeviations(baseline, standing, moment);
  const same =
    presenceDeviation === baseline.presenceDeviation &&
    deviations === baseline.deviations &&
    readiness === baseline.readiness;
  return same ? baseline : { ...baseline, presenceDeviation, deviations, readiness };
}

function asksReadiness(asked: Asked): boolean {
  return asked.on.includes("ready") || asked.on.includes("unready");
}

interface Counted {
  readonly presence: Deviation | undefined;
  readonly members: ReadonlyMap<string, Deviation>;
  readonly readiness: ReadonlyMap<string, Deviation>;
}

interface Due {
  readonly tell: boolean;
  readonly forced: boolean;
  readonly counted: Counted;
  readonly firstChangeMs: number;
  readonly settledMs: number;
  readonly whileAway: boolean;
  readonly deadlineMs: number | undefined;
}

function whatCounts(baseline: Baseline, asked: Asked, nowMs: number): Due {
  const presence = baseline.presenceDeviation;
  // A Service that is gone settles as one: its members are not weighed one by one.
  const gone = presence?.signature === "absent";
  const all = gone
    ? [presence]
    : [...(presence ? [presence] : []), ...baseline.deviations.values(), ...baseline.readiness.values()];
  const counts = (d: Deviation): boolean => nowMs >= d.sinceMs + asked.settleMs;
  const counting = all.filter(counts);
  const settling = all.filter((d) => !counts(d));
  const firstChangeMs = Math.min(...counting.map((d) => d.sinceMs));
  const settledMs = Math.max(...counting.map((d) => d.sinceMs)) + asked.settleMs;
  const forcedAtMs = firstChangeMs + asked.settleMs + asked.maxWaitMs;
  const nextSettledMs = Math.min(...settling.map((d) => d.sinceMs)) + asked.settleMs;
  const forced = settling.length > 0 && nowMs >= forcedAtMs;
  const deadlineMs = Math.min(nextSettledMs, forcedAtMs);
  return {
    tell: counting.length > 0 && (settling.length === 0 || forced),
    forced,
    counted: {
      presence: presence && counts(presence) ? presence : undefined,
      members: gone ? new Map<string, never>() : only(baseline.deviations, counts),
      readiness: gone ? new Map<string, never>() : only(baseline.readiness, counts),
    },
    firstChangeMs,
    settledMs,
    whileAway: counting.some((d) => d.whileAway),
    deadlineMs: Number.isFinite(deadlineMs) ? deadlineMs : undefined,
  };
}

function only(
  deviations: ReadonlyMap<string, Deviation>,
  keep: (deviation: Deviation) => boolean,
): ReadonlyMap<string, Deviation> {
  return new Map([...deviations].filter(([, deviation]) => keep(deviation)));
}

function moveBaseline(
  baseline: Baseline,
  standing: Standing,
  counted: Counted,
  keepReadiness: boolean,
): Baseline {
  if (counted.presence?.signature === "absent") {
    const none = new Map<string, never>();
    return {
      ...baseline,
      presence: "absent",
      members: none,
      presenceDeviation: undefined,
      deviations: none,
      readiness: none,
    };
  }
  const members = new Map(baseline.members);
  for (const key of counted.members.keys()) {
    const before = members.get(key);
    const after = standing.get(key);
    if (!after) members.delete(key);
    else members.set(key, before && keepReadiness ? { ...after, ready: before.ready } : after);
  }
  for (const key of counted.readiness.keys()) {
    const before = members.get(key);
    const after = standing.get(key);
    if (before && after) members.set(key, { ...before, ready: after.ready });
  }
  return {
    ...baseline,
    presence: counted.presence ? "present" : baseline.presence,
    members,
    presenceDeviation: counted.presence ? undefined : baseline.presenceDeviation,
    deviations: without(baseline.deviations, counted.members),
    readiness: without(baseline.readiness, counted.readiness),
  };
}

function without(
  deviations: ReadonlyMap<string, Deviation>,
  gone: ReadonlyMap<string, Deviation>,
): ReadonlyMap<string, Deviation> {
  return new Map([...deviations].filter(([key]) => !gone.has(key)));
}

function describe(before: Baseline, after: Baseline, standing: Standing, due: Due): ReportedChange {
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

const CHANGED: readonly ChangeWord[] = ["joined", "left", "replaced", "moved", "removed"];

function holdsWord(change: ReportedChange, word: ChangeWord): boolean {
  switch (word) {
    case "joined":
      return change.joined.length > 0;
    case "left":
      return change.left.length > 0 || change.removed;
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
      return CHANGED.some((each) => holdsWord(change, each));
    default:
      return word satisfies never;
  }
}
