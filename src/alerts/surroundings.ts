import type { LeaveReason } from "../ring/leave-reason.ts";
import type { Member, Ring } from "../ring/ring.ts";
import type { Rule } from "../rules/rule.ts";

/** Why somebody is not to be told now, and until when. */
export interface Hush {
  /** Epoch milliseconds; `Infinity` when nobody can know. */
  readonly untilMs: number;
  /** For people: `muted by nights until 06:00`. */
  readonly why: string;
}

/** Why a member is not in its ring any more. */
export interface Departure {
  readonly reason: LeaveReason;
  /** For people: `ordinal 4 of a StatefulSet with 3 desired replicas`. */
  readonly evidence: string;
}

/** What alerts are decided by beside their rings. All of it as of `nowMs`. */
export interface Surroundings {
  /** Why a rule is not to speak of a ring; undefined when it may. */
  hush(rule: Rule, ring: Ring, nowMs: number): Hush | undefined;
  /** Why a destination is not to be told what a rule says of a ring, beside what `hush` knows; undefined when it may. */
  destinationHush(destination: string, rule: Rule, ring: Ring, nowMs: number): Hush | undefined;
  /** The desired replicas of the workloads behind a ring; undefined when not known. */
  desired(ring: Ring): number | undefined;
  /** Undefined when nothing of the kind is watched. */
  whyLeft(member: Member, ring: Ring, nowMs: number): Departure | undefined;
  /** Since when a rollout of a workload behind the ring goes on; undefined when none does. */
  rolloutSinceMs(ring: Ring, nowMs: number): number | undefined;
}

/** Nothing is known but the rings, and everybody may be told. */
export const OPEN_SURROUNDINGS: Surroundings = {
  hush: () => undefined,
  destinationHush: () => undefined,
  desired: () => undefined,
  whyLeft: () => undefined,
  rolloutSinceMs: () => undefined,
};
