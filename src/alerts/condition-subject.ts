import type { Ring } from "../ring/ring.ts";
import { absentRing } from "../ring/ring-book.ts";
import { judge } from "../rules/conditions/evaluate.ts";
import type { ConditionTrigger, Rule } from "../rules/rule.ts";
import { namesExactly } from "../rules/selector.ts";
import { advanceAlert, alertDeadlineMs, type AlertStep, endAlert } from "./advance-alert.ts";
import type { Alert } from "./alert.ts";
import { alertNotice } from "./build-notice.ts";
import type { Decisions } from "./decisions.ts";
import { type Subject, subjectKey } from "./subject.ts";

/** A rule with `when`. */
export type ConditionRule = Rule & { readonly trigger: ConditionTrigger };

/** True for a rule with `when`. */
export function isConditionRule(rule: Rule): rule is ConditionRule {
  return rule.trigger.kind === "condition";
}

/** A condition rule on one ring. */
export class ConditionSubject implements Subject {
  readonly key: string;
  readonly ringKey: string;
  rule: ConditionRule;
  ring: Ring | undefined;
  #alert: Alert;
  #isStored: boolean;

  constructor(rule: ConditionRule, ringKey: string, stored?: Alert) {
    this.key = subjectKey(rule.name, ringKey);
    this.ringKey = ringKey;
    this.rule = rule;
    this.#isStored = stored !== undefined;
    this.#alert = stored ?? { rule: rule.name, ring: ringKey, episode: 0, phase: { kind: "inactive" } };
  }

  get phase(): Alert["phase"]["kind"] {
    return this.#alert.phase.kind;
  }

  step(ring: Ring, nowMs: number, decisions: Decisions): number | undefined {
    const { trigger, notify, severity } = this.rule;
    const verdict = judge(this.rule, ring);
    const terms = { forMs: trigger.forMs, told: { notify, severity } };
    if (verdict) this.#take(advanceAlert(this.#alert, verdict, terms, nowMs), ring, nowMs, decisions);
    else this.#take(endAlert(this.#alert, "removed", nowMs), ring, nowMs, decisions);
    if (!this.#isStored && ring.present && this.#mustRemember(ring)) this.#store(decisions);
    return alertDeadlineMs(this.#alert, trigger.forMs);
  }

  end(reason: string, nowMs: number, decisions: Decisions): void {
    const ring = this.ring ?? absentRing(this.ringKey, this.rule.source);
    this.#take(endAlert(this.#alert, reason, nowMs), ring, nowMs, decisions);
  }

  // `missing` is also about Services that no rule names, once they have been seen: a restart must not forget those.
  #mustRemember(ring: Ring): boolean {
    return (
      this.rule.trigger.conditions.some(({ kind }) => kind === "missing") &&
      !namesExactly(this.rule.ring, ring)
    );
  }

  #take({ alert, word }: AlertStep, ring: Ring, nowMs: number, decisions: Decisions): void {
    if (alert === this.#alert) return;
    this.#alert = alert;
    this.#store(decisions);
    if (!word) return;
    const { notify, severity } = word.told;
    decisions.notices.push({
      notice: alertNotice({ ...this.rule, severity }, ring, alert, word, nowMs),
      notify,
    });
  }

  #store(decisions: Decisions): void {
    this.#isStored = true;
    decisions.alerts.push(this.#alert);
  }
}
