import type { Member, Ring } from "../../ring/ring.ts";

/** A number of members, or a share of the expected size in percent. */
export type Threshold =
  | { readonly kind: "count"; readonly count: number }
  | { readonly kind: "percent"; readonly percent: number };

/** One shorthand of `when:` with its threshold. The file of the same name under `conditions/` gives it its meaning. */
export type Condition =
  | { readonly kind: "readyBelow"; readonly threshold: Threshold }
  | { readonly kind: "notReadyAbove"; readonly threshold: Threshold }
  | { readonly kind: "membersBelow"; readonly threshold: Threshold }
  | { readonly kind: "noneReady" }
  | { readonly kind: "missing" }
  | { readonly kind: "zoneWithoutReady" }
  | { readonly kind: "zonesBelow"; readonly count: number }
  | { readonly kind: "nodeShareAbove"; readonly percent: number }
  | { readonly kind: "flapping"; readonly changes: number; readonly withinMs: number };

/** Whether something holds, with the fact that decides it in a few words. */
export interface Judgement {
  readonly holds: boolean;
  /** For people: `2 of 5 ready, wanted at least 3`. */
  readonly fact: string;
  /** How bad it is, one number for each condition that can be worse or better; larger is worse. */
  readonly badness: readonly number[];
}

/** One member or zone of a rule with `each`. */
export interface ItemJudgement extends Judgement {
  /** The member's key, or the zone. */
  readonly item: string;
  /** What people call it. */
  readonly name: string;
}

/** What a rule finds of a ring now. */
export interface Verdict extends Judgement {
  /** With `each`, those for which it holds. */
  readonly items?: readonly ItemJudgement[];
}

/** What conditions look at: the ring or one part of it, with only those members that the rule's `membership` counts. */
export interface RingView {
  readonly ring: Ring;
  readonly total: number;
  readonly ready: number;
  /** How many members are listed, counted or not. */
  readonly listed: number;
  readonly members: readonly Member[];
  /** How many members there should be; undefined where that is not known. */
  readonly expected: number | undefined;
  /** How many changes there were lately: as many as the rule's `flapping` asks for at most. */
  readonly changes: number;
}
