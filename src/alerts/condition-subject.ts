import type { Ring } from "../ring/ring.ts";
import { absentRing } from "../ring/ring-book.ts";
import { asksExpected } from "../rules/conditions/asks-expected.ts";
import type { Verdict } from "../rules/conditions/condition.ts";
import { judge, type JudgedRule } from "../rules/conditions/evaluate.ts";
import { ringView } from "../rules/conditions/ring-view.ts";
import { CelError } from "../rules/cel-error.ts";
import type { Flapping, Rule } from "../rules/rule.ts";
import { namesExactly } from "../rules/selector.ts";
import { advanceAlert, type AlertStep, type AlertTerms, endAlert } from "./advance-alert.ts";
import type { Alert } from "./alert.ts";
import { alertNotice } from "./build-notice.ts";
import type { Decisions } from "./decisions.ts";
import { advanceExpected, expectedDeadlineMs } from "./expected-size.ts";
import { advanceFlaps, flapDeadlineMs, recentChanges } from "./flap-history.ts";
import type { Standing } from "./standing.ts";
import { standingHush } from "./standing-hush.ts";
import { type Subject, subjectKey } from "./subject.ts";
import type { Surroundings } from "./surroundings.ts";

/** True for a rule with `when`. */
export function isConditionRule(rule: Rule): rule is JudgedRule {
  return rule.trigger.kind === "condition";
}

interface Needs {
  readonly rule: JudgedRule;
  /** How many members there should be. */
  readonly expected: boolean;
  readonly flapping: Flapping | undefined;
  /** One of these. */
  readonly notes: boolean;
  /** The time. */
  readonly now: boolean;
  /** That the Service has been there. */
  readonly remembers: boolean;
}

/** A condition rule on one ring. */
export class ConditionSubject implements Subject {
  readonly key: string;
  readonly ringKey: string;
  rule: JudgedRule;
  ring: Ring | undefined;
  #alert: Alert;
  #isStored: boolean;
  /** The Service has been there since the rule has been about it. */
  #isKnown: boolean;
  /** What happened before the first look happened while Ringbell was not running. */
  #isAway: boolean;
  #trouble: string | undefined;
  #isHushed = false;
  #expected: number | undefined;
  #deadlineMs: number | undefined;
  #needed: Needs | undefined;

  constructor(rule: JudgedRule, ringKey: string, stored?: Alert) {
    this.key = subjectKey(rule.name, ringKey);
    this.ringKey = ringKey;
    this.rule = rule;
    this.#isStored = stored !== undefined;
    this.#isKnown = stored !== undefined;
    this.#isAway = stored !== undefined;
    this.#alert = stored ?? { rule: rule.name, ring: ringKey, episode: 0, phase: { kind: "inactive" } };
  }

  get phase(): Alert["phase"]["kind"] {
    return this.#alert.phase.kind;
  }

  get isFiring(): boolean {
    return this.#alert.phase.kind === "firing";
  }

  get isHushed(): boolean {
    return this.#isHushed;
  }

  step(ring: Ring, nowMs: number, decisions: Decisions, around: Surroundings): number | undefined {
    const before = this.#alert;
    this.#isHushed = false;
    this.#isKnown ||= ring.present;
    const needs = this.#needs();
    const noted = needs.notes ? this.#note(ring, nowMs, around) : undefined;
    const verdict = this.#judge(ring, nowMs, decisions);
    if (verdict === "cannotSay") {
      if (this.#alert !== before) this.#store(decisions);
      return earlier(noted, this.#nextLookMs(nowMs));
    }
    // So it is for nearly all rules at nearly all events.
    const isCalm = before.phase.kind === "inactive" && this.#alert === before && verdict?.holds === false;
    if (isCalm && !needs.remembers) {
      this.#isAway = false;
      this.#deadlineMs = undefined;
      return earlier(noted, this.#nextLookMs(nowMs));
    }
    const step = verdict
      ? advanceAlert(this.#alert, verdict, this.#terms(ring, nowMs, around), nowMs)
      : endAlert(this.#alert, "removed", nowMs);
    this.#take(step, before, ring, nowMs, decisions);
    this.#isAway = false;
    if (!this.#isStored && ring.present && this.#mustRemember(ring)) this.#store(decisions);
    this.#deadlineMs = step.deadlineMs;
    return earlier(earlier(step.deadlineMs, noted), this.#nextLookMs(nowMs));
  }

  end(reason: string, nowMs: number, decisions: Decisions): void {
    const ring = this.ring ?? absentRing(this.ringKey, this.rule.source);
    const before = this.#alert;
    // Seen again, it begins with a first sight: what changes meanwhile is no change.
    const ended = before.flaps ? { ...before, flaps: undefined } : before;
    this.#take(endAlert(ended, reason, nowMs), before, ring, nowMs, decisions);
  }

  standing(nowMs: number, around: Surroundings): Standing | undefined {
    const { ring } = this;
    if (!ring) return undefined;
    const { phase } = this.#alert;
    const state = {
      rule: this.rule.name,
      ring: ring.key,
      kind: "condition",
      fact: this.#trouble ?? this.#verdict(ring, nowMs)?.fact ?? "out of scope",
      notify: this.rule.notify,
      ...standingHush(this.rule, ring, nowMs, around),
    } as const;
    if (phase.kind === "inactive") return { ...state, phase: "inactive" };
    const next = (what: "fire" | "update" | "resolve") =>
      this.#deadlineMs === undefined ? {} : { next: { atMs: this.#deadlineMs, what } };
    if (phase.kind === "pending")
      return { ...state, phase: "pending", sinceMs: phase.sinceMs, ...next("fire") };
    if (phase.flapping) return { ...state, phase: "flapping", sinceMs: phase.sinceMs };
    if (phase.keepingSinceMs !== undefined)
      return { ...state, phase: "keeping", sinceMs: phase.keepingSinceMs, ...next("resolve") };
    return { ...state, phase: "firing", sinceMs: phase.sinceMs, ...next("update") };
  }

  /** What the rule asks for beside the ring; found out once for each rule. */
  #needs(): Needs {
    if (this.#needed?.rule === this.rule) return this.#needed;
    const { conditions, expression } = this.rule.trigger;
    const expected = asksExpected(this.rule);
    const flapping = flappingOf(this.rule);
    return (this.#needed = {
      rule: this.rule,
      expected,
      flapping,
      notes: expected || flapping !== undefined,
      now: expression !== undefined && /\bnow\b/.test(expression.source),
      remembers: conditions.some(({ kind }) => kind === "missing"),
    });
  }

  /** An expression that asks for the time may change without anything else: it is looked at again at every full ten seconds. */
  #nextLookMs(nowMs: number): number | undefined {
    if (!this.#needs().now) return undefined;
    return (Math.floor(nowMs / LOOK_EVERY_MS) + 1) * LOOK_EVERY_MS;
  }

  /** Takes note of what some conditions count by. Returns when time alone changes that. */
  #note(ring: Ring, nowMs: number, around: Surroundings): number | undefined {
    const { trigger, membership } = this.rule;
    let deadlineMs: number | undefined;
    const { expected: asks, flapping } = this.#needs();
    if (asks) {
      // Workloads may be watched for other rules alone.
      const desired = this.rule.reasons ? around.desired(ring) : undefined;
      this.#expected = desired;
      if (desired === undefined) {
        const { total } = ringView(ring, membership, NOTHING_KNOWN);
        const expected = advanceExpected(this.#alert.expected, total, nowMs);
        if (expected !== this.#alert.expected) this.#alert = { ...this.#alert, expected };
        this.#expected = expected.size;
        deadlineMs = expectedDeadlineMs(expected);
      }
    }
    // A Service that is not there yet has no members whose coming would be a change.
    if (flapping && (ring.present || this.#alert.flaps)) {
      const terms = { ...flapping, membership, each: trigger.each };
      const flaps = advanceFlaps(this.#alert.flaps, ring, terms, nowMs);
      if (flaps !== this.#alert.flaps) this.#alert = { ...this.#alert, flaps };
      deadlineMs = earlier(deadlineMs, flapDeadlineMs(flaps, flapping, nowMs));
    }
    return deadlineMs;
  }

  /** An expression that cannot be evaluated on this ring decides nothing, and is told once. */
  #judge(ring: Ring, nowMs: number, decisions: Decisions): Verdict | undefined | "cannotSay" {
    try {
      const verdict = this.#verdict(ring, nowMs);
      this.#trouble = undefined;
      return verdict;
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
      const message = `cannot evaluate "when": ${error.message}`;
      if (message !== this.#trouble)
        decisions.troubles.push({ rule: this.rule.name, ring: ring.key, message });
      this.#trouble = message;
      return "cannotSay";
    }
  }

  #verdict(ring: Ring, nowMs: number): Verdict | undefined {
    // A Service that the rule does not name and has never seen is not missing: another rule asks for it.
    if (!this.#isKnown && !namesExactly(this.rule.ring, ring)) return undefined;
    const { flapping } = this.#needs();
    const { flaps } = this.#alert;
    const changes =
      flapping && flaps
        ? (item: string): number => recentChanges(flaps, item, flapping, nowMs)
        : NOTHING_KNOWN.changes;
    return judge(this.rule, ring, { expected: this.#expected, changes, nowMs });
  }

  #terms(ring: Ring, nowMs: number, around: Surroundings): AlertTerms {
    const { trigger, notify, severity } = this.rule;
    const { forMs, keepFiringForMs, repeatMs, cooldownMs, damping } = trigger;
    let hush: { readonly untilMs: number } | undefined;
    let isAsked = false;
    const hushedUntilMs = (destination: string): number | undefined => {
      // Most steps tell nobody anything.
      if (!isAsked) hush = around.hush(this.rule, ring, nowMs);
      isAsked = true;
      const own = around.destinationHush(destination, this.rule, ring, nowMs);
      if (hush ?? own) this.#isHushed = true;
      return hush && own ? Math.max(hush.untilMs, own.untilMs) : (hush ?? own)?.untilMs;
    };
    return {
      forMs,
      keepFiringForMs,
      repeatMs,
      cooldownMs,
      damping,
      told: { notify, severity },
      hushedUntilMs,
    };
  }

  // `missing` is also about Services that no rule names, once they have been seen: a restart must not forget those.
  #mustRemember(ring: Ring): boolean {
    return this.#needs().remembers && !namesExactly(this.rule.ring, ring);
  }

  #take({ alert, words }: AlertStep, before: Alert, ring: Ring, nowMs: number, decisions: Decisions): void {
    if (alert === before) return;
    const notices = words.map((word) => {
      const { notify, severity } = word.told;
      const rule = { ...this.rule, severity };
      const facts = { nowMs, expected: this.#expected, whileAway: this.#isAway };
      return { notice: alertNotice(rule, ring, alert, word, facts), notify };
    });
    this.#alert = alert;
    this.#store(decisions);
    decisions.notices.push(...notices);
  }

  #store(decisions: Decisions): void {
    this.#isStored = true;
    decisions.alerts.push(this.#alert);
  }
}

const LOOK_EVERY_MS = 10_000;

const NOTHING_KNOWN = { expected: undefined, changes: () => 0, nowMs: 0 };

function flappingOf({ trigger }: JudgedRule): Flapping | undefined {
  return trigger.conditions.find((condition) => condition.kind === "flapping");
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined) return b;
  return b === undefined ? a : Math.min(a, b);
}
