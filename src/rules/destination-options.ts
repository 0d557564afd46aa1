import { z } from "zod";
import { durationSchema } from "./duration-schema.ts";

/** What notices may be grouped by. */
export const GROUP_BY = ["namespace", "service", "rule", "zone", "node", "severity"] as const;
/** One of them. */
export type GroupBy = (typeof GROUP_BY)[number];

/** How a destination hears of many alerts at once. */
export interface GroupConfig {
  /** Alerts that are equal in all of these are told together; empty for all alerts in one group. */
  readonly by: readonly GroupBy[];
  /** So long a group waits for company before it speaks first, and for a return before it tells its end. */
  readonly waitMs: number;
  /** At least so long between two notices of a group that goes on. */
  readonly intervalMs: number;
}

const DEFAULT_WAIT_MS = 30_000;
const DEFAULT_INTERVAL_MS = 5 * 60_000;
const BY_WANTED = `must be a list of ${GROUP_BY.join(", ")}`;

const groupSchema = z
  .strictObject(
    {
      by: z.array(z.enum(GROUP_BY), { error: BY_WANTED }).max(GROUP_BY.length),
      wait: durationSchema.refine((ms) => ms <= 3_600_000, { error: "must be at most 1h" }).optional(),
      interval: durationSchema.refine((ms) => ms >= 1000, { error: "must be at least 1s" }).optional(),
    },
    { error: "must be a map such as { by: [node], wait: 30s, interval: 5m }" },
  )
  .refine(({ by }) => new Set(by).size === by.length, { path: ["by"], error: "holds a word twice" })
  .transform(({ by, wait = DEFAULT_WAIT_MS, interval = DEFAULT_INTERVAL_MS }): GroupConfig => {
    return { by: GROUP_BY.filter((word) => by.includes(word)), waitMs: wait, intervalMs: interval };
  });

const MUTE_WANTED = "must be a list of mute windows, such as [nights]";

/** What may stand beside the kind of any destination. */
export const destinationOptionsSchema = z.strictObject({
  retryFor: durationSchema.optional(),
  mute: z
    .array(z.string({ error: "must be the name of a mute window" }), { error: MUTE_WANTED })
    .min(1, { error: "must name at least one mute window" })
    .max(100)
    .optional(),
  group: groupSchema.optional(),
});
