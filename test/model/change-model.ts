import type { ChangeTrigger, Rule } from "../../src/rules/rule.ts";
import {
  type History,
  isWithin,
  type Pod,
  quietSpans,
  type Shown,
  type Span,
  type Windows,
} from "./history.ts";
import { isCounted, isReady } from "./judge.ts";
import { type Look, replayHistory } from "./replay-history.ts";

/** What must be told of a change, and when; members by their keys, in order. */
export interface ChangeSaid {
  readonly atMs: number;
  readonly generation: number;
  readonly notify: readonly string[];
  readonly removed: boolean;
  readonly forced: boolean;
  readonly whileAway: boolean;
  readonly firstChangeMs: number;
  readonly settledMs: number;
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly joined: readonly string[];
  readonly left: readonly string[];
  readonly replaced: readonly string[];
  readonly moved: readonly string[];
  readonly becameReady: readonly string[];
  readonly becameUnready: readonly string[];
}

type Members = ReadonlyMap<string, Pod>;

/** What was last taken as the state of the ring. */
type Base =
  | { readonly kind: "unseen" }
  | { readonly kind: "absent" }
  | { readonly kind: "present"; readonly members: Members };

/** One difference between the base and the ring: `member KEY`, `readiness KEY` or `presence`, and what it is now. */
interface Difference {
  readonly what: string;
  readonly key: string;
  readonly is: string;
}

interface Seen {
  readonly atMs: number;
  readonly shown: Shown;
  readonly isFirst: boolean;
}

interface Standing extends Difference {
  readonly sinceMs: number;
  readonly whileAway: boolean;
}

/** All reports of one change rule on one ring, from everything that was ever seen of it, and what it holds in the end. */
export function changeReports(
  history: History,
  windows: Windows,
  suppressed: readonly Span[],
  subject: { readonly rule: string; readonly ring: string },
  endMs: number,
): { readonly said: readonly ChangeSaid[]; readonly base: readonly string[] | "absent" | "unseen" } {
  const model = new ChangeModel(windows, suppressed);
  replayHistory(history, subject, endMs, (look) => model.look(look));
  return { said: model.said, base: model.base };
}

class ChangeModel {
  readonly said: ChangeSaid[] = [];
  readonly #windows: Windows;
  readonly #suppressed: readonly Span[];
  #base: Base = { kind: "unseen" };
  /** All looks since the base was begun. */
  #seen: Seen[] = [];
  #wasEverSeen = false;
  #generation = 0;
  #reportedAtMs = -Infinity;
  #trigger: ChangeTrigger | undefined;

  constructor(windows: Windows, suppressed: readonly Span[]) {
    this.#windows = windows;
    this.#suppressed = suppressed;
  }

  get base(): readonly string[] | "absent" | "unseen" {
    return this.#base.kind === "present" ? [...this.#base.members.keys()].sort() : this.#base.kind;
  }

  look({ nowMs, moment, now, isEvent, isFirst }: Look): readonly number[] {
    const { rule, shown } = now;
    if (!now.isRunning) return [];
    if (!rule || rule.trigger.kind !== "change") {
      this.#base = { kind: "unseen" };
      this.#seen = [];
      return [];
    }
    if (shown === undefined) return [];
    // Time alone shows nothing new.
    if (isEvent) this.#seen.push({ atMs: nowMs, shown, isFirst: isFirst && this.#wasEverSeen });
    this.#wasEverSeen = true;
    const { trigger } = rule;
    const quiet = quietSpans(now, this.#windows, this.#suppressed, undefined);
    const mayTell = nowMs >= this.#reportedAtMs + trigger.cooldownMs && !isWithin(quiet, moment);
    if (mayTell || this.#base.kind === "unseen") this.#mayReport(nowMs, shown, rule, trigger);
    // Of a rule that was edited the terms are new, and count from whenever something began.
    const isSame = trigger === this.#trigger;
    this.#trigger = trigger;
    const begins = isSame ? (isEvent ? [nowMs] : []) : this.#seen.map(({ atMs }) => atMs);
    return [
      ...begins.map((atMs) => atMs + trigger.settleMs),
      ...begins.map((atMs) => atMs + trigger.settleMs + trigger.maxWaitMs),
      this.#reportedAtMs + trigger.cooldownMs,
      ...quiet.map(([, untilMs]) => Math.floor(untilMs)),
    ].filter(Number.isFinite);
  }

  #mayReport(nowMs: number, shown: Shown, rule: Rule, trigger: ChangeTrigger): void {
    const differences = this.#standing(shown, rule, trigger);
    const counting = differences.filter(({ sinceMs }) => nowMs >= sinceMs + trigger.settleMs);
    if (counting.length === 0) return;
    const firstMs = Math.min(...counting.map(({ sinceMs }) => sinceMs));
    const lastMs = Math.max(...counting.map(({ sinceMs }) => sinceMs));
    const isAll = counting.length === differences.length;
    if (!isAll && nowMs < firstMs + trigger.settleMs + trigger.maxWaitMs) return;
    const before = this.#base;
    this.#move(shown, rule, trigger, counting);
    const said = netChange(before, this.#base, counting);
    if (before.kind === "unseen" || !isAskedFor(said, trigger)) return;
    this.#generation++;
    this.#reportedAtMs = nowMs;
    const notify = exceeds(said, trigger) ? (trigger.guard?.otherwise ?? []) : rule.notify;
    this.said.push({
      atMs: nowMs,
      generation: this.#generation,
      notify: [...notify].sort(),
      forced: !isAll,
      whileAway: counting.some(({ whileAway }) => whileAway),
      firstChangeMs: firstMs,
      settledMs: lastMs + trigger.settleMs,
      ...said,
    });
  }

  /** Everything that differs now, since when it has differed in the same way at each look. */
  #standing(shown: Shown, rule: Rule, trigger: ChangeTrigger): Standing[] {
    return differencesOf(this.#base, shown, rule, trigger).map((difference) => {
      let first: Seen | undefined;
      for (let at = this.#seen.length - 1; at >= 0; at--) {
        const look = this.#seen[at];
        if (!look) break;
        // While a Service is gone its members stand still.
        const isGone = look.shown === "absent" && this.#base.kind === "present";
        if (isGone && difference.what !== "presence") continue;
        const same = differencesOf(this.#base, look.shown, rule, trigger).some(
          ({ what, key, is }) => what === difference.what && key === difference.key && is === difference.is,
        );
        if (!same) break;
        first = look;
      }
      return { ...difference, sinceMs: first?.atMs ?? Infinity, whileAway: first?.isFirst ?? false };
    });
  }

  /** The base moves for what counts, and for nothing else. */
  #move(shown: Shown, rule: Rule, trigger: ChangeTrigger, counting: readonly Difference[]): void {
    if (shown === "absent") {
      this.#base = { kind: "absent" };
      return;
    }
    const now = membersOf(shown, rule);
    const members = new Map(this.#base.kind === "present" ? this.#base.members : []);
    for (const { key } of counting.filter(({ what }) => what === "member")) {
      const pod = now.get(key);
      const before = members.get(key);
      if (!pod) members.delete(key);
      else members.set(key, before && asksReadiness(trigger) ? { ...pod, serving: isReady(before) } : pod);
    }
    for (const { key } of counting.filter(({ what }) => what === "readiness")) {
      const pod = now.get(key);
      const before = members.get(key);
      if (pod && before) members.set(key, { ...before, serving: isReady(pod) });
    }
    this.#base = { kind: "present", members };
  }
}

function membersOf(shown: Shown, { membership }: Rule): Members {
  const pods = shown === "absent" ? [] : shown.filter((pod) => isCounted(pod, membership));
  return new Map(pods.map((pod) => [pod.key, pod]));
}

function differencesOf(base: Base, shown: Shown, rule: Rule, trigger: ChangeTrigger): Difference[] {
  const isThere = shown !== "absent";
  if (isThere !== (base.kind === "present") && !isThere) return [{ what: "presence", key: "", is: "absent" }];
  const presence = isThere && base.kind !== "present" ? [{ what: "presence", key: "", is: "present" }] : [];
  const before: Members = base.kind === "present" ? base.members : new Map();
  const now = membersOf(shown, rule);
  const members = [...new Set([...before.keys(), ...now.keys()])].flatMap((key): Difference[] => {
    const [was, pod] = [before.get(key), now.get(key)];
    const is = howItDiffers(was, pod);
    const isTurned = asksReadiness(trigger) && was && pod && isReady(was) !== isReady(pod);
    return [
      ...(is === undefined ? [] : [{ what: "member", key, is }]),
      ...(isTurned ? [{ what: "readiness", key, is: isReady(pod) ? "ready" : "unready" }] : []),
    ];
  });
  return [...presence, ...members];
}

function howItDiffers(was: Pod | undefined, pod: Pod | undefined): string | undefined {
  if (!pod) return was && "left";
  if (!was) return `joined ${pod.uid}`;
  if (was.uid !== pod.uid) return `replaced ${pod.uid}`;
  return was.address === pod.address ? undefined : `moved ${pod.address}`;
}

function asksReadiness({ on }: ChangeTrigger): boolean {
  return on.includes("ready") || on.includes("unready");
}

type Net = Omit<
  ChangeSaid,
  "atMs" | "generation" | "notify" | "forced" | "whileAway" | "firstChangeMs" | "settledMs"
>;

function netChange(before: Base, after: Base, counting: readonly Difference[]): Net {
  const keys = (base: Base): string[] => (base.kind === "present" ? [...base.members.keys()].sort() : []);
  const removed = before.kind === "present" && after.kind === "absent";
  const which = (what: string, word: string): string[] =>
    counting
      .filter((each) => each.what === what && each.is.startsWith(word))
      .map(({ key }) => key)
      .sort();
  return {
    removed,
    before: keys(before),
    after: keys(after),
    joined: which("member", "joined"),
    left: which("member", "left"),
    replaced: which("member", "replaced"),
    moved: which("member", "moved"),
    becameReady: which("readiness", "ready"),
    becameUnready: which("readiness", "unready"),
  };
}

function isAskedFor(net: Net, { on }: ChangeTrigger): boolean {
  const words = {
    joined: net.joined.length > 0,
    left: net.left.length > 0 || net.removed,
    replaced: net.replaced.length > 0,
    moved: net.moved.length > 0,
    removed: net.removed,
    ready: net.becameReady.length > 0,
    unready: net.becameUnready.length > 0,
  };
  const isChanged = words.joined || words.left || words.replaced || words.moved;
  return on.some((word) => (word === "changed" ? isChanged : words[word]));
}

function exceeds({ before, after, left, removed }: Net, { guard }: ChangeTrigger): boolean {
  if (!guard) return false;
  // Lost is who left, whoever came instead.
  const lost = removed ? before.length : left.length;
  const most =
    guard.maxLost?.kind === "percent" ? (guard.maxLost.percent * before.length) / 100 : guard.maxLost?.count;
  return after.length < (guard.minMembers ?? 0) || lost > (most ?? Infinity);
}
