import type { Ring } from "../ring/ring.ts";
import type { ChangeTrigger, Rule } from "../rules/rule.ts";
import { advanceBaseline } from "./advance-baseline.ts";
import { type Baseline, unseenBaseline } from "./baseline.ts";
import { changeNotice } from "./build-notice.ts";
import type { Decisions } from "./decisions.ts";
import { type Subject, subjectKey } from "./subject.ts";

/** A rule with `on`. */
export type ChangeRule = Rule & { readonly trigger: ChangeTrigger };

/** True for a rule with `on`. */
export function isChangeRule(rule: Rule): rule is ChangeRule {
  return rule.trigger.kind === "change";
}

/** A change rule on one ring. */
export class ChangeSubject implements Subject {
  readonly key: string;
  readonly ringKey: string;
  rule: ChangeRule;
  ring: Ring | undefined;
  #baseline: Baseline;
  #isRestored: boolean;

  constructor(rule: ChangeRule, ringKey: string, stored?: Baseline) {
    this.key = subjectKey(rule.name, ringKey);
    this.ringKey = ringKey;
    this.rule = rule;
    this.#isRestored = stored !== undefined;
    this.#baseline = stored ?? unseenBaseline(rule.name, ringKey);
  }

  step(ring: Ring, nowMs: number, decisions: Decisions): number | undefined {
    const { rule } = this;
    const asked = { ...rule.trigger, membership: rule.membership };
    const { baseline, report, deadlineMs } = advanceBaseline(
      this.#baseline,
      ring,
      asked,
      nowMs,
      this.#isRestored,
    );
    this.#isRestored = false;
    if (baseline !== this.#baseline) {
      this.#baseline = baseline;
      decisions.baselines.push(baseline);
    }
    if (report)
      decisions.notices.push({ notice: changeNotice(rule, ring, report, nowMs), notify: rule.notify });
    return deadlineMs;
  }

  /** Seen again, the ring begins with a first settled state; generations go on. */
  end(_reason: string, _nowMs: number, decisions: Decisions): void {
    const { rule, ring, generation, presence, deviations } = this.#baseline;
    if (presence === "unseen" && deviations.size === 0) return;
    this.#baseline = { ...unseenBaseline(rule, ring), generation };
    decisions.baselines.push(this.#baseline);
  }
}
