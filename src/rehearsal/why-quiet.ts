import { LINGER_MS } from "../alerts/inhibition.ts";
import { QuietTimes } from "../alerts/quiet-times.ts";
import { SilenceBook } from "../alerts/silence-book.ts";
import { subjectKey } from "../alerts/subject.ts";
import type { Ring } from "../ring/ring.ts";
import type { RulesFile } from "../rules/load-rules.ts";
import type { Rule } from "../rules/rule.ts";

/**
 * Says why nobody is told, by the rules file, the labels of Services and the alerts that fire. Silences that people made are
 * state of a running Ringbell, and no part of a history.
 */
export class WhyQuiet {
  readonly #quiet: QuietTimes;
  readonly #rings = new Map<string, Ring>();
  /** By rule and ring, until when it fires, and speaks for others. */
  readonly #firing = new Map<string, Map<string, number>>();

  constructor(file: RulesFile) {
    this.#quiet = new QuietTimes(file, new SilenceBook([]));
  }

  /** Takes in a ring before it is judged. */
  seen(ring: Ring): void {
    this.#rings.set(subjectKey(ring.source, ring.key), ring);
  }

  /** Takes in that a rule fires for a ring, or does not any more. */
  fires(rule: string, ring: string, isFiring: boolean, nowMs: number): void {
    const rings = this.#firing.get(rule) ?? new Map<string, number>();
    this.#firing.set(rule, rings);
    if (isFiring) rings.set(ring, Infinity);
    else if (rings.get(ring) === Infinity) rings.set(ring, nowMs + LINGER_MS);
  }

  /** Why a rule does not speak of a ring at a moment, and, if it may, why these destinations do not hear of it; undefined when nothing is known. */
  why(rule: Rule, ringKey: string, destinations: readonly string[], atMs: number): string | undefined {
    const ring = this.#rings.get(subjectKey(rule.source, ringKey));
    if (!ring) return undefined;
    const whys = destinations.map((name) => this.#quiet.destinationHush(name, rule, ring, atMs)?.why);
    return (
      this.#suppressor(rule, ringKey, atMs) ?? this.#quiet.hush(rule, ring, atMs)?.why ?? whys.find(Boolean)
    );
  }

  #suppressor({ suppressedBy }: Rule, ring: string, atMs: number): string | undefined {
    const by = suppressedBy.find(({ rule, same }) => {
      const firing = this.#firing.get(rule);
      const untils = same === "ring" ? [firing?.get(ring) ?? -Infinity] : [...(firing?.values() ?? [])];
      return untils.some((untilMs) => untilMs > atMs);
    });
    return by && `${by.rule} speaks for it`;
  }
}
