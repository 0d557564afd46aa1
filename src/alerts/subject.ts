import type { Ring } from "../ring/ring.ts";
import type { Rule } from "../rules/rule.ts";
import type { Decisions } from "./decisions.ts";
import type { Standing } from "./standing.ts";
import type { Surroundings } from "./surroundings.ts";

/** What one rule says about one ring: the unit of alerts, baselines and the order of deliveries. */
export interface Subject {
  /** See `subjectKey`. */
  readonly key: string;
  readonly ringKey: string;
  rule: Rule;
  /** As last seen; undefined since the start, or since the ring is out of the rule's scope. */
  ring: Ring | undefined;
  /** It fires, told or not. */
  readonly isFiring: boolean;
  /** It would have spoken, and somebody is to hear of it later. */
  readonly isHushed: boolean;
  /** Judges the ring as it is now. Returns when time alone will change the answer, in epoch milliseconds. */
  step(ring: Ring, nowMs: number, decisions: Decisions, around: Surroundings): number | undefined;
  /** The ring is no longer the rule's affair: what was told ends with this reason, what was not is forgotten. */
  end(reason: string, nowMs: number, decisions: Decisions): void;
  /** Where it stands, for people. */
  standing(nowMs: number, around: Surroundings): Standing | undefined;
}

/** The name of a subject in stored state and in deliveries. */
export function subjectKey(rule: string, ring: string): string {
  return `${rule} ${ring}`;
}
