import type { Verdict } from "../rules/conditions/condition.ts";
import type { Alert } from "./alert.ts";

/** What an alert says when it changes. */
export type AlertWord =
  | { readonly kind: "fire"; readonly sinceMs: number; readonly firedAtMs: number; readonly reason: string }
  | {
      readonly kind: "resolve";
      readonly sinceMs: number;
      readonly firedAtMs: number;
      readonly resolvedAtMs: number;
      readonly reason: string;
    };

/** What an alert is after a step, and what it says. */
export interface AlertStep {
  /** The same object when nothing changed. */
  readonly alert: Alert;
  readonly word: AlertWord | undefined;
}

/**
 * One step in the life of a condition rule on one ring: what holds now decides what the alert is next, and what it says.
 * `verdict` is undefined when the ring is out of the rule's scope; a firing alert then resolves as `removed`.
 * `forMs` is the rule's hold: an alert fires when `nowMs` reaches `sinceMs + forMs`, not a millisecond before.
 */
export function advanceAlert(
  alert: Alert,
  verdict: Verdict | undefined,
  forMs: number,
  nowMs: number,
): AlertStep {
  const { phase } = alert;
  if (verdict?.holds) {
    if (phase.kind === "firing") return { alert, word: undefined };
    const sinceMs = phase.kind === "pending" ? phase.sinceMs : nowMs;
    if (nowMs >= sinceMs + forMs) return fire(alert, sinceMs, nowMs, verdict.fact);
    if (phase.kind === "pending") return { alert, word: undefined };
    return { alert: { ...alert, phase: { kind: "pending", sinceMs } }, word: undefined };
  }
  switch (phase.kind) {
    case "inactive":
      return { alert, word: undefined };
    case "pending":
      return { alert: { ...alert, phase: { kind: "inactive" } }, word: undefined };
    case "firing": {
      const { sinceMs, firedAtMs } = phase;
      const reason = verdict?.fact ?? "removed";
      return {
        alert: { ...alert, phase: { kind: "inactive" } },
        word: { kind: "resolve", sinceMs, firedAtMs, resolvedAtMs: nowMs, reason },
      };
    }
    default:
      return phase satisfies never;
  }
}

function fire(alert: Alert, sinceMs: number, nowMs: number, reason: string): AlertStep {
  return {
    alert: { ...alert, episode: alert.episode + 1, phase: { kind: "firing", sinceMs, firedAtMs: nowMs } },
    word: { kind: "fire", sinceMs, firedAtMs: nowMs, reason },
  };
}

/** When time alone changes the alert, in epoch milliseconds; undefined when it does not. */
export function alertDeadlineMs(alert: Alert, forMs: number): number | undefined {
  return alert.phase.kind === "pending" ? alert.phase.sinceMs + forMs : undefined;
}
