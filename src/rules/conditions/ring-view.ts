import type { Ring } from "../../ring/ring.ts";
import type { Membership } from "../rule.ts";
import type { RingView } from "./condition.ts";

/** Counts a ring as a rule's `membership` says. A terminating member never counts. */
export function ringView(ring: Ring, membership: Membership): RingView {
  let total = 0;
  let ready = 0;
  for (const member of ring.members) {
    if (member.terminating || (membership === "serving" && !member.serving)) continue;
    total += 1;
    if (member.ready) ready += 1;
  }
  return { ring, total, ready };
}
