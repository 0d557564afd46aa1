import { AlertBook, type AlertBookOptions } from "../../src/alerts/alert-book.ts";
import type { Alert } from "../../src/alerts/alert.ts";
import type { Baseline } from "../../src/alerts/baseline.ts";
import type { Notice } from "../../src/alerts/notice.ts";
import { OPEN_SURROUNDINGS, type Surroundings } from "../../src/alerts/surroundings.ts";
import type { Ring } from "../../src/ring/ring.ts";
import type { Rule } from "../../src/rules/rule.ts";

/** A book of these rules, driven by hand. Deadlines that pass between two inputs are kept, as the pipeline does. */
export class BookStage {
  readonly notices: { readonly notice: Notice; readonly notify: readonly string[] }[] = [];
  /** `30000 fire below data/cassandra to on-call` */
  readonly said: string[] = [];
  readonly troubles: string[] = [];
  readonly alerts = new Map<string, Alert>();
  readonly baselines = new Map<string, Baseline>();
  /** How many times something was to be stored. */
  stored = 0;
  readonly around: { -readonly [K in keyof Surroundings]: Surroundings[K] };
  mayDecide = true;
  readonly book: AlertBook;

  constructor(rules: readonly Rule[], { from, nowMs = 0 }: { from?: BookStage; nowMs?: number } = {}) {
    this.around = { ...OPEN_SURROUNDINGS };
    // The book takes a copy, so what it is given asks for what is said now.
    const surroundings: Surroundings = {
      hush: (...asked) => this.around.hush(...asked),
      destinationHush: (...asked) => this.around.destinationHush(...asked),
      desired: (...asked) => this.around.desired(...asked),
      whyLeft: (...asked) => this.around.whyLeft(...asked),
      rolloutSinceMs: (...asked) => this.around.rolloutSinceMs(...asked),
    };
    const options: AlertBookOptions = {
      rules,
      stored: {
        alerts: [...(from?.alerts.values() ?? [])],
        baselines: [...(from?.baselines.values() ?? [])],
      },
      nowMs,
      mayDecide: () => this.mayDecide,
      surroundings,
      namespaceLabels: () => undefined,
    };
    this.book = new AlertBook(options);
    this.#take(nowMs);
  }

  see(nowMs: number, ring: Ring): this {
    this.pass(nowMs - 1);
    this.book.onRing(ring, nowMs);
    return this.#take(nowMs);
  }

  pass(untilMs: number): this {
    for (let steps = 0; ; steps++) {
      const dueMs = this.book.nextDeadlineMs();
      if (dueMs === undefined || dueMs > untilMs) return this;
      if (steps > 10_000) throw new Error(`deadlines without end at ${dueMs}`);
      this.book.onTime(dueMs);
      this.#take(dueMs);
    }
  }

  /** Something else than a ring. */
  tell(nowMs: number, what: (book: AlertBook) => void): this {
    this.pass(nowMs - 1);
    what(this.book);
    return this.#take(nowMs);
  }

  #take(nowMs: number): this {
    const { alerts, baselines, notices, troubles } = this.book.takeDecisions();
    this.stored += alerts.length + baselines.length;
    for (const alert of alerts) this.alerts.set(`${alert.rule} ${alert.ring}`, alert);
    for (const baseline of baselines) this.baselines.set(`${baseline.rule} ${baseline.ring}`, baseline);
    this.troubles.push(...troubles.map(({ message }) => message));
    this.notices.push(...notices);
    for (const { notice, notify } of notices) {
      const late = notice.alert?.late ? " late" : "";
      this.said.push(
        `${nowMs} ${notice.kind}${late} ${notice.rule} ${notice.ring.key} to ${notify.join(",")}`,
      );
    }
    return this;
  }
}
