/**
 * How many members a ring should have, as far as the ring itself tells: the largest size that has stood for a while,
 * until the ring has been smaller for a day.
 */
export interface ExpectedSize {
  /** Undefined until the first size has stood. */
  readonly size: number | undefined;
  /** The size of now, since then. */
  readonly standing: { readonly total: number; readonly sinceMs: number };
  /** The size that stands is smaller than `size` since then. */
  readonly belowSinceMs: number | undefined;
}

/** A size counts when it has stood this long. */
export const SIZE_SETTLE_MS = 10_000;
/** A ring that has been smaller for this long was made smaller. */
export const SIZE_MEMORY_MS = 86_400_000;

/** One step: what is expected after the ring has had `total` members at `nowMs`. The same object when nothing changed. */
export function advanceExpected(
  before: ExpectedSize | undefined,
  total: number,
  nowMs: number,
): ExpectedSize {
  const standing =
    before?.standing.total === total ? sinceAtMost(before.standing, nowMs) : { total, sinceMs: nowMs };
  const settled = nowMs >= standing.sinceMs + SIZE_SETTLE_MS;
  const size = before?.size;
  if (settled && (size === undefined || total >= size)) {
    return same(before, { size: total, standing, belowSinceMs: undefined });
  }
  const isBelow = size !== undefined && total < size;
  const belowSinceMs = isBelow ? Math.min(before?.belowSinceMs ?? nowMs, nowMs) : undefined;
  // A ring that has been empty for a day is down, not small.
  const mayForget = settled && total > 0;
  if (mayForget && belowSinceMs !== undefined && nowMs >= belowSinceMs + SIZE_MEMORY_MS) {
    return same(before, { size: total, standing, belowSinceMs: undefined });
  }
  return same(before, { size, standing, belowSinceMs });
}

/** When time alone changes what is expected; undefined when it does not. */
export function expectedDeadlineMs({ size, standing, belowSinceMs }: ExpectedSize): number | undefined {
  const settledAtMs = standing.sinceMs + SIZE_SETTLE_MS;
  if (size === undefined || standing.total > size) return settledAtMs;
  if (standing.total === 0) return undefined;
  return belowSinceMs === undefined ? undefined : Math.max(settledAtMs, belowSinceMs + SIZE_MEMORY_MS);
}

// A clock that was set back must not lengthen the wait.
function sinceAtMost(standing: ExpectedSize["standing"], nowMs: number): ExpectedSize["standing"] {
  return standing.sinceMs <= nowMs ? standing : { ...standing, sinceMs: nowMs };
}

function same(before: ExpectedSize | undefined, after: ExpectedSize): ExpectedSize {
  return before &&
    before.size === after.size &&
    before.belowSinceMs === after.belowSinceMs &&
    before.standing.total === after.standing.total &&
    before.standing.sinceMs === after.standing.sinceMs
    ? before
    : after;
}
