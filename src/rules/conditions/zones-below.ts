import { absence, countSchema } from "./condition-kind.ts";
import type { ConditionKind } from "./condition-kind.ts";
import type { RingView } from "./condition.ts";
import { readyByZone } from "./zones.ts";

/** `zonesBelow: N` holds while fewer than N zones have a ready member. */
export const zonesBelow: ConditionKind<{ readonly kind: "zonesBelow"; readonly count: number }> = {
  kind: "zonesBelow",
  schema: countSchema,
  judgesUnnamedAbsent: false,
  each: [],
  build: (value) => ({ kind: "zonesBelow", count: Number(value) }),
  describe: ({ count }) => `fewer than ${count} zones with a ready member`,
  holds: ({ count }, view) => litZones(view).length < count,
  fact({ count }, view) {
    const lit = litZones(view);
    const names =
      lit.length === 0
        ? "no zone"
        : `${lit.length} ${lit.length === 1 ? "zone" : "zones"} (${lit.join(", ")})`;
    return `${absence(view)}${names} with a ready member, wanted at least ${count}`;
  },
  badness: (_condition, view) => -litZones(view).length,
};

function litZones(view: RingView): string[] {
  return [...readyByZone(view)].filter(([, ready]) => ready > 0).map(([zone]) => zone);
}
