import type { Verdict } from "../rules/conditions/condition.ts";
import type { Alert, Phase, Told } from "./alert.ts";

/** What an alert says when it changes. */
export type AlertWord =
  | {
      readonly kind: "fire";
      readonly sinceMs: number;
      readonly firedAtMs: number;
      readonly told: Told;
      readonly reason: string;
    }
  | {
      readonly kind: "resolve";
      readonly sinceMs: number;
      readonly firedAtMs: number;
      readonly told: Told;
      readonly resolvedAtMs: number;
      readonly reason: string;
    };

/** What an alert is after a step, and what it says. */
export interface AlertStep {
  /** The same object when nothing changed. */
  readonly alert: Alert;
  readonly word: AlertWord | undefined;
}

/** What of a rule decides about its alerts: the hold in milliseconds, and who is to hear. */
export interface AlertTerms {
  readonly forMs: number;
  readonly told: Told;
}

/**
 * One step in the life of a condition rule on one ring: what holds now decides what the alert is next, and what it says.
 * An alert fires when `nowMs` reaches `sinceMs + forMs`, not a millisecond before.
 */
export function advanceAlert(alert: Alert, verdict: Verdict, terms: AlertTerms, nowMs: number): AlertStep {
  const { phase } = alert;
  if (!verdict.holds) return endAlert(alert, verdict.fact, nowMs);
  if (phase.kind === "firing") return { alert, word: undefined };
  // A clock that was set back must not lengthen a hold.
  const sinceMs = phase.kind === "pending" ? Math.min(phase.sinceMs, nowMs) : nowMs;
  if (nowMs >= sinceMs + terms.forMs) {
    const firing = { sinceMs, firedAtMs: nowMs, told: terms.told };
    return {
      alert: { ...alert, episode: alert.episode + 1, phase: { kind: "firing", ...firing } },
      word: { kind: "fire", ...firing, reason: verdict.fact },
    };
  }
  if (phase.kind === "pending" && phase.sinceMs === sinceMs) return { alert, word: undefined };
  return { alert: { ...alert, phase: { kind: "pending", sinceMs } }, word: undefined };
}

/** Ends an alert in whatever phase it is: a firing one resolves with this reason. */
export function endAlert(alert: Alert, reason: string, nowMs: number): AlertStep {
  const { phase } = alert;
  if (phase.kind === "inactive") return { alert, word: undefined };
  const ended: Alert = { ...alert, phase: { kind: "inactive" } };
  if (phase.kind === "pending") return { alert: ended, word: undefined };
  return { alert: ended, word: resolveWord(phase, reason, nowMs) };
}

function resolveWord(phase: Phase & { kind: "firing" }, reason: string, nowMs: number): AlertWord {
  const { sinceMs, firedAtMs, told } = phase;
  return { kind: "resolve", sinceMs, firedAtMs, told, resolvedAtMs: nowMs, reason };
}

/** When time alone changes the alert, in epoch milliseconds; undefined when it does not. */
export function alertDeadlineMs(alert: Alert, forMs: number): number | undefined {
  return alert.phase.kind === "pending" ? alert.phase.sinceMs + forMs : undefined;
}
