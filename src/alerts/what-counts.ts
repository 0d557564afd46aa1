import type { ChangeTrigger } from "../rules/rule.ts";
import type { Baseline, Deviation } from "./baseline.ts";

/** How long what deviates must stand, and before when nothing may be told. Times in milliseconds. */
export interface Settling extends Pick<ChangeTrigger, "on" | "settleMs" | "settleByReason" | "maxWaitMs"> {
  /** Epoch; `Infinity` when nobody can know. */
  readonly notBeforeMs: number;
}

/** The deviations that have stood for long enough. */
export interface Counted {
  readonly presence: Deviation | undefined;
  readonly members: ReadonlyMap<string, Deviation>;
  readonly readiness: ReadonlyMap<string, Deviation>;
}

/** What there is to tell, and when there will be. */
export interface Due {
  readonly tell: boolean;
  readonly forced: boolean;
  readonly counted: Counted;
  readonly firstChangeMs: number;
  readonly settledMs: number;
  readonly whileAway: boolean;
  readonly deadlineMs: number | undefined;
}

/** Weighs all deviations of a baseline. */
export function whatCounts(baseline: Baseline, asked: Settling, nowMs: number): Due {
  const presence = baseline.presenceDeviation;
  // A Service that is gone settles as one: its members are not weighed one by one.
  const gone = presence?.signature === "absent";
  const all = gone
    ? [presence]
    : [...(presence ? [presence] : []), ...baseline.deviations.values(), ...baseline.readiness.values()];
  const settleMs = baseline.presence === "unseen" ? firstSettle(asked) : asked.settleMs;
  const settleOf = ({ departure }: Deviation): number =>
    (departure && asked.settleByReason[departure.reason]) ?? settleMs;
  const settledAt = (d: Deviation): number => d.sinceMs + settleOf(d);
  const counts = (d: Deviation): boolean => nowMs >= settledAt(d);
  const counting = all.filter(counts);
  // What takes longer to settle than all that counts is not waited for: a scale-down is told though a Pod was replaced.
  const longestMs = Math.max(...counting.map(settleOf));
  const settling = all.filter((d) => !counts(d) && (counting.length === 0 || settleOf(d) <= longestMs));
  const firstChangeMs = Math.min(...counting.map((d) => d.sinceMs));
  const settledMs = Math.max(...counting.map(settledAt));
  const forcedAtMs = Math.min(...counting.map(settledAt)) + asked.maxWaitMs;
  const nextSettledMs = Math.min(...all.filter((d) => !counts(d)).map(settledAt));
  const forced = settling.length > 0 && nowMs >= forcedAtMs;
  // The first settled state of a ring is told to nobody, whatever the hour.
  const notBeforeMs = baseline.presence === "unseen" ? -Infinity : asked.notBeforeMs;
  const mayTell = nowMs >= notBeforeMs;
  const isDue = counting.length > 0 && settling.length === 0;
  const dueMs = isDue ? -Infinity : Math.min(nextSettledMs, forcedAtMs);
  const deadlineMs = mayTell ? Math.min(nextSettledMs, forcedAtMs) : Math.max(dueMs, notBeforeMs);
  return {
    tell: mayTell && counting.length > 0 && (settling.length === 0 || forced),
    forced,
    counted: {
      presence: presence && counts(presence) ? presence : undefined,
      members: gone ? new Map<string, never>() : only(baseline.deviations, counts),
      readiness: gone ? new Map<string, never>() : only(baseline.readiness, counts),
    },
    firstChangeMs,
    settledMs,
    whileAway: counting.some((d) => d.whileAway),
    deadlineMs: Number.isFinite(deadlineMs) ? deadlineMs : undefined,
  };
}

function only(
  deviations: ReadonlyMap<string, Deviation>,
  keep: (deviation: Deviation) => boolean,
): ReadonlyMap<string, Deviation> {
  return new Map([...deviations].filter(([, deviation]) => keep(deviation)));
}

/**
 * A ring that is seen for the first time has nothing to be compared with for so long. Where some members settle sooner than others,
 * their leaving must not be missed meanwhile; but a rule on who comes waits until all that come at first have come.
 */
function firstSettle({ on, settleMs, settleByReason }: Settling): number {
  const hearsOfNew = on.some((word) => word !== "left" && word !== "removed");
  return hearsOfNew ? settleMs : Math.min(settleMs, ...Object.values(settleByReason));
}
