import { z } from "zod";
import type { Condition, RingView } from "./condition.ts";

/**
 * What one shorthand of `when:` means. Each has a file of its own and a line in `condition-kinds.ts`;
 * the schema, the evaluation and the check's words all come from here.
 */
export interface ConditionKind<C extends Condition> {
  readonly kind: C["kind"];
  /** What may stand after the key; its output goes to `build`. */
  readonly schema: z.ZodType;
  build(value: unknown): C;
  /** For the check's table: `fewer than 3 ready`. */
  describe(condition: C): string;
  /** Whether an absent ring can be judged although no rule names it: true only for `missing`. */
  readonly judgesUnnamedAbsent: boolean;
  /** Which parts of a ring it can be asked of, beside the whole. */
  readonly each: readonly ("member" | "zone")[];
  holds(condition: C, view: RingView): boolean;
  /** What decides, in a few words: `2 of 5 ready, wanted at least 3`. Asked for only when it is to be told. */
  fact(condition: C, view: RingView): string;
  /** Larger is worse; undefined where there is only yes and no. */
  badness?(condition: C, view: RingView): number;
}

/** A threshold: a whole number of at least 1. */
export const countSchema = z
  .int({ error: "must be a whole number of at least 1" })
  .min(1, { error: "must be a whole number of at least 1" });

/** A switch that can only be set: leaving it out is the other position. */
export const trueSchema = z.literal(true, { error: "must be true, or be left out" });

/** `Service missing, ` before a count when there is no Service to count in. */
export function absence(view: RingView): string {
  return view.ring.present ? "" : "Service missing, ";
}
