import type { Ring } from "../ring/ring.ts";
import type { Rule, Suppressor } from "../rules/rule.ts";
import { type Subject, subjectKey } from "./subject.ts";

/** Rings that recover together are heard of one by one: so long the others stay silent after the one that spoke for them. */
export const LINGER_MS = 10_000;

/** So long a stored alert may wait for its ring to be seen, and speaks for every zone and node. */
export const UNSEEN_MS = 60_000;

interface Speaking {
  /** `Infinity` while it fires. */
  readonly untilMs: number;
  readonly zone: ReadonlySet<string>;
  readonly node: ReadonlySet<string>;
  /** It fires, and which zones and nodes are in trouble is not known again yet: until then, all may be. */
  readonly unseenUntilMs?: number | undefined;
}

/** Which rules speak for which others: a rule is silent while one that it names fires for the same ring, zone or node. */
export class Inhibition {
  /** Subjects that fire, or did a moment ago, by the name of their rule; only of rules that suppress others. */
  readonly #speaking = new Map<string, Map<string, Speaking>>();
  #suppressors: ReadonlySet<string> = new Set();

  setRules(rules: readonly Rule[]): void {
    this.#suppressors = new Set(rules.flatMap(({ suppressedBy }) => suppressedBy.map(({ rule }) => rule)));
    for (const name of this.#speaking.keys()) if (!this.#suppressors.has(name)) this.#speaking.delete(name);
  }

  /** Notes whether a subject fires. True when those it suppressed may speak now, or soon. */
  note(subject: Subject, nowMs: number): boolean {
    const { name } = subject.rule;
    if (!this.#suppressors.has(name)) return false;
    const ofRule = this.#speaking.get(name) ?? new Map<string, Speaking>();
    this.#speaking.set(name, ofRule);
    for (const [key, { untilMs }] of ofRule) if (untilMs <= nowMs) ofRule.delete(key);
    const before = ofRule.get(subject.key);
    if (!subject.isFiring) {
      if (before?.untilMs !== Infinity) return false;
      const untilMs = nowMs + LINGER_MS;
      ofRule.set(subject.key, { ...before, untilMs, unseenUntilMs: before.unseenUntilMs && untilMs });
      return true;
    }
    const { ring } = subject;
    const zone = ring ? troubled(ring, "zone") : new Set<string>();
    const node = ring ? troubled(ring, "node") : new Set<string>();
    ofRule.set(subject.key, { untilMs: Infinity, zone, node });
    if (before === undefined) return false;
    return (
      before.unseenUntilMs !== undefined || !(before.zone.isSubsetOf(zone) && before.node.isSubsetOf(node))
    );
  }

  /** Takes up a stored subject. One that has just resolved still speaks for its ring; for which zones and nodes is not known any more. */
  takeUp(subject: Subject, resolvedAtMs: number | undefined, nowMs: number): void {
    this.note(subject, nowMs);
    const ofRule = this.#speaking.get(subject.rule.name);
    if (subject.isFiring && !subject.ring) {
      const unseen = { untilMs: Infinity, zone: new Set<string>(), node: new Set<string>() };
      ofRule?.set(subject.key, { ...unseen, unseenUntilMs: nowMs + UNSEEN_MS });
      return;
    }
    if (subject.isFiring || resolvedAtMs === undefined) return;
    const untilMs = Math.min(resolvedAtMs, nowMs) + LINGER_MS;
    if (untilMs <= nowMs) return;
    ofRule?.set(subject.key, { untilMs, zone: new Set(), node: new Set() });
  }

  /** Which rule speaks for this one about this ring now, and until when; `Infinity` while it fires. */
  suppressor(
    rule: Rule,
    ring: Ring,
    nowMs: number,
  ): { readonly rule: string; readonly untilMs: number } | undefined {
    for (const suppressor of rule.suppressedBy) {
      const untilMs = this.#speaksUntilMs(suppressor, ring);
      if (untilMs > nowMs) return { rule: suppressor.rule, untilMs };
    }
    return undefined;
  }

  #speaksUntilMs({ rule, same }: Suppressor, ring: Ring): number {
    const speaking = this.#speaking.get(rule);
    if (!speaking || speaking.size === 0) return -Infinity;
    if (same === "ring") return speaking.get(subjectKey(rule, ring.key))?.untilMs ?? -Infinity;
    const places = troubled(ring, same);
    if (places.size === 0) return -Infinity;
    // Each place is spoken for until the last of those who do; all must be.
    const ends = [...places].map((place) =>
      Math.max(
        ...speaking
          .values()
          .map((each) => (each[same].has(place) ? each.untilMs : (each.unseenUntilMs ?? -Infinity))),
      ),
    );
    return Math.min(...ends);
  }
}

/** The zones or nodes of the members that are listed and not ready. */
function troubled(ring: Ring, same: "zone" | "node"): ReadonlySet<string> {
  const places = ring.members.filter((member) => !member.ready).map((member) => member[same]);
  return new Set(places.filter((place) => place !== undefined));
}
