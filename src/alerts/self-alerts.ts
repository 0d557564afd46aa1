import type { Scope } from "../cluster/watch-plan.ts";
import { advanceAlert } from "./advance-alert.ts";
import type { Alert } from "./alert.ts";
import { noticeAlert } from "./build-notice.ts";
import type { Notice, NoticeRing } from "./notice.ts";

/** The rule name in notices about Ringbell itself. No rule of a file can have it: a slash is no part of a name. */
export const BLIND_RULE = "ringbell/blind";

/** Since when a scope cannot be seen, in epoch milliseconds, and why as far as it is known. */
export interface Blindness {
  readonly sinceMs: number;
  readonly why: string | undefined;
}

/** An alert of Ringbell's own, after a change. */
export interface SelfStep {
  readonly alert: Alert;
  readonly notice: Notice;
}

/**
 * Alerts about Ringbell itself, one for each scope that it cannot see. They live, are stored and are told like those
 * of rules, without a hold.
 */
export class SelfAlerts {
  readonly #alerts = new Map<string, Alert>();

  constructor(stored: readonly Alert[]) {
    for (const alert of stored) if (alert.rule === BLIND_RULE) this.#alerts.set(alert.ring, alert);
  }

  /**
   * Says that a scope cannot be seen (`blindSinceMs`, and why) or can. Undefined when that is nothing new,
   * as after the restart of a healthy system.
   */
  setBlind(
    scope: Scope,
    blind: Blindness | undefined,
    nowMs: number,
  ): SelfStep | undefined {
    const before = this.#alerts.get(scope.id) ?? {
      rule: BLIND_RULE,
      ring: scope.id,
      episode: 0,
      phase: { kind: "inactive" },
    };
    const fact = blind ? (blind.why ?? "the API server sends nothing") : "the API server is heard again";
    const { alert, word } = advanceAlert(before, { holds: blind !== undefined, fact }, 0, nowMs);
    if (!word) return undefined;
    this.#alerts.set(scope.id, alert);
    const sinceMs = word.kind === "fire" && blind ? blind.sinceMs : word.sinceMs;
    return { alert, notice: blindNotice(scope, noticeAlert(alert.episode, { ...word, sinceMs }, []), nowMs) };
  }
}

function blindNotice(scope: Scope, alert: NonNullable<Notice["alert"]>, nowMs: number): Notice {
  const ring = scopeRing(scope);
  const isOver = alert.resolvedAt !== undefined;
  return {
    version: 1,
    kind: isOver ? "resolve" : "fire",
    rule: BLIND_RULE,
    severity: "error",
    ring,
    time: new Date(nowMs).toISOString(),
    title: isOver ? `Ringbell sees ${ring.key} again` : `Ringbell is blind for ${ring.key}`,
    message: isOver
      ? "The list of now decides; holds go on from their original start"
      : `No sign of life from the API server: ${alert.reason}. Until it is heard again, nothing about these rings fires or resolves`,
    labels: {},
    counts: { total: 0, ready: 0, serving: 0, terminating: 0 },
    alert,
  };
}

/** What a scope watches, in the place of a ring: `data/cassandra`, `data/*`, or for all namespaces two asterisks. */
function scopeRing(scope: Scope): NoticeRing {
  const namespace = scope.namespace ?? "*";
  const service = scope.services?.join(",") ?? "*";
  return { key: `${namespace}/${service}`, namespace, service, source: scope.source, present: true, labels: {} };
}
