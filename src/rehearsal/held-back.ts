import type { Alert } from "../alerts/alert.ts";
import type { Baseline } from "../alerts/baseline.ts";
import type { GroupChange, GroupMember } from "../alerts/group.ts";
import type { Notice } from "../alerts/notice.ts";
import { subjectKey } from "../alerts/subject.ts";
import { formatDuration } from "../rules/duration.ts";
import type { Ring } from "../ring/ring.ts";
import type { RulesFile } from "../rules/load-rules.ts";
import type { Rule } from "../rules/rule.ts";
import type { Commit } from "../state/store.ts";
import { WhyQuiet } from "./why-quiet.ts";

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
 * in a quiet time, alerts that were over before their group spoke, deliveries that came to nothing.
 */
export class HeldBackBook {
  readonly #rules: ReadonlyMap<string, Rule>;
  readonly #alerts = new Map<string, Alert>();
  readonly #baselines = new Map<string, Baseline>();
  /** Alerts that their group has not told of, by destination and subject. */
  readonly #grouped = new Map<string, GroupMember>();
  readonly #quiet: WhyQuiet;
  readonly #heldBack: HeldBack[] = [];

  constructor(file: RulesFile) {
    this.#rules = new Map(file.rules.map((rule) => [rule.name, rule]));
    this.#quiet = new WhyQuiet(file);
  }

  get heldBack(): readonly HeldBack[] {
    return this.#heldBack;
  }

  /** Takes in a ring before it is judged. */
  seen(ring: Ring): void {
    this.#quiet.seen(ring);
  }

  /** Takes in a transaction. */
  take({ alerts = [], baselines = [], groups = [], ended = [] }: Commit, nowMs: number): void {
    for (const { rule, ring, phase } of alerts) this.#quiet.fires(rule, ring, phase.kind === "firing", nowMs);
    for (const alert of alerts) this.#takeAlert(alert, nowMs);
    for (const change of groups) this.#takeGroup(change, nowMs);
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
    const firing = before?.phase.kind === "firing" ? before.phase : undefined;
    if (phase.kind !== "firing") {
      const { unheard = [] } = firing ?? {};
      if (firing && unheard.length > 0)
        held(firing.firedAtMs, `resolved before ${unheard.join(", ")} heard of it`);
      return;
    }
    const unheard = (phase.unheard ?? []).filter((name) => !firing?.unheard?.includes(name));
    if (unheard.length > 0)
      held(nowMs, `${unheard.join(", ")} is not told now${this.#why(rule, ring, unheard, nowMs, ": ")}`);
    if (phase.flapping && !firing?.flapping)
      held(nowMs, "it flaps: neither its ends nor its beginnings are told");
  }

  #takeGroup({ group: { destination, key }, members }: GroupChange, nowMs: number): void {
    for (const [subject, member] of members) {
      const place = `${destination} ${subject}`;
      const untold = this.#grouped.get(place);
      if (member && !member.isTold) this.#grouped.set(place, member);
      else this.#grouped.delete(place);
      if (member || !untold) continue;
      const { rule, ring, since } = untold;
      const why = `resolved before its group ${key} spoke to ${destination}`;
      this.#heldBack.push({ atMs: nowMs, sinceMs: Date.parse(since), rule, ring, why });
    }
  }

  #why(name: string, ring: string, to: readonly string[], atMs: number, before: string, after = ""): string {
    const rule = this.#rules.get(name);
    const why = rule && this.#quiet.why(rule, ring, to, atMs);
    return why === undefined ? "" : before + why + after;
  }

  /** What stood for longer than its settle time was not told for another reason. */
  #whyNotSettled(name: string, ring: string, sinceMs: number, nowMs: number): string {
    const trigger = this.#rules.get(name)?.trigger;
    const dueMs = sinceMs + (trigger?.kind === "change" ? trigger.settleMs : Infinity);
    return dueMs < nowMs ? this.#why(name, ring, [], dueMs, " (", ")") : "";
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
    if (back.length > 0) {
      const said = `settled back after ${ago(backMs, nowMs)}: ${names(back)}`;
      held(backMs, said + this.#whyNotSettled(rule, ring, backMs, nowMs));
    }
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
