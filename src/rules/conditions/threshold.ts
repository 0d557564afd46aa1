import { z } from "zod";
import type { Threshold } from "./condition.ts";

const PERCENT = /^(\d{1,3})%$/;

/** The number of members that a threshold stands for; undefined for percent of a size that is not known. */
export function thresholdValue(threshold: Threshold, expected: number | undefined): number | undefined {
  if (threshold.kind === "count") return threshold.count;
  return expected === undefined ? undefined : (threshold.percent * expected) / 100;
}

/** `3`, or `60% of 5`. */
export function thresholdWords(threshold: Threshold, expected?: number): string {
  if (threshold.kind === "count") return String(threshold.count);
  return `${threshold.percent}%${expected === undefined ? "" : ` of ${expected}`}`;
}

/** A whole number of at least `least`, or percent such as `60%` from 1 to 100; its output is a `Threshold`. */
export function thresholdSchema(least: 0 | 1) {
  const error = `must be a whole number of at least ${least}, or percent such as 60%`;
  return z
    .union([z.int({ error }).min(least, { error }), z.string({ error }).regex(PERCENT, { error })], { error })
    .transform((value, context): Threshold => {
      if (typeof value === "number") return { kind: "count", count: value };
      const percent = Number(value.slice(0, -1));
      if (percent >= 1 && percent <= 100) return { kind: "percent", percent };
      context.addIssue({ code: "custom", message: "must be between 1% and 100%" });
      return z.NEVER;
    });
}

/** Percent such as `50%`, from 1 to 100; its output is the number. */
export const percentSchema = z
  .string({ error: "must be percent such as 50%" })
  .regex(/^([1-9]\d?|100)%$/, { error: "must be percent between 1% and 100%, such as 50%" })
  .transform((text) => Number(text.slice(0, -1)));
