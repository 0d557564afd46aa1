import {
  advanceAlert,
  type AlertStep,
  type AlertTerms,
  type AlertWord,
} from "../../src/alerts/advance-alert.ts";
import type { Alert, Phase } from "../../src/alerts/alert.ts";
import type { Verdict } from "../../src/rules/conditions/condition.ts";

/** What a rule asks that asks for nothing, and tells `on-call`. */
export function alertTerms(fields: Partial<AlertTerms> = {}): AlertTerms {
  return {
    forMs: 0,
    keepFiringForMs: 0,
    repeatMs: undefined,
    cooldownMs: 0,
    damping: undefined,
    told: { notify: ["on-call"], severity: "critical" },
    ...fields,
  };
}

/** An alert in this phase. */
export function alertIn(phase: Phase, fields: Partial<Alert> = {}): Alert {
  return { rule: "quorum", ring: "data/cassandra", episode: 0, phase, ...fields };
}

/** It holds, so badly. */
export function holds(...badness: readonly number[]): Verdict {
  return { holds: true, fact: "too few", badness };
}

/** It does not hold. */
export const clear: Verdict = { holds: false, fact: "enough", badness: [] };

/** With `each`, it holds for these. */
export function holdsFor(...items: readonly string[]): Verdict {
  return {
    holds: items.length > 0,
    fact: items.length > 0 ? items.map((item) => `${item}: down`).join("; ") : "none of 9 members",
    badness: [items.length],
    items: items.map((item) => ({ item, name: item, holds: true, fact: "down", badness: [] })),
  };
}

/** From when until when a destination is not to be told. */
export type QuietTime = readonly [destination: string, fromMs: number, untilMs: number];

/** One alert, driven by hand. Deadlines that pass between two inputs are kept, as the book does. */
export class AlertStage {
  /** `30000 fire on-call`, with what else is to be known of it. */
  readonly said: string[] = [];
  readonly words: AlertWord[] = [];
  alert: Alert = alertIn({ kind: "inactive" });
  deadlineMs: number | undefined;
  terms: AlertTerms;
  quietTimes: readonly QuietTime[];
  #verdict: Verdict | undefined;

  constructor(terms: Partial<AlertTerms> = {}, quietTimes: readonly QuietTime[] = []) {
    this.terms = alertTerms(terms);
    this.quietTimes = quietTimes;
  }

  see(nowMs: number, verdict: Verdict): this {
    this.pass(nowMs - 1);
    this.#verdict = verdict;
    return this.look(nowMs);
  }

  pass(untilMs: number): this {
    while (this.deadlineMs !== undefined && this.deadlineMs <= untilMs) this.look(this.deadlineMs);
    return this;
  }

  /** One more step on what was last seen. */
  look(nowMs: number): this {
    if (this.#verdict) this.take(advanceAlert(this.alert, this.#verdict, this.#termsAt(nowMs), nowMs), nowMs);
    return this;
  }

  take(step: AlertStep, nowMs: number): this {
    if (step.deadlineMs !== undefined && !(step.deadlineMs > nowMs))
      throw new Error(`at ${nowMs} the next deadline is ${step.deadlineMs}`);
    this.alert = step.alert;
    this.deadlineMs = step.deadlineMs;
    this.words.push(...step.words);
    this.said.push(...step.words.map((word) => `${nowMs} ${wordText(word)}`));
    return this;
  }

  /** One more step, without taking it. */
  peek(nowMs: number): AlertStep | undefined {
    return this.#verdict && advanceAlert(this.alert, this.#verdict, this.#termsAt(nowMs), nowMs);
  }

  #termsAt(nowMs: number): AlertTerms {
    if (this.quietTimes.length === 0) return this.terms;
    const hushedUntilMs = (destination: string): number | undefined =>
      this.quietTimes.find(
        ([name, fromMs, untilMs]) => name === destination && fromMs <= nowMs && nowMs < untilMs,
      )?.[2];
    return { ...this.terms, hushedUntilMs };
  }
}

function wordText(word: AlertWord): string {
  const how =
    word.kind === "update"
      ? [word.why]
      : word.kind === "fire"
        ? [...(word.late ? ["late"] : []), ...(word.flapping ? ["flapping"] : [])]
        : [];
  return [word.kind, ...how, word.told.notify.join(",")].join(" ");
}
