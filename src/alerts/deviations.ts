import { compareMembers } from "../ring/compare-rings.ts";
import type { Member } from "../ring/ring.ts";
import { type Baseline, type Deviation, NO_DEVIATIONS } from "./baseline.ts";
import type { Departure } from "./surroundings.ts";

/** What stands now, by member key: those that counted in the rule's membership. */
export type Standing = ReadonlyMap<string, Member>;

interface Moment {
  readonly nowMs: number;
  readonly whileAway: boolean;
}

/**
 * Which members deviate from the baseline, and since when: a deviation goes on while its signature stays,
 * starts anew when it becomes another one, and ends when the member is back as it was.
 * `truncated`: the API does not show all members, so nobody can be said to be absent.
 * Returns the baseline's own map when nothing changed.
 */
export function memberDeviations(
  baseline: Baseline,
  standing: Standing,
  truncated: boolean,
  moment: Moment,
): Baseline["deviations"] {
  const next = new Map<string, Deviation>();
  for (const [key, member] of standing) {
    const signature = signatureOf(baseline.members.get(key), member);
    if (signature !== undefined) next.set(key, goOn(baseline.deviations.get(key), signature, moment));
  }
  if (!truncated) {
    for (const key of baseline.members.keys()) {
      if (!standing.has(key)) next.set(key, goOn(baseline.deviations.get(key), "absent", moment));
    }
  }
  if (unchanged(baseline.deviations, next)) return baseline.deviations;
  return next.size > 0 ? next : NO_DEVIATIONS;
}

/**
 * The same deviations, those of absent members with why they left. A reason that was known once is kept when nothing is known any
 * more: what the API server said of a Pod is forgotten some minutes after it is gone.
 */
export function withDepartures(
  deviations: Baseline["deviations"],
  { members }: Baseline,
  whyLeft: ((member: Member) => Departure | undefined) | undefined,
): Baseline["deviations"] {
  if (!whyLeft) return deviations;
  let next: Map<string, Deviation> | undefined;
  for (const [key, deviation] of deviations) {
    const member = deviation.signature === "absent" ? members.get(key) : undefined;
    const departure = member && whyLeft(member);
    if (!departure || isKnown(deviation.departure, departure)) continue;
    next ??= new Map(deviations);
    next.set(key, { ...deviation, departure });
  }
  return next ?? deviations;
}

function isKnown(known: Departure | undefined, departure: Departure): boolean {
  if (!known) return false;
  return (
    departure.reason === "unknown" ||
    (known.reason === departure.reason && known.evidence === departure.evidence)
  );
}

/** The same for readiness, of members that are both in the baseline and standing. */
export function readinessDeviations(
  baseline: Baseline,
  standing: Standing,
  moment: Moment,
): Baseline["readiness"] {
  const next = new Map<string, Deviation>();
  for (const [key, member] of standing) {
    const before = baseline.members.get(key);
    if (!before || before.ready === member.ready) continue;
    next.set(key, goOn(baseline.readiness.get(key), member.ready ? "ready" : "unready", moment));
  }
  if (unchanged(baseline.readiness, next)) return baseline.readiness;
  return next.size > 0 ? next : NO_DEVIATIONS;
}

/** A deviation with this signature: the known one when it is the same, else one that begins now. */
export function goOn(known: Deviation | undefined, signature: string, moment: Moment): Deviation {
  if (known?.signature === signature) {
    // A clock that was set back must not make it stand longer.
    return known.sinceMs <= moment.nowMs ? known : { ...known, sinceMs: moment.nowMs };
  }
  return { signature, sinceMs: moment.nowMs, whileAway: moment.whileAway };
}

function signatureOf(before: Member | undefined, member: Member): string | undefined {
  if (!before) return `new ${member.uid ?? member.addresses.join(" ")}`;
  const difference = compareMembers(before, member);
  if (difference === "same") return undefined;
  return difference === "replaced" ? `replaced ${member.uid}` : `moved ${member.addresses.join(" ")}`;
}

function unchanged(before: ReadonlyMap<string, Deviation>, after: ReadonlyMap<string, Deviation>): boolean {
  if (before.size !== after.size) return false;
  for (const [key, deviation] of after) if (before.get(key) !== deviation) return false;
  return true;
}
