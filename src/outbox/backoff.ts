import type { Random } from "../runtime/random.ts";

/** Waits between tries of one delivery, in milliseconds. */
export interface BackoffPolicy {
  readonly baseMs: number;
  readonly capMs: number;
}

/** Between rounds of tries, as kept in the outbox: half a minute on average at first, at most ten minutes. */
export const OUTBOX_BACKOFF: BackoffPolicy = { baseMs: 30_000, capMs: 600_000 };

/** Within one round: seconds, while the delivery is in hand. */
export const COURIER_BACKOFF: BackoffPolicy = { baseMs: 500, capMs: 8_000 };

/**
 * Full jitter: anything from 0 to the ceiling, which doubles with each attempt (1 for the first) up to the cap.
 * Many clients that failed together do not come back together:
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoffMs(policy: BackoffPolicy, attempt: number, random: Random): number {
  const ceiling = Math.min(policy.capMs, policy.baseMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(random() * ceiling);
}
