import type { Ring } from "../ring/ring.ts";
import type { Rule } from "../rules/rule.ts";
import type { Standing } from "./standing.ts";
import type { Surroundings } from "./surroundings.ts";

/** Why nobody hears a rule about a ring now, or some do not. */
export function standingHush(
  rule: Rule,
  ring: Ring,
  nowMs: number,
  around: Surroundings,
): Pick<Standing, "hushed" | "quiet"> {
  const hush = around.hush(rule, ring, nowMs);
  if (hush) return { hushed: hush.why };
  const quiet = rule.notify.flatMap((destination) => {
    const own = around.destinationHush(destination, rule, ring, nowMs);
    return own ? [{ destination, why: own.why }] : [];
  });
  return quiet.length > 0 ? { quiet } : {};
}
