import type { RingView } from "./condition.ts";

/**
 * How many members of each zone are ready, in order of name; members whose zone is not known are in none. A zone counts as long as it
 * is listed with anybody, terminating members too: those of a lost node are, for good, five minutes after its loss.
 */
export function readyByZone(view: RingView): ReadonlyMap<string, number> {
  const ready = new Map<string, number>();
  for (const member of view.ring.members) {
    if (member.zone === undefined) continue;
    ready.set(member.zone, (ready.get(member.zone) ?? 0) + (member.ready ? 1 : 0));
  }
  return new Map([...ready].sort(([a], [b]) => (a < b ? -1 : 1)));
}
