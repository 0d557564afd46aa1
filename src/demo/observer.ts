import type { Alert } from "../alerts/alert.ts";
import type { Baseline } from "../alerts/baseline.ts";
import type { Notice } from "../alerts/notice.ts";
import type { Attempt } from "../destinations/courier.ts";
import type { Member, Ring } from "../ring/ring.ts";
import { evaluate } from "../rules/conditions/evaluate.ts";
import type { Rule } from "../rules/rule.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Commit } from "../state/store.ts";
import type { Happening, Said } from "./happening.ts";
import { memberChanges } from "./member-changes.ts";
import {
  alertReason,
  baselineReasons,
  type ChangeRule,
  type ConditionRule,
  noticeReason,
  notHoldingReason,
  replacedSilently,
  returned,
} from "./reasons.ts";
import type { Receipt } from "./receipt.ts";

/** One rule and where it stands on the story's ring. */
export interface RuleState {
  readonly rule: Rule;
  readonly alert: Alert | undefined;
  readonly baseline: Baseline | undefined;
}

/**
 * Looks on from both sides: at the members as the API server has them, and at what Ringbell takes in, stores and sends.
 * Turns it into happenings, and remembers where each rule stands. Decides nothing.
 */
export class Observer {
  readonly #clock: Clock;
  readonly #onHappening: (happening: Happening) => void;
  readonly #alerts = new Map<string, Alert>();
  readonly #baselines = new Map<string, Baseline>();
  readonly #rules = new Map<string, Rule>();
  readonly #once = new Set<string>();
  readonly #problems: string[] = [];
  #members: readonly Member[] = [];
  #ring: Ring | undefined;
  #replacedSilently = 0;
  #longestAwayMs = 0;

  constructor(clock: Clock, onHappening: (happening: Happening) => void) {
    this.#clock = clock;
    this.#onHappening = onHappening;
  }

  /** To be called once, before Ringbell starts. */
  useRules(rules: readonly Rule[]): void {
    for (const rule of rules) this.#rules.set(rule.name, rule);
  }

  /** The ring as Ringbell has taken it in. */
  get ring(): Ring | undefined {
    return this.#ring;
  }

  /** In the order of the rules file. */
  get rules(): readonly RuleState[] {
    return [...this.#rules.values()].map((rule) => ({
      rule,
      alert: this.#alerts.get(rule.name),
      baseline: this.#baselines.get(rule.name),
    }));
  }

  /** How many members were replaced without anybody being told. */
  get replacedSilently(): number {
    return this.#replacedSilently;
  }

  /** The longest time that a member was away and came back. */
  get longestAwayMs(): number {
    return this.#longestAwayMs;
  }

  /** Warnings and errors of Ringbell's own log; none are expected. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /** What has been said once may be said again. */
  onChapter(): void {
    this.#once.clear();
  }

  onCause(text: string): void {
    this.#say("cluster", { tone: "cause", text });
  }

  /** The members as the API server has them now. */
  onMembers(members: readonly Member[]): void {
    for (const said of memberChanges(this.#members, members)) this.#say("cluster", said);
    this.#members = members;
  }

  /** Ringbell has taken in a ring and not judged it yet. */
  onRing(ring: Ring): void {
    this.#ring = ring;
    for (const rule of this.#rules.values()) {
      if (!isCondition(rule)) continue;
      const verdict = evaluate(rule, ring);
      const isQuiet = (this.#alerts.get(rule.name)?.phase.kind ?? "inactive") === "inactive";
      const isWhole = ring.members.every((member) => member.terminating || member.ready);
      if (verdict && !verdict.holds && isQuiet && !isWhole) {
        this.#say("ringbell", notHoldingReason(rule, verdict.fact));
      }
    }
  }

  onNotice(notice: Notice): void {
    const rule = this.#rules.get(notice.rule);
    if (rule) this.#say("ringbell", noticeReason(rule, notice));
  }

  /** What Ringbell has just stored. */
  onCommit({ alerts = [], baselines = [] }: Commit): void {
    for (const alert of alerts) this.#onAlert(alert);
    for (const baseline of baselines) this.#onBaseline(baseline);
  }

  /** A delivery was tried. `receipt` is what came out at the other end, if anything did. */
  onAttempt({ delivery, outcome }: Attempt, receipt: Receipt | undefined): void {
    const { destination, notice } = delivery;
    if (outcome.kind !== "delivered") {
      return this.onProblem(`${destination}: ${outcome.kind}, ${outcome.detail ?? outcome.reason}`);
    }
    const how = receipt
      ? `${receipt.kind} ${receipt.status}, ${sentWords(receipt)}`
      : "no stand-in has got it";
    this.#say("ringbell", { tone: "sent", text: `${destination} (${how}): ${notice.title}` });
  }

  onProblem(text: string): void {
    this.#problems.push(text);
    this.#say("ringbell", { tone: "problem", text });
  }

  #onAlert(alert: Alert): void {
    const rule = this.#rules.get(alert.rule);
    const before = this.#alerts.get(alert.rule);
    this.#alerts.set(alert.rule, alert);
    if (!rule || !isCondition(rule)) return;
    const fact = (this.#ring && evaluate(rule, this.#ring)?.fact) ?? "out of scope";
    const said = alertReason(rule, before, alert, fact, this.#clock.now());
    if (said) this.#say("ringbell", said);
  }

  #onBaseline(baseline: Baseline): void {
    const rule = this.#rules.get(baseline.rule);
    const before = this.#baselines.get(baseline.rule);
    this.#baselines.set(baseline.rule, baseline);
    if (!rule || isCondition(rule)) return;
    const nowMs = this.#clock.now();
    this.#replacedSilently += replacedSilently(before, baseline);
    for (const { sinceMs } of before ? returned(before, baseline) : []) {
      this.#longestAwayMs = Math.max(this.#longestAwayMs, nowMs - sinceMs);
    }
    for (const said of baselineReasons(rule as ChangeRule, before, baseline, nowMs))
      this.#say("ringbell", said);
  }

  #say(side: Happening["side"], { tone, text, once }: Said): void {
    if (once !== undefined && this.#once.has(once)) return;
    if (once !== undefined) this.#once.add(once);
    // Log messages and titles may have several lines.
    this.#onHappening({ atMs: this.#clock.now(), side, tone, text: text.replace(/\s+/g, " ") });
  }
}

function sentWords(receipt: Receipt): string {
  if (receipt.kind !== "webhook") return receipt.word;
  return receipt.signatureFault === undefined ? "signature ok" : receipt.signatureFault;
}

function isCondition(rule: Rule): rule is ConditionRule {
  return rule.trigger.kind === "condition";
}
