import type { Source } from "../cluster/slice.ts";
import type { Ring } from "../ring/ring.ts";
import { absentRing } from "../ring/ring-book.ts";
import { evaluate } from "../rules/conditions/evaluate.ts";
import type { ChangeTrigger, ConditionTrigger, Rule } from "../rules/rule.ts";
import { Deadlines } from "../runtime/deadlines.ts";
import { advanceAlert, alertDeadlineMs } from "./advance-alert.ts";
import { advanceBaseline } from "./advance-baseline.ts";
import type { Alert } from "./alert.ts";
import { type Baseline, unseenBaseline } from "./baseline.ts";
import { alertNotice, changeNotice } from "./build-notice.ts";
import type { Notice } from "./notice.ts";
import { RuleIndex } from "./rule-index.ts";
import { subjectKey } from "./subject.ts";

/** What came of one or more steps: to be stored in one transaction, then sent. */
export interface Decisions {
  readonly alerts: Alert[];
  readonly baselines: Baseline[];
  readonly notices: { readonly rule: Rule; readonly notice: Notice }[];
  /** State of rules that are gone. */
  readonly forgotten: { readonly rule: string; readonly ring: string }[];
}

type ConditionRule = Rule & { readonly trigger: ConditionTrigger };
type ChangeRule = Rule & { readonly trigger: ChangeTrigger };

interface Subject {
  readonly key: string;
  rule: Rule;
  /** As last seen; undefined since the start: nothing is decided about a ring that has not been listed. */
  ring: Ring | undefined;
  state: Alert | Baseline;
  /** The state comes from before the start. */
  readonly restored: boolean;
}

/**
 * All alerts and baselines. A changed ring goes to the rules that select it and to no other; what time alone decides
 * is found by the earliest deadline. Steps are pure; the book only remembers.
 */
export class AlertBook {
  #index: RuleIndex;
  readonly #subjects = new Map<string, Subject>();
  readonly #byRing = new Map<
    string,
    { readonly labels: Ring["labels"]; readonly subjects: readonly Subject[] }
  >();
  /** Rings that stored state or a rule's exact name tell of, not seen since the start. */
  readonly #awaited = new Map<Source, Set<string>>([
    ["endpointslices", new Set()],
    ["endpoints", new Set()],
  ]);
  readonly #deadlines = new Deadlines();
  /** Subjects that had something to decide while their ring could not be seen. */
  readonly #parked = new Set<string>();
  readonly #isBlind: (ring: Ring) => boolean;
  #decided = noDecisions();

  constructor(
    rules: readonly Rule[],
    stored: { readonly alerts: readonly Alert[]; readonly baselines: readonly Baseline[] },
    isBlind: (ring: Ring) => boolean = () => false,
  ) {
    this.#isBlind = isBlind;
    this.#index = new RuleIndex(rules);
    const byName = new Map(rules.map((rule) => [rule.name, rule]));
    for (const state of [...stored.alerts, ...stored.baselines]) {
      const rule = byName.get(state.rule);
      if (!rule || "phase" in state !== (rule.trigger.kind === "condition")) continue;
      const key = subjectKey(state.rule, state.ring);
      this.#subjects.set(key, { key, rule, ring: undefined, state, restored: true });
      this.#awaited.get(rule.source)?.add(state.ring);
    }
    this.#awaitExactRings();
  }

  /**
   * Goes on with other rules. A rule keeps its state by its name, as long as it is still of its kind; what a rule that
   * is gone has fired resolves with that reason. Give the rings of now to `onRing` afterwards: new rules have seen none.
   */
  replaceRules(rules: readonly Rule[], nowMs: number): void {
    this.onTime(nowMs);
    this.#index = new RuleIndex(rules);
    this.#byRing.clear();
    const byName = new Map(rules.map((rule) => [rule.name, rule]));
    for (const subject of this.#subjects.values()) {
      const rule = byName.get(subject.rule.name);
      if (rule && rule.source === subject.rule.source && isCondition(rule) === isCondition(subject.rule)) {
        subject.rule = rule;
        if (subject.ring && !this.#index.selects(rule, subject.ring)) this.#step(subject, subject.ring, nowMs, false);
      } else this.#forget(subject, nowMs);
    }
    this.#awaitExactRings();
  }

  /** Takes in the state of a ring now. Deadlines that passed before are decided first, on the ring as it was. */
  onRing(ring: Ring, nowMs: number): void {
    this.onTime(nowMs);
    this.#awaited.get(ring.source)?.delete(ring.key);
    for (const subject of this.#subjectsOf(ring)) {
      const firstSight = subject.ring === undefined;
      subject.ring = ring;
      this.#step(subject, ring, nowMs, firstSight && subject.restored);
    }
  }

  /** Decides what is due. */
  onTime(nowMs: number): void {
    for (let due = this.#deadlines.takeDue(nowMs); due; due = this.#deadlines.takeDue(nowMs)) {
      const subject = this.#subjects.get(due.key);
      if (subject?.ring) this.#step(subject, subject.ring, nowMs, false);
    }
  }

  /** Decides what waited for rings that can be seen again. */
  onSight(nowMs: number): void {
    for (const key of this.#parked) {
      const subject = this.#subjects.get(key);
      if (subject?.ring && this.#isBlind(subject.ring)) continue;
      this.#parked.delete(key);
      if (subject?.ring) this.#step(subject, subject.ring, nowMs, false);
    }
  }

  /** When `onTime` has something to decide, in epoch milliseconds. */
  nextDeadlineMs(): number | undefined {
    return this.#deadlines.nextMs();
  }

  /** Rings that are waited for: after a list that covers them they are known to be absent. */
  awaitedRings(source: Source): readonly string[] {
    return [...(this.#awaited.get(source) ?? [])];
  }

  /** What was decided since the last call. */
  takeDecisions(): Decisions {
    const decided = this.#decided;
    this.#decided = noDecisions();
    return decided;
  }

  /** True when `takeDecisions` would give something. */
  get hasDecisions(): boolean {
    return Object.values(this.#decided).some((decided: readonly unknown[]) => decided.length > 0);
  }

  /** How many alerts are in which phase. */
  countAlerts(): { readonly pending: number; readonly firing: number } {
    const counts = { pending: 0, firing: 0 };
    for (const { state } of this.#subjects.values()) {
      if ("phase" in state && state.phase.kind !== "inactive") counts[state.phase.kind]++;
    }
    return counts;
  }

  #awaitExactRings(): void {
    for (const { source, ring, rules } of this.#index.exactRings()) {
      const isSeen = rules.every((rule) => this.#subjects.get(subjectKey(rule.name, ring))?.ring !== undefined);
      if (!isSeen) this.#awaited.get(source)?.add(ring);
    }
  }

  #forget({ key, rule, ring, state }: Subject, nowMs: number): void {
    this.#subjects.delete(key);
    this.#deadlines.set(key, undefined);
    this.#parked.delete(key);
    this.#decided.forgotten.push({ rule: rule.name, ring: state.ring });
    if (!("phase" in state) || state.phase.kind !== "firing") return;
    const { sinceMs, firedAtMs } = state.phase;
    const word = { kind: "resolve", sinceMs, firedAtMs, resolvedAtMs: nowMs, reason: "rule removed" } as const;
    const last = ring ?? absentRing(state.ring, rule.source);
    this.#decided.notices.push({ rule, notice: alertNotice(rule, last, state, word, nowMs) });
  }

  #step(subject: Subject, ring: Ring, nowMs: number, whileAway: boolean): void {
    // Blind is not healthy, nor is it a loss: what is known may be stale, so nothing is decided.
    if (this.#isBlind(ring)) {
      this.#parked.add(subject.key);
      return;
    }
    if (isCondition(subject.rule)) this.#stepCondition(subject, subject.rule, ring, nowMs);
    else this.#stepChange(subject, subject.rule as ChangeRule, ring, nowMs, whileAway);
  }

  #stepCondition(subject: Subject, rule: ConditionRule, ring: Ring, nowMs: number): void {
    const before = subject.state as Alert;
    const inScope = this.#index.selects(rule, ring);
    const { alert, word } = advanceAlert(
      before,
      inScope ? evaluate(rule, ring) : undefined,
      rule.trigger.forMs,
      nowMs,
    );
    this.#deadlines.set(subject.key, alertDeadlineMs(alert, rule.trigger.forMs));
    if (alert === before) return;
    subject.state = alert;
    this.#decided.alerts.push(alert);
    if (word) this.#decided.notices.push({ rule, notice: alertNotice(rule, ring, alert, word, nowMs) });
  }

  #stepChange(subject: Subject, rule: ChangeRule, ring: Ring, nowMs: number, whileAway: boolean): void {
    const before = subject.state as Baseline;
    const asked = { ...rule.trigger, membership: rule.membership };
    const { baseline, report, deadlineMs } = advanceBaseline(before, ring, asked, nowMs, whileAway);
    this.#deadlines.set(subject.key, deadlineMs);
    if (baseline === before) return;
    subject.state = baseline;
    this.#decided.baselines.push(baseline);
    if (report) this.#decided.notices.push({ rule, notice: changeNotice(rule, ring, report, nowMs) });
  }

  #subjectsOf(ring: Ring): readonly Subject[] {
    const place = `${ring.source} ${ring.key}`;
    const known = this.#byRing.get(place);
    if (known && equalLabels(known.labels, ring.labels)) return known.subjects;
    const rules = new Set(this.#index.rulesFor(ring));
    // A ring that a rule no longer selects, by its labels, is stepped once more: its alert ends as out of scope.
    const leaving = (known?.subjects ?? []).filter(({ rule }) => !rules.has(rule));
    const subjects = [...rules].map((rule) => this.#subject(rule, ring.key));
    this.#byRing.set(place, { labels: ring.labels, subjects });
    return leaving.length > 0 ? [...subjects, ...leaving] : subjects;
  }

  #subject(rule: Rule, ring: string): Subject {
    const key = subjectKey(rule.name, ring);
    let subject = this.#subjects.get(key);
    if (!subject) {
      const state: Alert | Baseline = isCondition(rule)
        ? { rule: rule.name, ring, episode: 0, phase: { kind: "inactive" } }
        : unseenBaseline(rule.name, ring);
      subject = { key, rule, ring: undefined, state, restored: false };
      this.#subjects.set(key, subject);
    }
    return subject;
  }
}

function equalLabels(a: Ring["labels"], b: Ring["labels"]): boolean {
  if (a === b) return true;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

function noDecisions(): Decisions {
  return { alerts: [], baselines: [], notices: [], forgotten: [] };
}

function isCondition(rule: Rule): rule is ConditionRule {
  return rule.trigger.kind === "condition";
}
