import { advanceAlert } from "./advance-alert.ts";
import type { Alert } from "./alert.ts";
import { noticeAlert } from "./build-notice.ts";
import type { Notice, NoticeRing } from "./notice.ts";
import { subjectKey } from "./subject.ts";

/** The rule names in notices about Ringbell itself. No rule of a file can have them: a slash is no part of a name. */
export const SELF_RULES = {
  blind: "ringbell/blind",
  rulesFile: "ringbell/rules-file",
  state: "ringbell/state",
} as const;

/** True for the alert of Ringbell's own troubles. */
export function isSelfAlert({ rule }: Alert): boolean {
  return Object.values<string>(SELF_RULES).includes(rule);
}

/** Something of Ringbell's own that is wrong, or right again. */
export interface SelfFinding {
  readonly rule: (typeof SELF_RULES)[keyof typeof SELF_RULES];
  /** In the place of the ring: a scope, or a file's name. */
  readonly ring: NoticeRing;
  /** Since when, in epoch milliseconds, and what; undefined when all is well. */
  readonly trouble: { readonly sinceMs: number; readonly fact: string } | undefined;
  /** What is said of it, in trouble or after it. */
  readonly title: string;
  readonly message: string;
}

/** An alert of Ringbell's own, after a change, and who is to hear of it. */
export interface SelfStep {
  readonly alert: Alert;
  /** Undefined when nobody is to hear of it. */
  readonly notice: Notice | undefined;
  readonly notify: readonly string[];
}

const AT_ONCE = { forMs: 0, keepFiringForMs: 0, repeatMs: undefined, cooldownMs: 0, damping: undefined };

/**
 * Alerts about Ringbell itself: scopes that it cannot see, a rules file that is wrong, a damaged state file. They live, are stored
 * and are told like those of rules, without a hold.
 */
export class SelfAlerts {
  readonly #alerts = new Map<string, Alert>();

  constructor(stored: readonly Alert[]) {
    for (const alert of stored) {
      if (isSelfAlert(alert)) this.#alerts.set(subjectKey(alert.rule, alert.ring), alert);
    }
  }

  /** What was told to be wrong: the keys in the place of rings. */
  firing(rule: SelfFinding["rule"]): readonly string[] {
    return [...this.#alerts.values()]
      .filter((alert) => alert.rule === rule && alert.phase.kind === "firing")
      .map(({ ring }) => ring);
  }

  /** Takes a finding. Undefined when that is nothing new, as after the restart of a healthy system. */
  take(finding: SelfFinding, notify: readonly string[], nowMs: number): SelfStep | undefined {
    const { rule, ring, trouble } = finding;
    const key = subjectKey(rule, ring.key);
    const idle: Alert = { rule, ring: ring.key, episode: 0, phase: { kind: "inactive" } };
    const before = this.#alerts.get(key) ?? idle;
    // Since the last sign that all was well, not since it was noticed.
    const since: Alert =
      trouble && before.phase.kind === "inactive"
        ? { ...before, phase: { kind: "pending", sinceMs: trouble.sinceMs } }
        : before;
    const verdict = { holds: trouble !== undefined, fact: trouble?.fact ?? over(rule), badness: [] };
    const terms = { ...AT_ONCE, told: { notify, severity: "error" as const } };
    const { alert, words } = advanceAlert(since, verdict, terms, nowMs);
    if (alert === before) return undefined;
    this.#alerts.set(key, alert);
    const [word] = words;
    if (!word) return { alert, notice: undefined, notify: [] };
    const notice: Notice = {
      version: 1,
      kind: word.kind,
      rule,
      severity: "error",
      ring,
      time: new Date(nowMs).toISOString(),
      title: finding.title,
      message: finding.message,
      labels: {},
      counts: { total: 0, ready: 0, serving: 0, terminating: 0 },
      alert: noticeAlert(alert.episode, word, []),
    };
    return { alert, notice, notify: word.told.notify };
  }
}

function over(rule: SelfFinding["rule"]): string {
  return {
    [SELF_RULES.blind]: "the API server is heard again",
    [SELF_RULES.rulesFile]: "the rules file is right",
    [SELF_RULES.state]: "the state was read without loss",
  }[rule];
}

/** Since when a scope cannot be seen, in epoch milliseconds, and why as far as it is known. */
export interface Blindness {
  readonly sinceMs: number;
  readonly why: string | undefined;
}

/** A scope that cannot be seen, or can again. */
export function blindFinding(scopeId: string, blind: Blindness | undefined): SelfFinding {
  const ring = scopeRing(scopeId);
  const watched = `${ring.source} of ${ring.namespace}/${ring.service}`;
  const fact = blind?.why ?? "the API server sends nothing";
  return {
    rule: SELF_RULES.blind,
    ring,
    trouble: blind && { sinceMs: blind.sinceMs, fact },
    title: blind ? `Ringbell is blind: no word about the ${watched}` : `Ringbell sees the ${watched} again`,
    message: blind
      ? `No sign of life from the API server: ${fact}. Until it is heard again, nothing about these rings fires or resolves`
      : "The list of now decides; holds go on from their original start",
  };
}

/** A rules file that was edited and is wrong, or right again. `problems`: each on one line. */
export function rulesFileFinding(
  path: string,
  bad: { readonly sinceMs: number; readonly problems: readonly string[] } | undefined,
): SelfFinding {
  const [first = "it is wrong", ...others] = bad?.problems ?? [];
  const fact = others.length > 0 ? `${first}, and ${others.length} more` : first;
  return {
    rule: SELF_RULES.rulesFile,
    ring: ownRing("rules-file"),
    trouble: bad && { sinceMs: bad.sinceMs, fact },
    title: bad ? `The rules file is wrong: ${path}` : `The rules file is right again: ${path}`,
    message: bad
      ? `The last good rules stay. ${bad.problems.slice(0, 10).join("\n")}`
      : "The new rules count",
  };
}

/** A state file that could not be read and was set aside, or a start at which there was no such thing. */
export function stateFinding(
  damage: { readonly sinceMs: number; readonly fact: string } | undefined,
): SelfFinding {
  return {
    rule: SELF_RULES.state,
    ring: ownRing("state"),
    trouble: damage,
    title: damage ? "Ringbell's state was damaged and is set aside" : "Ringbell's state is whole",
    message: damage
      ? `${damage.fact}. Alerts, holds and baselines begin anew; what was owed is in the file that was set aside`
      : "It was read without loss at this start",
  };
}

function ownRing(service: string): NoticeRing {
  const namespace = "ringbell";
  return {
    key: `${namespace}/${service}`,
    namespace,
    service,
    source: "endpointslices",
    present: true,
    labels: {},
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
