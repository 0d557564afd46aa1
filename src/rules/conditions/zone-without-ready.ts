import { trueSchema } from "./condition-kind.ts";
import type { ConditionKind } from "./condition-kind.ts";
import type { RingView } from "./condition.ts";
import { readyByZone } from "./zones.ts";

/** `zoneWithoutReady: true` holds while a zone has members and none of them is ready. */
export const zoneWithoutReady: ConditionKind<{ readonly kind: "zoneWithoutReady" }> = {
  kind: "zoneWithoutReady",
  schema: trueSchema,
  judgesUnnamedAbsent: false,
  each: [],
  build: () => ({ kind: "zoneWithoutReady" }),
  describe: () => "a zone has none ready",
  holds: (_condition, view) => darkZones(view).length > 0,
  fact(_condition, view) {
    const dark = darkZones(view);
    if (dark.length > 0) return `none ready in ${dark.join(", ")}`;
    const zones = readyByZone(view).size;
    return zones === 0 ? "no zones" : `each of ${zones} zones has a ready member`;
  },
  badness: (_condition, view) => darkZones(view).length,
};

function darkZones(view: RingView): string[] {
  return [...readyByZone(view)].filter(([, ready]) => ready === 0).map(([zone]) => zone);
}
