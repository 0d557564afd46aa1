/** Why a member left its ring, as far as it can be known. */
export const LEAVE_REASONS = [
  "scaledDown",
  "rollout",
  "evicted",
  "nodeLost",
  "crashed",
  "deleted",
  "unready",
  "unknown",
] as const;
/** One of them. */
export type LeaveReason = (typeof LEAVE_REASONS)[number];
