import type { Ring } from "../ring/ring.ts";
import type { Decisions } from "./decisions.ts";
import type { Subject } from "./subject.ts";
import type { Surroundings } from "./surroundings.ts";

/** After a failure of Ringbell's own a subject is judged again this much later. */
export const STEP_RETRY_MS = 10_000;

/**
 * One step of a subject, and when the next is due. A fault in it is a trouble that is told, and neither keeps other subjects from
 * being judged nor asks for a next step at once, again and again.
 */
export function stepSafely(
  subject: Subject,
  ring: Ring,
  nowMs: number,
  decisions: Decisions,
  around: Surroundings,
): number | undefined {
  try {
    const deadlineMs = subject.step(ring, nowMs, decisions, around);
    if (deadlineMs === undefined || deadlineMs > nowMs) return deadlineMs;
    throw new RangeError(`Cannot judge again at ${deadlineMs}: it is ${nowMs} now`);
  } catch (err) {
    const message = err instanceof Error ? err.message : String(err);
    decisions.troubles.push({ rule: subject.rule.name, ring: ring.key, message, err });
    return nowMs + STEP_RETRY_MS;
  }
}
