import type { Alert, Phase } from "./alert.ts";

/**
 * The alert without times that are still to come: after the clock was set back nothing must be waited for longer than it was to
 * take. The same object when there is none, which is nearly always.
 */
export function notAhead(alert: Alert, nowMs: number): Alert {
  const { resolvedAtMs, turnsMs } = alert;
  const phase = toldNotAhead(alert.phase, nowMs);
  const isAhead = (resolvedAtMs ?? nowMs) > nowMs || (turnsMs?.at(-1) ?? nowMs) > nowMs;
  if (!isAhead) return phase === alert.phase ? alert : { ...alert, phase };
  return {
    ...alert,
    phase,
    resolvedAtMs: resolvedAtMs === undefined ? undefined : Math.min(resolvedAtMs, nowMs),
    turnsMs: turnsMs?.map((atMs) => Math.min(atMs, nowMs)),
  };
}

function toldNotAhead(phase: Phase, nowMs: number): Phase {
  if (phase.kind !== "firing" || (phase.toldAtMs ?? phase.firedAtMs) <= nowMs) return phase;
  return { ...phase, toldAtMs: nowMs };
}
