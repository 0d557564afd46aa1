import type { ConditionTrigger, Rule } from "../../src/rules/rule.ts";
import { type History, isWithin, quietSpans, type Span, type Windows } from "./history.ts";
import { find, type Finding } from "./judge.ts";
import { type Look, replayHistory } from "./replay-history.ts";

/** What must be told of an alert, and when. */
export interface AlertSaid {
  readonly atMs: number;
  readonly kind: "fire" | "update" | "resolve";
  readonly notify: readonly string[];
  readonly episode: number;
  readonly sinceMs: number;
  readonly firedAtMs: number;
  readonly how: string;
}

/** What a rule has to say of a ring, and when others are silent for it. */
export interface AlertLife {
  readonly said: readonly AlertSaid[];
  readonly speaksForOthers: readonly Span[];
  readonly isFiring: boolean;
}

/** So long the others stay silent after the one that spoke for them. */
const LINGER_MS = 10_000;
/** What is worse counts when it has stood for ten seconds. */
const WORSE_MS = 10_000;

interface Judged extends Finding {
  readonly atMs: number;
  /** It holds for long enough for somebody. */
  readonly stands: boolean;
}

interface Firing {
  readonly sinceMs: number;
  readonly firedAtMs: number;
  /** The same as a moment. */
  readonly firedAt: number;
  heard: string[];
  unheard: string[];
  told: { readonly atMs: number; readonly badness: readonly number[] };
  flapping: boolean;
  /** While it flaps: how it turned last. */
  holds: boolean;
}

/** The life of one condition rule on one ring, from everything that was ever seen of it. */
export function alertLife(
  history: History,
  windows: Windows,
  suppressed: readonly Span[],
  subject: { readonly rule: string; readonly ring: string },
  endMs: number,
): AlertLife {
  const model = new AlertModel(subject.ring, windows, suppressed);
  replayHistory(history, subject, endMs, (look) => model.look(look));
  return { said: model.said, speaksForOthers: model.spans(endMs), isFiring: model.isFiring };
}

class AlertModel {
  readonly said: AlertSaid[] = [];
  readonly #ring: string;
  readonly #windows: Windows;
  readonly #suppressed: readonly Span[];
  /** All looks since the rule has been about the ring. */
  #judged: Judged[] = [];
  readonly #fired: Span[] = [];
  #asked: readonly string[] = [];
  #firing: Firing | undefined;
  #episode = 0;
  #resolvedAtMs = -Infinity;
  /** When it began or ended, told or not. */
  #turns: number[] = [];
  #trigger: ConditionTrigger | undefined;

  constructor(ring: string, windows: Windows, suppressed: readonly Span[]) {
    this.#ring = ring;
    this.#windows = windows;
    this.#suppressed = suppressed;
  }

  get isFiring(): boolean {
    return this.#firing !== undefined;
  }

  spans(endMs: number): readonly Span[] {
    return this.#firing ? [...this.#fired, [this.#firing.firedAt, endMs + 1]] : this.#fired;
  }

  look(look: Look): readonly number[] {
    const { nowMs, moment, now } = look;
    const { rule, shown } = now;
    if (!now.isRunning) return [];
    if (!rule || rule.trigger.kind !== "condition") {
      this.#end(look);
      return [];
    }
    if (shown === undefined) return [];
    const { trigger } = rule;
    const finding = find(rule, trigger, shown, isNamed(rule, this.#ring));
    if (!finding || (shown === "absent" && !isNamed(rule, this.#ring) && this.#judged.length === 0)) {
      this.#end(look);
      return [];
    }
    this.#judged.push({ ...finding, atMs: nowMs, stands: false });
    // A hold that was made longer resolves nothing that goes on since it fired.
    const firedSinceMs = this.#firing?.sinceMs ?? -Infinity;
    const due = (finding.items ?? []).filter((item) => {
      const sinceMs = this.#heldSince(item);
      return nowMs >= sinceMs + trigger.forMs || sinceMs <= firedSinceMs;
    });
    const stands = finding.items ? due.length > 0 : finding.holds;
    const badness = finding.items ? [due.length] : finding.badness;
    this.#judged[this.#judged.length - 1] = { ...finding, atMs: nowMs, stands, badness };
    const quiet = rule.notify.map((name) => quietSpans(now, this.#windows, this.#suppressed, name));
    const isQuiet = (name: string): boolean =>
      isWithin(quietSpans(now, this.#windows, this.#suppressed, name), moment);
    // Who has not been told yet is told only if the rule of now still asks for it.
    if (this.#firing && this.#firing.unheard.length > 0) {
      const { heard } = this.#firing;
      this.#firing.unheard = rule.notify.filter((name) => !heard.includes(name));
    }
    // Of how it goes on hears who has heard of it, as long as the rule of now names them.
    if (this.#firing) this.#asked = rule.notify;
    if (this.#firing) this.#goOn(this.#firing, look, trigger, isQuiet);
    else this.#mayFire(look, rule, trigger, due.length > 0 || !finding.items, isQuiet);
    return this.#lookAgain(nowMs, trigger, quiet.flat());
  }

  #mayFire(
    { nowMs, moment }: Look,
    rule: Rule,
    trigger: ConditionTrigger,
    isDue: boolean,
    isQuiet: (name: string) => boolean,
  ): void {
    const latest = this.#judged.at(-1);
    if (!latest?.holds || !isDue) return;
    const sinceMs = latest.items
      ? Math.min(...latest.items.map((item) => this.#heldSince(item)))
      : this.#runBegin(({ holds }) => holds);
    if (nowMs < Math.max(sinceMs + trigger.forMs, this.#resolvedAtMs + trigger.cooldownMs)) return;
    this.#turn(nowMs, trigger);
    this.#episode++;
    this.#firing = {
      sinceMs,
      firedAtMs: nowMs,
      firedAt: moment,
      heard: rule.notify.filter((name) => !isQuiet(name)),
      unheard: rule.notify.filter(isQuiet),
      told: { atMs: nowMs, badness: latest.badness },
      flapping: nowMs < this.#calmMs(trigger),
      holds: true,
    };
    const { heard, flapping } = this.#firing;
    this.#say(this.#firing, "fire", nowMs, heard, flapping ? "flapping" : "");
  }

  #goOn(firing: Firing, look: Look, trigger: ConditionTrigger, isQuiet: (name: string) => boolean): void {
    const { nowMs } = look;
    const latest = this.#judged.at(-1);
    if (!latest) return;
    if (firing.flapping) return this.#goOnFlapping(firing, look, latest, trigger, isQuiet);
    if (!latest.stands) {
      if (nowMs < this.#runBegin(({ stands }) => !stands) + trigger.keepFiringForMs) return;
      this.#turn(nowMs, trigger);
      return this.#resolve(firing, look);
    }
    const isNews = firing.heard.length === 0;
    const heard = firing.heard.filter((name) => this.#asked.includes(name) && !isQuiet(name));
    const isLate = this.#tellUnheard(firing, nowMs, isQuiet);
    const why = this.#whyUpdate(firing, nowMs, trigger);
    if (why) this.#say(firing, "update", nowMs, heard, why);
    if ((why && (heard.length > 0 || isLate)) || (isNews && isLate))
      firing.told = { atMs: nowMs, badness: latest.badness };
  }

  /** It turns when it would fire or resolve if it did not flap; only its calming down is told. */
  #goOnFlapping(
    firing: Firing,
    look: Look,
    { stands, items, badness }: Judged,
    trigger: ConditionTrigger,
    isQuiet: (name: string) => boolean,
  ): void {
    const { nowMs } = look;
    const forMs = items ? 0 : trigger.forMs;
    const turnMs =
      this.#runBegin((judged) => judged.stands !== firing.holds) + (stands ? forMs : trigger.keepFiringForMs);
    if (nowMs >= turnMs) {
      firing.holds = stands;
      this.#turn(nowMs, trigger);
    }
    const isCalm = nowMs >= this.#calmMs(trigger);
    if (isCalm && !firing.holds) return this.#resolve(firing, look);
    const heard = firing.heard.filter((name) => this.#asked.includes(name) && !isQuiet(name));
    firing.flapping = !isCalm;
    if (stands) this.#tellUnheard(firing, nowMs, isQuiet);
    if (!isCalm) return;
    this.#say(firing, "update", nowMs, heard, "calm");
    firing.told = { atMs: nowMs, badness };
  }

  #whyUpdate({ told, firedAtMs }: Firing, nowMs: number, { repeatMs }: ConditionTrigger): string | undefined {
    const isWorse = ({ atMs, stands, badness }: Judged): boolean =>
      atMs >= firedAtMs &&
      stands &&
      badness.length === told.badness.length &&
      badness.some((b, i) => b > (told.badness[i] ?? b));
    if (nowMs >= Math.max(this.#runBegin(isWorse), told.atMs) + WORSE_MS) return "worse";
    return repeatMs !== undefined && nowMs >= told.atMs + repeatMs ? "repeat" : undefined;
  }

  #tellUnheard(firing: Firing, nowMs: number, isQuiet: (name: string) => boolean): boolean {
    const late = firing.unheard.filter((name) => !isQuiet(name));
    firing.heard = [...firing.heard, ...late];
    firing.unheard = firing.unheard.filter(isQuiet);
    this.#say(firing, "fire", nowMs, late, firing.flapping ? "flapping late" : "late");
    return late.length > 0;
  }

  /** The rule, or the ring, is gone. */
  #end(look: Look): void {
    if (this.#firing) this.#resolve(this.#firing, look);
    this.#judged = [];
  }

  #resolve(firing: Firing, { nowMs, moment, isFirst }: Look): void {
    this.#say(firing, "resolve", nowMs, firing.heard, isFirst ? "while away" : "");
    this.#fired.push([firing.firedAt, moment + LINGER_MS]);
    this.#firing = undefined;
    this.#resolvedAtMs = nowMs;
  }

  #say(firing: Firing, kind: AlertSaid["kind"], atMs: number, notify: readonly string[], how: string): void {
    if (notify.length === 0) return;
    const { sinceMs, firedAtMs } = firing;
    this.said.push({
      atMs,
      kind,
      notify: [...notify].sort(),
      episode: this.#episode,
      sinceMs,
      firedAtMs,
      how,
    });
  }

  #turn(nowMs: number, { damping }: ConditionTrigger): void {
    if (damping) this.#turns.push(nowMs);
  }

  /** Until when it flaps. */
  #calmMs({ damping }: ConditionTrigger): number {
    const first = damping && this.#turns.at(-damping.changes);
    return damping && first !== undefined ? first + damping.withinMs : -Infinity;
  }

  #heldSince(item: string): number {
    return this.#runBegin(({ items }) => items?.includes(item) ?? false);
  }

  /** When that began which has been so at all looks since; `Infinity` when it is not so now. */
  #runBegin(is: (judged: Judged) => boolean): number {
    const last = this.#judged.findLastIndex((judged) => !is(judged));
    return this.#judged[last + 1]?.atMs ?? Infinity;
  }

  /** Whether the latest look has found something else than the one before. */
  #isNew(): boolean {
    const [before, latest] = this.#judged.slice(-2).map((judged) => JSON.stringify({ ...judged, atMs: 0 }));
    return before !== latest;
  }

  #lookAgain(nowMs: number, trigger: ConditionTrigger, quiet: readonly Span[]): number[] {
    const { forMs, keepFiringForMs, cooldownMs, repeatMs = 0, damping } = trigger;
    const told = this.#firing?.told.atMs ?? nowMs;
    // Of a rule that was edited the terms are new, and count from whenever something began.
    const isSame = trigger === this.#trigger;
    this.#trigger = trigger;
    const begins = isSame ? (this.#isNew() ? [nowMs] : []) : this.#judged.map(({ atMs }) => atMs);
    return [
      ...begins.map((atMs) => atMs + forMs),
      ...begins.map((atMs) => atMs + keepFiringForMs),
      ...begins.map((atMs) => atMs + WORSE_MS),
      told + WORSE_MS,
      this.#resolvedAtMs + cooldownMs,
      told + repeatMs,
      ...(damping ? this.#turns.map((atMs) => atMs + damping.withinMs) : []),
      ...quiet.map(([, untilMs]) => Math.floor(untilMs)),
    ].filter(Number.isFinite);
  }
}

/** Whether a rule asks for the ring by its exact name. */
export function isNamed({ ring }: Rule, key: string): boolean {
  return ring.services.some((service) =>
    ring.namespaces.some((namespace) => `${namespace}/${service}` === key),
  );
}
