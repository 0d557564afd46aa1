import { compareMembers } from "../ring/compare-rings.ts";
import type { Member, Ring } from "../ring/ring.ts";
import type { ChangeTrigger, Membership } from "../rules/rule.ts";
import { type Baseline, type Deviation, NO_DEVIATIONS, unseenBaseline } from "./baseline.ts";
import { goOn, memberDeviations, readinessDeviations, type Standing, withDepartures } from "./deviations.ts";
import { describeChange, isAskedFor, type ReportedChange } from "./report-change.ts";
import type { Departure } from "./surroundings.ts";
import { type Counted, whatCounts } from "./what-counts.ts";

/** What a baseline is after a step, and what is reported. */
export interface BaselineStep {
  /** The same object when nothing changed. */
  readonly baseline: Baseline;
  readonly report: ReportedChange | undefined;
  /** When time alone changes the baseline; undefined when it does not. */
  readonly deadlineMs: number | undefined;
}

/** What of a rule decides about its baselines, and what stands in the way. */
export interface Asked extends Omit<ChangeTrigger, "kind"> {
  readonly membership: Membership;
  /** Until when nothing may be told, in epoch milliseconds; `Infinity` when nobody can know. */
  readonly hushedUntilMs?: number | undefined;
  /** Why a member is not there any more; undefined for a rule that does not ask. */
  readonly whyLeft?: ((member: Member) => Departure | undefined) | undefined;
}

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
  const from = notAhead(onTerms(baseline, asked), nowMs);
  if (isAsItWas(from) && standsAsItDid(from, ring, asked, asked.membership)) {
    return { baseline: from, report: undefined, deadlineMs: undefined };
  }
  const standing = standingMembers(ring, asked.membership);
  let current = deviate(from, ring, standing, asked, { nowMs, whileAway: firstList });
  if (isAsItWas(current)) return { baseline: current, report: undefined, deadlineMs: undefined };
  const settling = { ...asked, notBeforeMs: notBefore(current, asked) };
  const due = whatCounts(current, settling, nowMs);
  if (!due.tell) return { baseline: current, report: undefined, deadlineMs: due.deadlineMs };

  const moved = moveBaseline(current, standing, due.counted, asksReadiness(asked));
  const report = describeChange(current, moved, standing, due, asked.guard);
  const told = current.presence !== "unseen" && isAskedFor(report, asked);
  current = told ? { ...moved, generation: report.generation, reportedAtMs: nowMs } : moved;
  // What is left is still settling: it has its own deadline, and a new `maxWait` once it counts.
  const rest = whatCounts(current, { ...settling, notBeforeMs: notBefore(current, asked) }, nowMs);
  return { baseline: current, report: told ? report : undefined, deadlineMs: rest.deadlineMs };
}

/** True when nothing of the ring deviates from its baseline: then there is nothing to advance. */
export function standsStill(
  baseline: Baseline,
  ring: Ring,
  asked: Pick<ChangeTrigger, "on">,
  membership: Membership,
): boolean {
  return (
    isAsItWas(baseline) &&
    baseline.terms === termsOf(asked, membership) &&
    standsAsItDid(baseline, ring, asked, membership)
  );
}

function notBefore(
  { reportedAtMs = -Infinity }: Baseline,
  { cooldownMs, hushedUntilMs = -Infinity }: Asked,
): number {
  return Math.max(reportedAtMs + cooldownMs, hushedUntilMs);
}

// A clock that was set back must not lengthen a cooldown.
function notAhead(baseline: Baseline, nowMs: number): Baseline {
  return (baseline.reportedAtMs ?? nowMs) <= nowMs ? baseline : { ...baseline, reportedAtMs: nowMs };
}

// A baseline that was taken on other terms would tell of differences that nobody saw: it begins anew, silently.
function onTerms(baseline: Baseline, asked: Asked): Baseline {
  const terms = termsOf(asked, asked.membership);
  if (baseline.terms === terms) return baseline;
  const { rule, ring, generation, reportedAtMs } = baseline;
  return { ...unseenBaseline(rule, ring), generation, reportedAtMs, terms };
}

function termsOf(asked: Pick<ChangeTrigger, "on">, membership: Membership): string {
  return asksReadiness(asked) ? `${membership}, readiness` : membership;
}

function isAsItWas(baseline: Baseline): boolean {
  return !baseline.presenceDeviation && baseline.deviations.size === 0 && baseline.readiness.size === 0;
}

/** True when nothing of the ring deviates: so it is for most rules at most events, and this makes no map of the members. */
function standsAsItDid(
  baseline: Baseline,
  ring: Ring,
  asked: Pick<ChangeTrigger, "on">,
  membership: Membership,
): boolean {
  if (baseline.presence !== "present" || !ring.present) return false;
  const readiness = asksReadiness(asked);
  let standing = 0;
  for (const member of ring.members) {
    if (!stands(member, membership)) continue;
    const before = baseline.members.get(member.key);
    // Who did not change is the same object.
    if (before !== member) {
      if (!before || compareMembers(before, member) !== "same") return false;
      if (readiness && before.ready !== member.ready) return false;
    }
    standing++;
  }
  return ring.truncated || standing === baseline.members.size;
}

/** The members of a ring that count as being in it. */
export function standingMembers(ring: Ring, membership: Membership): Standing {
  if (lastStanding?.ring === ring && lastStanding.membership === membership) return lastStanding.standing;
  const standing = new Map<string, Member>();
  for (const member of ring.members) if (stands(member, membership)) standing.set(member.key, member);
  lastStanding = { ring, membership, standing };
  return standing;
}

/** All rules about a ring are asked in turn, and most of their baselines can be one map. */
let lastStanding: { ring: Ring; membership: Membership; standing: Standing } | undefined;

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
    : withDepartures(memberDeviations(baseline, standing, ring.truncated, moment), baseline, asked.whyLeft);
  const readiness =
    frozen || !asksReadiness(asked) ? baseline.readiness : readinessDeviations(baseline, standing, moment);
  const same =
    presenceDeviation === baseline.presenceDeviation &&
    deviations === baseline.deviations &&
    readiness === baseline.readiness;
  return same ? baseline : { ...baseline, presenceDeviation, deviations, readiness };
}

function asksReadiness(asked: Pick<ChangeTrigger, "on">): boolean {
  return asked.on.includes("ready") || asked.on.includes("unready");
}

function moveBaseline(
  baseline: Baseline,
  standing: Standing,
  counted: Counted,
  keepReadiness: boolean,
): Baseline {
  if (counted.presence?.signature === "absent") {
    return {
      ...baseline,
      presence: "absent",
      members: NO_DEVIATIONS,
      presenceDeviation: undefined,
      deviations: NO_DEVIATIONS,
      readiness: NO_DEVIATIONS,
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
    members: isAll(members, standing) ? standing : members,
    presenceDeviation: counted.presence ? undefined : baseline.presenceDeviation,
    deviations: without(baseline.deviations, counted.members),
    readiness: without(baseline.readiness, counted.readiness),
  };
}

function isAll(members: Standing, standing: Standing): boolean {
  if (members.size !== standing.size) return false;
  for (const [key, member] of members) if (standing.get(key) !== member) return false;
  return true;
}

function without(
  deviations: ReadonlyMap<string, Deviation>,
  gone: ReadonlyMap<string, Deviation>,
): ReadonlyMap<string, Deviation> {
  const left = [...deviations].filter(([key]) => !gone.has(key));
  return left.length > 0 ? new Map(left) : NO_DEVIATIONS;
}
