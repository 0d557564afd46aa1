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

/** An alert of Ringbell's own, after a change, and who is to hear of it. */
export interface SelfStep {
  readonly alert: Alert;
  readonly notice: Notice;
  readonly notify: readonly string[];
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

  /** Ids of the scopes that were told to be blind. */
  firing(): readonly string[] {
    return [...this.#alerts.values()].filter(({ phase }) => phase.kind === "firing").map(({ ring }) => ring);
  }

  /**
   * Says that a scope cannot be seen (since when, and why) or can. Undefined when that is nothing new,
   * as after the restart of a healthy system.
   */
  setBlind(
    scopeId: string,
    blind: Blindness | undefined,
    notify: readonly string[],
    nowMs: number,
  ): SelfStep | undefined {
    const idle: Alert = { rule: BLIND_RULE, ring: scopeId, episode: 0, phase: { kind: "inactive" } };
    const before = this.#alerts.get(scopeId) ?? idle;
    // Blind since the last sign of life, not since it was noticed.
    const since: Alert =
      blind && before.phase.kind === "inactive"
        ? { ...before, phase: { kind: "pending", sinceMs: blind.sinceMs } }
        : before;
    const fact = blind ? (blind.why ?? "the API server sends nothing") : "the API server is heard again";
    const terms = { forMs: 0, told: { notify, severity: "error" as const } };
    const { alert, word } = advanceAlert(since, { holds: blind !== undefined, fact }, terms, nowMs);
    if (!word) return undefined;
    this.#alerts.set(scopeId, alert);
    const notice = blindNotice(scopeId, noticeAlert(alert.episode, word, []), nowMs);
    return { alert, notice, notify: word.told.notify };
  }
}

function blindNotice(scopeId: string, alert: NonNullable<Notice["alert"]>, nowMs: number): Notice {
  const ring = scopeRing(scopeId);
  const isOver = alert.resolvedAt !== undefined;
  const watched = `${ring.source} of ${ring.namespace}/${ring.service}`;
  return {
    version: 1,
    kind: isOver ? "resolve" : "fire",
    rule: BLIND_RULE,
    severity: "error",
    ring,
    time: new Date(nowMs).toISOString(),
    title: isOver ? `Ringbell sees the ${watched} again` : `Ringbell is blind: no word about the ${watched}`,
    message: isOver
      ? "The list of now decides; holds go on from their original start"
      : `No sign of life from the API server: ${alert.reason}. Until it is heard again, nothing about these rings fires or resolves`,
    labels: {},
    counts: { total: 0, ready: 0, serving: 0, terminating: 0 },
    alert,
  };
}

/** A scope in the place of a ring. Its id is the key: the two sources of one Service are two scopes. */
function scopeRing(scopeId: string): NoticeRing {
  const [, source, namespace = "", service = ""] = /^(\w+):([^/]*)\/(.*)$/.exec(scopeId) ?? [];
  return {
    key: scopeId,
    namespace,
    service,
    source: source === "endpoints" ? "endpoints" : "endpointslices",
    present: true,
    labels: {},
  };
}
