import { z } from "zod";
import { parseDuration } from "./duration.ts";

/** The words for what is no duration. */
export const DURATION_WANTED = "must be a duration such as 90s, 5m or 1h30m";

/** A duration in the rules file; its output is in milliseconds. */
export const durationSchema = z.string({ error: DURATION_WANTED }).transform((text, context) => {
  const duration = parseDuration(text);
  if (duration.ok) return duration.ms;
  context.addIssue({ code: "custom", message: DURATION_WANTED, params: { because: duration.issue } });
  return z.NEVER;
});
