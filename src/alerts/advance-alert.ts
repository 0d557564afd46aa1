import type { Verdict } from "../rules/conditions/condition.ts";
import { formatDuration } from "../rules/duration.ts";
import type { Flapping } from "../rules/rule.ts";
import type { Alert, FiringPhase, Flaps, Phase, Told } from "./alert.ts";
import { type Hold, holdOf, nextItemMs } from "./item-holds.ts";
import { notAhead } from "./not-ahead.ts";

/** What an alert says when it changes. */
export type AlertWord = FireWord | UpdateWord | ResolveWord;

interface WordBase {
  readonly sinceMs: number;
  readonly firedAtMs: number;
  /** Who is to hear this. */
  readonly told: Told;
  readonly reason: string;
  /** With `each`: names of the members or zones. */
  readonly items?: readonly string[] | undefined;
}

/** It fires; or it has fired, and somebody's quiet time is over. */
export interface FireWord extends WordBase {
  readonly kind: "fire";
  readonly late?: true;
  readonly flapping?: true;
}

/** It goes on, and is worse than was told, told again, or no longer flapping. */
export interface UpdateWord extends WordBase {
  readonly kind: "update";
  readonly why: "worse" | "repeat" | "calm";
}

/** It is over. */
export interface ResolveWord extends WordBase {
  readonly kind: "resolve";
  readonly resolvedAtMs: number;
}

/** What an alert is after a step, and what it says. */
export interface AlertStep {
  /** The same object when nothing changed. */
  readonly alert: Alert;
  readonly words: readonly AlertWord[];
  /** When time alone changes the alert, in epoch milliseconds; undefined when it does not. */
  readonly deadlineMs: number | undefined;
}

/** What of a rule decides about its alerts; times in milliseconds. */
export interface AlertTerms {
  readonly forMs: number;
  readonly keepFiringForMs: number;
  readonly repeatMs: number | undefined;
  readonly cooldownMs: number;
  readonly damping: Flapping | undefined;
  /** Who is to hear. */
  readonly told: Told;
  /** Until when a destination is not to hear of this; `Infinity` when that is not known, undefined when it may. */
  readonly hushedUntilMs?: ((destination: string) => number | undefined) | undefined;
}

/** What is worse than was told counts when it has stood this long: a ring that falls member by member is told once. */
export const WORSE_SETTLE_MS = 10_000;

/**
 * One step in the life of a condition rule on one ring: what holds now decides what the alert is next, and what it says.
 * An alert fires when `nowMs` reaches `sinceMs + forMs`, not a millisecond before.
 */
export function advanceAlert(before: Alert, verdict: Verdict, terms: AlertTerms, nowMs: number): AlertStep {
  const alert = notAhead(before, nowMs);
  const { phase } = alert;
  const hold = holdOf(verdict, phase.kind === "inactive" ? undefined : phase, terms.forMs, nowMs);
  if (phase.kind === "firing") return goOnFiring(alert, phase, hold, terms, nowMs);
  if (!hold.holds) return still(alert, phase.kind === "inactive" ? phase : { kind: "inactive" });
  const fireAtMs = fireAt(alert, hold, terms);
  if (nowMs >= fireAtMs) return fire(alert, hold, terms, nowMs);
  const { sinceMs, items } = hold;
  const isSame = phase.kind === "pending" && phase.sinceMs === sinceMs && phase.items === items;
  return still(alert, isSame ? phase : { kind: "pending", sinceMs, items }, fireAtMs);
}

function fireAt(alert: Alert, { sinceMs }: Hold, { forMs, cooldownMs }: AlertTerms): number {
  return Math.max(sinceMs + forMs, (alert.resolvedAtMs ?? -Infinity) + cooldownMs);
}

/** Ends an alert in whatever phase it is: a firing one resolves with this reason. */
export function endAlert(alert: Alert, reason: string, nowMs: number): AlertStep {
  if (alert.phase.kind !== "firing") {
    return still(alert, alert.phase.kind === "inactive" ? alert.phase : { kind: "inactive" });
  }
  return resolve(alert, alert.phase, reason, nowMs);
}

function still(alert: Alert, phase: Phase, deadlineMs?: number): AlertStep {
  return { alert: phase === alert.phase ? alert : { ...alert, phase }, words: [], deadlineMs };
}

function fire(before: Alert, hold: Hold, terms: AlertTerms, nowMs: number): AlertStep {
  const { told, damping } = terms;
  const unheard = told.notify.filter((name) => isHushed(terms, name));
  const alert = withTurn(before, terms, nowMs);
  const phase: FiringPhase = {
    kind: "firing",
    sinceMs: hold.sinceMs,
    firedAtMs: nowMs,
    told: { ...told, notify: told.notify.filter((name) => !unheard.includes(name)) },
    items: hold.items,
    unheard: unheard.length > 0 ? unheard : undefined,
    toldAtMs: nowMs,
    badness: hold.badness,
    flapping: damping && nowMs < calmMs(alert, terms, nowMs) ? { holds: true } : undefined,
  };
  const deadlineMs = phase.flapping
    ? least([calmMs(alert, terms, nowMs), hushEndMs(unheard, terms)])
    : firingDeadlineMs(phase, hold, terms, nowMs);
  return {
    alert: { ...alert, episode: alert.episode + 1, phase },
    words: phase.told.notify.length > 0 ? [fireWord(phase, hold, damping)] : [],
    deadlineMs,
  };
}

function fireWord(phase: FiringPhase, hold: Hold, damping: Flapping | undefined): FireWord {
  const { sinceMs, firedAtMs, told, flapping } = phase;
  const base = { kind: "fire", sinceMs, firedAtMs, told, items: hold.names } as const;
  if (!flapping || !damping) return { ...base, reason: hold.fact };
  const often = `${damping.changes} times within ${formatDuration(damping.withinMs)}`;
  return { ...base, reason: `is flapping, it began or ended ${often}: ${hold.fact}`, flapping: true };
}

function goOnFiring(
  alert: Alert,
  before: FiringPhase,
  hold: Hold,
  terms: AlertTerms,
  nowMs: number,
): AlertStep {
  const phase = stillUnheard(before, terms);
  if (phase.flapping) return goOnFlapping(alert, phase, phase.flapping, hold, terms, nowMs);
  if (!hold.stands) {
    const keepingSinceMs = Math.min(phase.keepingSinceMs ?? nowMs, nowMs);
    if (nowMs >= keepingSinceMs + terms.keepFiringForMs) {
      return settleDown(resolve(withTurn(alert, terms, nowMs), phase, hold.fact, nowMs), hold, terms);
    }
    const isSame = phase.keepingSinceMs === keepingSinceMs && phase.items === hold.items;
    const kept = isSame ? phase : { ...phase, keepingSinceMs, worseSinceMs: undefined, items: hold.items };
    const keptUntilMs = keepingSinceMs + terms.keepFiringForMs;
    return still(alert, kept, least([keptUntilMs, nextItemMs(hold, terms.forMs, nowMs)]));
  }
  const told = tell(phase, hold, terms, nowMs);
  const step = still(alert, told.phase);
  return { ...step, words: told.words, deadlineMs: firingDeadlineMs(told.phase, hold, terms, nowMs) };
}

/** What a firing alert that goes on has to say, and its phase after that. */
function tell(before: FiringPhase, hold: Hold, terms: AlertTerms, nowMs: number): Telling {
  const late = tellUnheard(goesOnHolding(before, hold), hold, terms);
  let { phase } = late;
  const words: AlertWord[] = [...late.words];
  const why = whyUpdate(phase, hold, terms, nowMs);
  // Those who hear of it only now have just been told.
  const heard = why ? listeners(before, terms).filter((name) => !isHushed(terms, name)) : [];
  if (why && heard.length > 0) words.push(updateWord(phase, heard, hold, why));
  const isFirst = before.told.notify.length === 0;
  if (words.length > 0 && (why !== undefined || isFirst))
    phase = { ...phase, toldAtMs: nowMs, badness: hold.badness, worseSinceMs: undefined };
  const isWorse = worse(hold.badness, phase.badness);
  const worseSinceMs = isWorse ? Math.min(phase.worseSinceMs ?? nowMs, nowMs) : undefined;
  if (worseSinceMs !== phase.worseSinceMs) phase = { ...phase, worseSinceMs };
  return { phase, words };
}

/** Who has heard of it, and whom the rule still names: of its end hear the others too, of how it goes on they do not. */
function listeners({ told }: FiringPhase, terms: AlertTerms): readonly string[] {
  return told.notify.filter((name) => terms.told.notify.includes(name));
}

function goesOnHolding(phase: FiringPhase, hold: Hold): FiringPhase {
  if (phase.keepingSinceMs === undefined && phase.items === hold.items) return phase;
  return { ...phase, keepingSinceMs: undefined, items: hold.items };
}

function whyUpdate(
  phase: FiringPhase,
  hold: Hold,
  { repeatMs }: AlertTerms,
  nowMs: number,
): "worse" | "repeat" | undefined {
  const { worseSinceMs } = phase;
  const isWorse = worse(hold.badness, phase.badness);
  if (isWorse && worseSinceMs !== undefined && nowMs >= worseSinceMs + WORSE_SETTLE_MS) return "worse";
  return repeatMs !== undefined && nowMs >= lastToldMs(phase) + repeatMs ? "repeat" : undefined;
}

function updateWord(
  { sinceMs, firedAtMs, told }: FiringPhase,
  notify: readonly string[],
  hold: Hold,
  why: UpdateWord["why"],
): UpdateWord {
  return {
    kind: "update",
    why,
    sinceMs,
    firedAtMs,
    told: { ...told, notify },
    reason: hold.fact,
    items: hold.names,
  };
}

// Of an edited rule the numbers may not be comparable: then nothing is worse.
function worse(now: readonly number[], told: readonly number[] | undefined): boolean {
  return told?.length === now.length && now.some((value, index) => value > (told[index] ?? Infinity));
}

function lastToldMs({ toldAtMs, firedAtMs }: FiringPhase): number {
  return toldAtMs ?? firedAtMs;
}

/** While it flaps, only its calming down is told. */
function goOnFlapping(
  before: Alert,
  phase: FiringPhase,
  flapping: Flaps,
  hold: Hold,
  terms: AlertTerms,
  nowMs: number,
): AlertStep {
  const turn = turnOf(flapping, hold, terms, nowMs);
  const alert = turn.flapping.holds === flapping.holds ? before : withTurn(before, terms, nowMs);
  const isSame = turn.flapping === flapping && phase.items === hold.items;
  const now = isSame ? phase : { ...phase, flapping: turn.flapping, items: hold.items };
  const calmAtMs = calmMs(alert, terms, nowMs);
  if (nowMs >= calmAtMs) return calmDown(alert, now, turn.flapping, hold, terms, nowMs);
  const told = hold.stands ? tellUnheard(now, hold, terms) : { phase: now, words: [] };
  const hushMs = hushEndMs(told.phase.unheard ?? [], terms);
  const standsMs = hold.stands ? undefined : nextItemMs(hold, terms.forMs, nowMs);
  const step = still(alert, told.phase, least([calmAtMs, turn.dueMs, hushMs, standsMs]));
  return { ...step, words: told.words };
}

/** It turns when it has held for `for`, or has not for `keepFiringFor`, as it would without damping: a blip is no turn. */
function turnOf(
  flapping: Flaps,
  hold: Hold,
  { forMs, keepFiringForMs }: AlertTerms,
  nowMs: number,
): { readonly flapping: Flaps; readonly dueMs: number | undefined } {
  const { holds, turningSinceMs } = flapping;
  if (hold.stands === holds) {
    return { flapping: turningSinceMs === undefined ? flapping : { holds }, dueMs: undefined };
  }
  const sinceMs = Math.min(turningSinceMs ?? nowMs, nowMs);
  // With `each`, what stands has been held for `for`.
  const holdMs = hold.stands ? (hold.items ? 0 : forMs) : keepFiringForMs;
  if (nowMs >= sinceMs + holdMs) return { flapping: { holds: hold.stands }, dueMs: undefined };
  const same = sinceMs === turningSinceMs ? flapping : { holds, turningSinceMs: sinceMs };
  return { flapping: same, dueMs: sinceMs + holdMs };
}

function calmDown(
  alert: Alert,
  phase: FiringPhase,
  { holds, turningSinceMs }: Flaps,
  hold: Hold,
  terms: AlertTerms,
  nowMs: number,
): AlertStep {
  const reason = `no longer flapping: ${hold.fact}`;
  if (!holds) {
    const sinceMs = hold.items ? hold.sinceMs : (turningSinceMs ?? nowMs);
    return settleDown(resolve(alert, phase, reason, nowMs), { ...hold, sinceMs }, terms);
  }
  const calm: FiringPhase = {
    ...phase,
    flapping: undefined,
    toldAtMs: nowMs,
    badness: hold.badness,
    keepingSinceMs: hold.stands ? undefined : turningSinceMs,
  };
  const late = hold.stands ? tellUnheard(calm, hold, terms) : { phase: calm, words: [] };
  const heard = listeners(phase, terms).filter((name) => !isHushed(terms, name));
  const word = { ...updateWord(calm, heard, hold, "calm"), reason };
  const keptUntilMs =
    turningSinceMs === undefined || hold.stands ? undefined : turningSinceMs + terms.keepFiringForMs;
  const deadlineMs =
    keptUntilMs === undefined
      ? firingDeadlineMs(late.phase, hold, terms, nowMs)
      : least([keptUntilMs, nextItemMs(hold, terms.forMs, nowMs)]);
  const words = heard.length > 0 ? [...late.words, word] : late.words;
  return { ...still(alert, late.phase, deadlineMs), words };
}

interface Telling {
  readonly phase: FiringPhase;
  readonly words: readonly AlertWord[];
}

/** Who waits to hear of it are those whom the rule names now: it may have been edited, and a destination renamed. */
function stillUnheard(phase: FiringPhase, { told }: AlertTerms): FiringPhase {
  const { unheard } = phase;
  if (!unheard) return phase;
  const wanted = told.notify.filter((name) => !phase.told.notify.includes(name));
  if (wanted.length === unheard.length && wanted.every((name) => unheard.includes(name))) return phase;
  return { ...phase, unheard: wanted.length > 0 ? wanted : undefined };
}

/** Tells those whose quiet time is over. */
function tellUnheard(phase: FiringPhase, hold: Hold, terms: AlertTerms): Telling {
  const listening = (phase.unheard ?? []).filter((name) => !isHushed(terms, name));
  if (listening.length === 0) return { phase, words: [] };
  const unheard = phase.unheard?.filter((name) => !listening.includes(name)) ?? [];
  const word = fireWord({ ...phase, told: { ...phase.told, notify: listening } }, hold, terms.damping);
  const after: FiringPhase = {
    ...phase,
    told: { ...phase.told, notify: [...phase.told.notify, ...listening] },
    unheard: unheard.length > 0 ? unheard : undefined,
  };
  return { phase: after, words: [{ ...word, late: true }] };
}

/** When fewer than the rule's number of turns will be left within its time. */
function calmMs({ turnsMs = [] }: Alert, { damping }: AlertTerms, nowMs: number): number {
  if (!damping) return nowMs;
  const first = turnsMs.at(-damping.changes);
  return first === undefined ? nowMs : first + damping.withinMs;
}

/** The alert with one more fire or resolve. */
function withTurn(alert: Alert, { damping }: AlertTerms, nowMs: number): Alert {
  if (!damping) return alert.turnsMs ? { ...alert, turnsMs: undefined } : alert;
  const recent = (alert.turnsMs ?? []).filter((atMs) => nowMs < atMs + damping.withinMs);
  return { ...alert, turnsMs: [...recent, nowMs].slice(-damping.changes) };
}

function resolve(alert: Alert, phase: FiringPhase, reason: string, nowMs: number): AlertStep {
  const { sinceMs, firedAtMs, told } = phase;
  const ended: Alert = { ...alert, phase: { kind: "inactive" }, resolvedAtMs: nowMs };
  const word: ResolveWord = { kind: "resolve", sinceMs, firedAtMs, told, resolvedAtMs: nowMs, reason };
  // Who never heard of it need not hear of its end.
  return { alert: ended, words: told.notify.length > 0 ? [word] : [], deadlineMs: undefined };
}

/** Members or zones that have not held for long enough yet go on from their own start. */
function settleDown(step: AlertStep, hold: Hold, terms: AlertTerms): AlertStep {
  if (!hold.holds) return step;
  const { sinceMs, items } = hold;
  const alert: Alert = { ...step.alert, phase: { kind: "pending", sinceMs, items } };
  return { ...step, alert, deadlineMs: fireAt(alert, hold, terms) };
}

function isHushed({ hushedUntilMs }: AlertTerms, destination: string): boolean {
  return hushedUntilMs?.(destination) !== undefined;
}

function hushEndMs(destinations: readonly string[], { hushedUntilMs }: AlertTerms): number | undefined {
  return least(destinations.map((name) => hushedUntilMs?.(name)));
}

function firingDeadlineMs(
  phase: FiringPhase,
  hold: Hold,
  terms: AlertTerms,
  nowMs: number,
): number | undefined {
  const { unheard = [], worseSinceMs } = phase;
  const updateMs = least([
    worseSinceMs === undefined ? undefined : worseSinceMs + WORSE_SETTLE_MS,
    terms.repeatMs === undefined ? undefined : lastToldMs(phase) + terms.repeatMs,
  ]);
  return least([
    hushEndMs(unheard, terms),
    // What is due and was not told waits for the end of a quiet time.
    updateMs !== undefined && updateMs <= nowMs ? hushEndMs(listeners(phase, terms), terms) : updateMs,
    nextItemMs(hold, terms.forMs, nowMs),
  ]);
}

function least(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((atMs): atMs is number => atMs !== undefined && Number.isFinite(atMs));
  return known.length > 0 ? Math.min(...known) : undefined;
}
