import type { Alert } from "../alerts/alert.ts";
import type { Baseline } from "../alerts/baseline.ts";
import type { Notice } from "../alerts/notice.ts";
import { subjectKey } from "../alerts/subject.ts";
import { formatDuration } from "../rules/duration.ts";
import type { RulesFile } from "../rules/load-rules.ts";
import type { Rule } from "../rules/rule.ts";
import type { Commit } from "../state/store.ts";

/** Something that was about to be said, and was not. */
export interface HeldBack {
  /** When it was over, in epoch milliseconds. */
  readonly atMs: number;
  /** When it began. */
  readonly sinceMs: number;
  readonly rule: string;
  /** `namespace/service`. */
  readonly ring: string;
  readonly why: string;
}

/**
 * Finds out from what Ringbell stores what it did not say: holds that ended before their `for`, changes that settled back, news
 * in a quiet time, deliveries that came to nothing.
 */
export class HeldBackBook {
  readonly #rules: ReadonlyMap<string, Rule>;
  readonly #alerts = new Map<string, Alert>();
  readonly #baselines = new Map<string, Baseline>();
  readonly #heldBack: HeldBack[] = [];

  constructor({ rules }: RulesFile) {
    this.#rules = new Map(rules.map((rule) => [rule.name, rule]));
  }

  get heldBack(): readonly HeldBack[] {
    return this.#heldBack;
  }

  /** Takes in a transaction. */
  take({ alerts = [], baselines = [], ended = [] }: Commit, nowMs: number): void {
    for (const alert of alerts) this.#takeAlert(alert, nowMs);
    for (const baseline of baselines) this.#takeBaseline(baseline, nowMs);
    for (const { delivery, end } of ended) {
      if (end.kind !== "dead") continue;
      const { rule, ring } = delivery.notice;
      const why = `not delivered to ${delivery.destination}: ${end.detail ?? end.reason}`;
      this.#heldBack.push({ atMs: nowMs, sinceMs: delivery.acceptedAtMs, rule, ring: ring.key, why });
    }
  }

  /** Takes in a notice that nobody is to be told. */
  untold({ rule, ring, title }: Notice, nowMs: number): void {
    const why = `nobody is to be told: ${title}`;
    this.#heldBack.push({ atMs: nowMs, sinceMs: nowMs, rule, ring: ring.key, why });
  }

  #takeAlert(alert: Alert, nowMs: number): void {
    const { rule, ring, phase } = alert;
    const key = subjectKey(rule, ring);
    const before = this.#alerts.get(key);
    this.#alerts.set(key, alert);
    const held = (sinceMs: number, why: string): void =>
      void this.#heldBack.push({ atMs: nowMs, sinceMs, rule, ring, why });
    if (before?.phase.kind === "pending" && phase.kind === "inactive" && alert.episode === before.episode) {
      const lasted = formatDuration(nowMs - before.phase.sinceMs);
      held(before.phase.sinceMs, `held for ${lasted}, and ${this.#forWords(rule)}`);
    }
    if (phase.kind !== "firing") return;
    const firing = before?.phase.kind === "firing" ? before.phase : undefined;
    if ((phase.unheard?.length ?? 0) > (firing?.unheard?.length ?? 0))
      held(nowMs, `quiet now: ${phase.unheard?.join(", ")} will hear of it when it still fires then`);
    if (phase.flapping && !firing?.flapping)
      held(nowMs, "it flaps: neither its ends nor its beginnings are told");
  }

  #forWords(name: string): string {
    const trigger = this.#rules.get(name)?.trigger;
    return trigger?.kind === "condition" && trigger.forMs > 0
      ? `for is ${formatDuration(trigger.forMs)}`
      : "nothing was said yet";
  }

  #takeBaseline(baseline: Baseline, nowMs: number): void {
    const { rule, ring } = baseline;
    const key = subjectKey(rule, ring);
    const before = this.#baselines.get(key);
    this.#baselines.set(key, baseline);
    if (!before || before.presence === "unseen" || baseline.generation !== before.generation) return;
    const held = (sinceMs: number, why: string): void =>
      void this.#heldBack.push({ atMs: nowMs, sinceMs, rule, ring, why });
    const presence = before.presenceDeviation;
    if (presence && !baseline.presenceDeviation && baseline.presence === before.presence) {
      const state = before.presence === "present" ? "gone" : "back";
      held(presence.sinceMs, `the Service was ${state} for ${ago(presence.sinceMs, nowMs)} only`);
    }
    const pending = [...before.deviations, ...before.readiness];
    const over = pending.filter(
      ([member]) => !baseline.deviations.has(member) && !baseline.readiness.has(member),
    );
    const back = over.filter(([member]) => stateOf(baseline, member) === stateOf(before, member));
    const taken = over.filter((one) => !back.includes(one));
    const backMs = Math.min(...back.map(([, { sinceMs }]) => sinceMs));
    if (back.length > 0) held(backMs, `settled back after ${ago(backMs, nowMs)}: ${names(back)}`);
    const takenMs = Math.min(...taken.map(([, { sinceMs }]) => sinceMs));
    if (taken.length > 0) held(takenMs, `the rule does not tell of this: ${names(taken)}`);
  }
}

function ago(sinceMs: number, nowMs: number): string {
  return formatDuration(nowMs - sinceMs);
}

/** What a baseline takes as a member's state. */
function stateOf({ members }: Baseline, key: string): string | undefined {
  const member = members.get(key);
  return member && `${member.uid} ${member.addresses.join(" ")} ${member.ready}`;
}

/** Members without their namespace, not too many. */
function names(members: readonly (readonly [key: string, deviation: unknown])[]): string {
  const keys = [...new Set(members.map(([key]) => key))];
  const shown = keys.slice(0, 5).map((key) => key.slice(key.indexOf("/") + 1));
  return shown.join(", ") + (keys.length > shown.length ? ` and ${keys.length - shown.length} more` : "");
}
