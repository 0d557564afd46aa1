import type { Source } from "../cluster/slice.ts";
import type { Ring } from "../ring/ring.ts";
import type { Rule } from "../rules/rule.ts";
import { matchesName, type NamespaceLabels } from "../rules/selector.ts";
import { Deadlines } from "../runtime/deadlines.ts";
import type { Alert } from "./alert.ts";
import { AwaitedSubjects } from "./awaited-subjects.ts";
import type { Baseline } from "./baseline.ts";
import { ChangeSubject, isChangeRule } from "./change-subject.ts";
import { ConditionSubject, isConditionRule } from "./condition-subject.ts";
import { type Decisions, noDecisions } from "./decisions.ts";
import { Inhibition } from "./inhibition.ts";
import { orphanChangeRule, orphanConditionRule } from "./orphan-rule.ts";
import { RuleIndex } from "./rule-index.ts";
import type { Standing } from "./standing.ts";
import { stepSafely } from "./step-safely.ts";
import { type Subject, subjectKey } from "./subject.ts";
import type { Hush, Surroundings } from "./surroundings.ts";

interface Selected {
  /** Undefined for an absent ring: then also those are kept that knew it by its labels. */
  readonly labels: Ring["labels"] | undefined;
  readonly subjects: readonly Subject[];
}

/** What a book begins with. */
export interface AlertBookOptions {
  readonly rules: readonly Rule[];
  readonly stored: { readonly alerts: readonly Alert[]; readonly baselines: readonly Baseline[] };
  readonly nowMs: number;
  /** False while what is known of a ring may be stale: then nothing is decided about it. */
  readonly mayDecide: (ring: Ring) => boolean;
  readonly surroundings: Surroundings;
  readonly namespaceLabels: NamespaceLabels;
}

/**
 * All alerts and baselines. A changed ring goes to the rules that select it and to no other; what time alone decides
 * is found by the earliest deadline. Steps are pure; the book only remembers.
 */
export class AlertBook {
  #index: RuleIndex;
  readonly #mayDecide: (ring: Ring) => boolean;
  readonly #subjects = new Map<string, Subject>();
  /** Those of rules that are of the other kind now: should one be as it was, its numbers go on. */
  readonly #otherKind = new Map<string, Subject>();
  readonly #selected: Readonly<Record<Source, Map<string, Selected>>> = {
    endpointslices: new Map(),
    endpoints: new Map(),
  };
  /** What stored state, a rule that came back or a rule's exact name tell of, and has not been seen. */
  readonly #awaited = new AwaitedSubjects();
  readonly #deadlines = new Deadlines();
  /** Subjects that had something to decide while nothing might be decided. */
  readonly #parked = new Set<string>();
  /** Subjects that were to be quiet when they had something to say. */
  readonly #hushed = new Set<string>();
  readonly #inhibition = new Inhibition();
  /** Rules that others waited for and that have stopped firing somewhere in this step. */
  readonly #stopped = new Set<string>();
  readonly #surroundings: Surroundings;
  readonly #namespaceLabels: NamespaceLabels;
  #decided = noDecisions();
  #lastMs = -Infinity;
  #rules: ReadonlyMap<string, Rule>;

  constructor(options: AlertBookOptions) {
    const { rules, stored, nowMs, mayDecide, surroundings } = options;
    this.#namespaceLabels = options.namespaceLabels;
    this.#index = new RuleIndex(rules, options.namespaceLabels);
    this.#inhibition.setRules(rules);
    this.#mayDecide = mayDecide;
    this.#surroundings = {
      ...surroundings,
      hush: (rule, ring, atMs) => this.#suppressed(rule, ring, atMs) ?? surroundings.hush(rule, ring, atMs),
    };
    this.#rules = new Map(rules.map((rule) => [rule.name, rule]));
    for (const state of [...stored.alerts, ...stored.baselines]) {
      const subject = restore(state, this.#rules.get(state.rule));
      if (subject.rule === this.#rules.get(state.rule) && namesRing(subject.rule, state.ring))
        this.#await(subject, "phase" in state ? state.resolvedAtMs : undefined, nowMs);
      else {
        // The rule was edited while Ringbell was not running: what it had said of this ring ends now.
        this.#keep(subject);
        subject.end(this.#rules.has(state.rule) ? "removed" : "rule removed", nowMs, this.#decided);
      }
    }
    for (const { source, ring } of this.#index.exactRings()) this.#awaited.addRing(source, ring);
  }

  /** True when some rule may select a Service of this name: what of others is heard can be dropped. */
  mayWant(source: Source, namespace: string, service: string): boolean {
    return this.#index.mayWant(source, namespace, service);
  }

  /** Takes in the state of a ring now. Deadlines that passed before are decided first, on the ring as it was. */
  onRing(ring: Ring, nowMs: number): void {
    this.#decideDue(nowMs);
    this.#awaited.seen(ring);
    const known = this.#selected[ring.source].get(ring.key);
    if (known?.labels && ring.present && equalLabels(known.labels, ring.labels)) {
      // The usual case: whom it concerns has been found out before.
      for (const subject of known.subjects) {
        subject.ring = ring;
        this.#step(subject, ring, nowMs);
      }
    } else for (const subject of this.#subjectsOf(ring)) this.#see(subject, ring, nowMs);
    this.#wakeSuppressed(nowMs);
  }

  /** Decides what is due. */
  onTime(nowMs: number): void {
    this.#decideDue(nowMs);
    this.#wakeSuppressed(nowMs);
  }

  #decideDue(nowMs: number): void {
    for (let due = this.#takeDue(nowMs); due.length > 0; due = this.#takeDue(nowMs)) {
      for (const subject of due) if (subject.ring) this.#step(subject, subject.ring, nowMs);
    }
  }

  /** Who speaks for others first: at one moment both may have something to say. */
  #takeDue(nowMs: number): readonly Subject[] {
    const due: Subject[] = [];
    // Times that were to come are an hour further away after the clock was set back by one: all are asked for new ones.
    if (nowMs < this.#lastMs) for (const key of this.#deadlines.keys()) this.#deadlines.set(key, nowMs);
    this.#lastMs = nowMs;
    for (let next = this.#deadlines.takeDue(nowMs); next; next = this.#deadlines.takeDue(nowMs)) {
      const subject = this.#subjects.get(next.key);
      if (subject) due.push(subject);
    }
    const rank = ({ rule }: Subject): number => Math.sign(rule.suppressedBy.length);
    return due.length > 1 ? due.sort((a, b) => rank(a) - rank(b)) : due;
  }

  /** Decides what waited for rings about which something may be decided again. */
  onSight(nowMs: number): void {
    // A copy: what may still not be decided is parked again.
    for (const key of this.#parked.values().toArray()) {
      const subject = this.#subjects.get(key);
      this.#parked.delete(key);
      if (subject?.ring) this.#step(subject, subject.ring, nowMs);
    }
    this.#wakeSuppressed(nowMs);
  }

  /** The labels of a ring's namespace have changed: other rules may be about it. `ring`: as it was last seen. */
  onNamespace(ring: Ring, nowMs: number): void {
    for (const subject of this.#subjectsOf(ring)) this.#see(subject, ring, nowMs);
    this.#wakeSuppressed(nowMs);
  }

  /** Judges a ring once more, as it was last seen: something else that is known of it has changed. */
  onRingAgain(source: Source, ringKey: string, nowMs: number): void {
    for (const subject of this.#selected[source].get(ringKey)?.subjects ?? []) {
      if (subject.ring) this.#step(subject, subject.ring, nowMs);
    }
    this.#wakeSuppressed(nowMs);
  }

  /** Quiet times have changed: who was to be quiet may speak. */
  onQuietChanged(nowMs: number): void {
    this.#stepHushed(() => true, nowMs);
    this.#wakeSuppressed(nowMs);
  }

  /** Where each rule stands on each ring that it has seen. */
  standings(nowMs: number): Standing[] {
    return [...this.#subjects.values()].flatMap((subject) => {
      const standing = subject.standing(nowMs, this.#surroundings);
      if (!standing || !subject.ring) return [];
      return this.#mayDecide(subject.ring) ? [standing] : [{ ...standing, phase: "blind" as const }];
    });
  }

  /**
   * Goes on with other rules. A rule keeps its state by its name, as long as it is still of its kind and may be about the
   * ring; what a rule that is gone has fired resolves with that reason. Give the rings of now to `onRing` afterwards:
   * new rules have seen none.
   */
  replaceRules(rules: readonly Rule[], nowMs: number): void {
    this.#decideDue(nowMs);
    this.#index = new RuleIndex(rules, this.#namespaceLabels);
    this.#inhibition.setRules(rules);
    for (const selected of Object.values(this.#selected)) selected.clear();
    const before = this.#rules;
    this.#rules = new Map(rules.map((rule) => [rule.name, rule]));
    for (const subject of this.#subjects.values()) {
      const rule = this.#rules.get(subject.rule.name);
      const stays = rule && isOfOneKind(rule, subject.rule);
      if (!stays || (!subject.ring && !namesRing(rule, subject.ringKey))) {
        // It stays in the book: should the rule come back, its numbers go on.
        this.#awaited.drop(subject);
        this.#leave(subject, rule ? "removed" : "rule removed", nowMs);
        continue;
      }
      subject.rule = rule;
      if (subject.ring) this.#see(subject, subject.ring, nowMs);
    }
    this.#awaitReturned(before, nowMs);
    this.#wakeSuppressed(nowMs);
    for (const { source, ring } of this.#index.exactRings()) {
      if (!this.#isSeen(source, ring)) this.#awaited.addRing(source, ring);
    }
  }

  /** When `onTime` has something to decide, in epoch milliseconds. */
  nextDeadlineMs(): number | undefined {
    return this.#deadlines.nextMs();
  }

  /** Rings that are waited for: after a list that covers them they are known to be absent. */
  awaitedRings(source: Source): readonly string[] {
    return this.#awaited.rings(source);
  }

  /** What was decided since the last call. */
  takeDecisions(): Decisions {
    const decided = this.#decided;
    this.#decided = noDecisions();
    return decided;
  }

  /** True when `takeDecisions` would give something. */
  get hasDecisions(): boolean {
    const { alerts, baselines, notices, troubles } = this.#decided;
    return alerts.length + baselines.length + notices.length + troubles.length > 0;
  }

  /** How many alerts are in which phase. */
  countAlerts(): { readonly pending: number; readonly firing: number } {
    const counts = { pending: 0, firing: 0 };
    for (const subject of this.#subjects.values()) {
      if (subject instanceof ConditionSubject && subject.phase !== "inactive") counts[subject.phase]++;
    }
    return counts;
  }

  #await(subject: Subject, resolvedAtMs: number | undefined, nowMs: number): void {
    this.#inhibition.takeUp(subject, resolvedAtMs, nowMs);
    const other = this.#subjects.get(subject.key);
    if (other && other !== subject) this.#otherKind.set(subject.key, other);
    this.#subjects.set(subject.key, subject);
    this.#awaited.add(subject);
  }

  /** What a rule that comes back knew before is waited for, as after a start: its ring may be gone. */
  #awaitReturned(before: ReadonlyMap<string, Rule>, nowMs: number): void {
    for (const subject of [...this.#subjects.values(), ...this.#otherKind.values()]) {
      const rule = this.#rules.get(subject.rule.name);
      const last = before.get(subject.rule.name);
      const isAbout = (other: Rule): boolean =>
        isOfOneKind(other, subject.rule) && namesRing(other, subject.ringKey);
      if (!rule || subject.ring || !isAbout(rule) || (last && isAbout(last))) continue;
      subject.rule = rule;
      this.#await(subject, undefined, nowMs);
    }
  }

  /** One rule may have been of both kinds, with numbers of each. */
  #keep(subject: Subject): void {
    const known = this.#subjects.get(subject.key);
    if (known && known !== subject) this.#otherKind.set(subject.key, subject);
    else this.#subjects.set(subject.key, subject);
  }

  #see(subject: Subject, ring: Ring, nowMs: number): void {
    // Of a Service that is gone the labels are not known any more, only its name.
    const isInScope = ring.present
      ? this.#index.selects(subject.rule, ring)
      : namesRing(subject.rule, ring.key);
    if (!isInScope) {
      const isUndecided = this.#index.isUndecided(subject.rule, ring);
      if (!isUndecided) return this.#leave(subject, "removed", nowMs);
      // It is left as it is until more is known: no time runs out meanwhile.
      this.#unsee(subject);
      return this.#awaited.keep(subject);
    }
    subject.ring = ring;
    this.#step(subject, ring, nowMs);
  }

  #leave(subject: Subject, reason: string, nowMs: number): void {
    subject.end(reason, nowMs, this.#decided);
    this.#unsee(subject);
    this.#noteFiring(subject, nowMs);
  }

  #unsee(subject: Subject): void {
    subject.ring = undefined;
    this.#deadlines.set(subject.key, undefined);
    this.#parked.delete(subject.key);
    this.#hushed.delete(subject.key);
  }

  #step(subject: Subject, ring: Ring, nowMs: number): void {
    // Blind is not healthy, nor is it a loss: what is known may be stale, so nothing is decided.
    if (!this.#mayDecide(ring)) {
      this.#parked.add(subject.key);
      return;
    }
    if (this.#parked.size > 0) this.#parked.delete(subject.key);
    this.#deadlines.set(subject.key, stepSafely(subject, ring, nowMs, this.#decided, this.#surroundings));
    if (subject.isHushed) this.#hushed.add(subject.key);
    else if (this.#hushed.size > 0) this.#hushed.delete(subject.key);
    this.#noteFiring(subject, nowMs);
  }

  #noteFiring(subject: Subject, nowMs: number): void {
    if (this.#inhibition.note(subject, nowMs)) this.#stopped.add(subject.rule.name);
  }

  /** Who was silent because a rule fired may speak when it has stopped; not before all rules know what made it stop. */
  #wakeSuppressed(nowMs: number): void {
    while (this.#stopped.size > 0) {
      const stopped = new Set(this.#stopped);
      this.#stopped.clear();
      this.#stepHushed((other) => other.rule.suppressedBy.some(({ rule }) => stopped.has(rule)), nowMs);
    }
  }

  #stepHushed(mayWake: (subject: Subject) => boolean, nowMs: number): void {
    // A copy: who must still be quiet is noted again.
    for (const key of this.#hushed.values().toArray()) {
      const subject = this.#subjects.get(key);
      if (subject?.ring && mayWake(subject)) this.#step(subject, subject.ring, nowMs);
    }
  }

  #suppressed(rule: Rule, ring: Ring, nowMs: number): Hush | undefined {
    if (rule.suppressedBy.length === 0) return undefined;
    const by = this.#inhibition.suppressor(rule, ring, nowMs);
    return by && { untilMs: by.untilMs, why: `${by.rule} speaks for it` };
  }

  #isSeen(source: Source, ringKey: string): boolean {
    const subjects = this.#selected[source].get(ringKey)?.subjects;
    return subjects !== undefined && subjects.every((subject) => subject.ring !== undefined);
  }

  #subjectsOf(ring: Ring): readonly Subject[] {
    const known = this.#selected[ring.source].get(ring.key);
    const subjects = this.#index.rulesFor(ring).map((rule) => this.#subject(rule, ring.key));
    // Those that knew the ring and whose rule does not select it any more end; those of an absent ring go on by name.
    const before = [...(known?.subjects ?? []), ...this.#awaited.take(ring)];
    const others = before.filter((subject) => !subjects.includes(subject));
    const staying = ring.present ? [] : others;
    const labels = ring.present ? ring.labels : undefined;
    this.#selected[ring.source].set(ring.key, { labels, subjects: [...subjects, ...staying] });
    return [...subjects, ...others];
  }

  #subject(rule: Rule, ringKey: string): Subject {
    const key = subjectKey(rule.name, ringKey);
    const known = this.#subjects.get(key);
    if (known && known.rule.trigger.kind === rule.trigger.kind) {
      known.rule = rule;
      return known;
    }
    const before = this.#otherKind.get(key);
    const subject = before?.rule.trigger.kind === rule.trigger.kind ? before : newSubject(rule, ringKey);
    subject.rule = rule;
    if (known) this.#otherKind.set(key, known);
    this.#subjects.set(key, subject);
    return subject;
  }
}

function newSubject(rule: Rule, ringKey: string): Subject {
  if (isConditionRule(rule)) return new ConditionSubject(rule, ringKey);
  if (isChangeRule(rule)) return new ChangeSubject(rule, ringKey);
  throw new TypeError(`Cannot judge by rule ${rule.name}: it has neither \`when\` nor \`on\``);
}

/** The subject of stored state: of its rule, or of a stand-in when that is gone or of another kind. */
function restore(state: Alert | Baseline, rule: Rule | undefined): Subject {
  if ("phase" in state) {
    const own = rule && isConditionRule(rule) ? rule : orphanConditionRule(state.rule);
    return new ConditionSubject(own, state.ring, state);
  }
  const own = rule && isChangeRule(rule) ? rule : orphanChangeRule(state.rule);
  return new ChangeSubject(own, state.ring, state);
}

function isOfOneKind(one: Rule, other: Rule): boolean {
  return one.source === other.source && one.trigger.kind === other.trigger.kind;
}

function namesRing(rule: Rule, ringKey: string): boolean {
  const slash = ringKey.indexOf("/");
  return matchesName(rule.ring, ringKey.slice(0, slash), ringKey.slice(slash + 1));
}

function equalLabels(a: Ring["labels"], b: Ring["labels"]): boolean {
  if (a === b) return true;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
