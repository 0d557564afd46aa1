import type { Ring } from "../ring/ring.ts";
import type { ChangeTrigger, Rule } from "../rules/rule.ts";
import { advanceBaseline, standsStill } from "./advance-baseline.ts";
import { type Baseline, unseenBaseline } from "./baseline.ts";
import { changeNotice } from "./build-notice.ts";
import type { Decided, Decisions } from "./decisions.ts";
import { mergeReports } from "./merge-reports.ts";
import type { ReportedChange } from "./report-change.ts";
import type { Standing } from "./standing.ts";
import { standingHush } from "./standing-hush.ts";
import { type Subject, subjectKey } from "./subject.ts";
import type { Surroundings } from "./surroundings.ts";

/** A rule with `on`. */
export type ChangeRule = Rule & { readonly trigger: ChangeTrigger };

/** True for a rule with `on`. */
export function isChangeRule(rule: Rule): rule is ChangeRule {
  return rule.trigger.kind === "change";
}

/** How many members that are away are named. */
const NAMES_MAX = 5;

/** A change rule on one ring. */
export class ChangeSubject implements Subject {
  readonly key: string;
  readonly ringKey: string;
  readonly isFiring = false;
  rule: ChangeRule;
  ring: Ring | undefined;
  #baseline: Baseline;
  #isRestored: boolean;
  #isHushed = false;
  #deadlineMs: number | undefined;

  constructor(rule: ChangeRule, ringKey: string, stored?: Baseline) {
    this.key = subjectKey(rule.name, ringKey);
    this.ringKey = ringKey;
    this.rule = rule;
    this.#isRestored = stored !== undefined;
    this.#baseline = stored ?? unseenBaseline(rule.name, ringKey);
  }

  get isHushed(): boolean {
    return this.#isHushed;
  }

  step(ring: Ring, nowMs: number, decisions: Decisions, around: Surroundings): number | undefined {
    const { rule } = this;
    // So it is for nearly all rules at nearly all events.
    if (standsStill(this.#baseline, ring, rule.trigger, rule.membership)) {
      this.#isRestored = false;
      this.#isHushed = false;
      return (this.#deadlineMs = undefined);
    }
    const hushedUntilMs = this.#hushedUntilMs(ring, nowMs, around);
    const { baseline, report, deadlineMs } = advanceBaseline(
      this.#baseline,
      ring,
      {
        ...rule.trigger,
        membership: rule.membership,
        hushedUntilMs,
        whyLeft: rule.reasons ? (member) => around.whyLeft(member, ring, nowMs) : undefined,
      },
      nowMs,
      this.#isRestored,
    );
    const decided = report && this.#decided(report, ring, nowMs, around);
    this.#isRestored = false;
    if (baseline !== this.#baseline) {
      this.#baseline = baseline;
      decisions.baselines.push(baseline);
    }
    this.#isHushed = hushedUntilMs !== undefined && this.#deviates;
    if (decided) decisions.notices.push(decided);
    this.#deadlineMs = deadlineMs !== undefined && Number.isFinite(deadlineMs) ? deadlineMs : undefined;
    return this.#deadlineMs;
  }

  /** Seen again, the ring begins with a first settled state; generations go on. */
  end(_reason: string, _nowMs: number, decisions: Decisions): void {
    const { rule, ring, generation, presence, presenceDeviation, deviations, reportedAtMs } = this.#baseline;
    this.#isHushed = false;
    if (presence === "unseen" && !presenceDeviation && deviations.size === 0) return;
    this.#baseline = { ...unseenBaseline(rule, ring), generation, reportedAtMs };
    decisions.baselines.push(this.#baseline);
  }

  standing(nowMs: number, around: Surroundings): Standing | undefined {
    const { ring, rule } = this;
    if (!ring) return undefined;
    const { deviations, presenceDeviation, readiness, presence, members } = this.#baseline;
    const all = [
      ...deviations.values(),
      ...readiness.values(),
      ...(presenceDeviation ? [presenceDeviation] : []),
    ];
    const state = {
      rule: rule.name,
      ring: ring.key,
      kind: "change",
      notify: rule.notify,
      ...standingHush(rule, ring, nowMs, around),
    } as const;
    if (all.length === 0) return { ...state, phase: "settled", fact: `${members.size} members as last told` };
    const sinceMs = Math.min(...all.map((deviation) => deviation.sinceMs));
    // The first settled state of a ring is told to nobody.
    if (presence === "unseen") return { ...state, phase: "settling", sinceMs, fact: "first sight" };
    const names = [...deviations].map(([key, { signature }]) => {
      const name = key.slice(key.indexOf("/") + 1);
      return signature === "absent" ? `${name} is away` : `${name} is ${signature.split(" ")[0]}`;
    });
    const more = names.length > NAMES_MAX ? ` and ${names.length - NAMES_MAX} more` : "";
    const away = presenceDeviation?.signature === "absent" ? "the Service is gone" : "readiness has changed";
    return {
      ...state,
      phase: "settling",
      sinceMs,
      fact: names.length > 0 ? names.slice(0, NAMES_MAX).join(", ") + more : away,
      ...(this.#deadlineMs !== undefined && { next: { atMs: this.#deadlineMs, what: "report" } }),
    };
  }

  get #deviates(): boolean {
    const { deviations, presenceDeviation, readiness } = this.#baseline;
    return deviations.size + readiness.size > 0 || presenceDeviation !== undefined;
  }

  #decided(report: ReportedChange, ring: Ring, nowMs: number, around: Surroundings): Decided {
    const { rule } = this;
    const { guard } = rule.trigger;
    const moment = { nowMs, expected: around.desired(ring) };
    return {
      notice: changeNotice(rule, ring, report, moment),
      notify: report.guarded === undefined ? rule.notify : (guard?.otherwise ?? []),
      mergedWith(earlier) {
        const merged = mergeReports(earlier, report, guard);
        return merged && changeNotice(rule, ring, merged, moment);
      },
    };
  }

  #hushedUntilMs(ring: Ring, nowMs: number, around: Surroundings): number | undefined {
    const { rolloutHoldMs } = this.rule.trigger;
    const hush = around.hush(this.rule, ring, nowMs);
    const rolloutMs = rolloutHoldMs === undefined ? undefined : around.rolloutSinceMs(ring, nowMs);
    const rolloutEndMs =
      rolloutMs !== undefined && rolloutHoldMs !== undefined ? rolloutMs + rolloutHoldMs : undefined;
    const holds = [hush?.untilMs, rolloutEndMs].filter(
      (atMs) => atMs !== undefined && atMs > nowMs,
    ) as number[];
    return holds.length > 0 ? Math.max(...holds) : undefined;
  }
}
