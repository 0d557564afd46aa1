import { z } from "zod";
import { formatDuration } from "../duration.ts";
import { durationSchema } from "../duration-schema.ts";
import type { Flapping } from "../rule.ts";
import type { ConditionKind } from "./condition-kind.ts";

const CHANGES_WANTED = "must be a whole number from 2 to 100";

/** `{ changes: 6, within: 10m }`: so many changes in so long; its output is a `Flapping`. */
export const flappingSchema = z
  .strictObject(
    {
      changes: z
        .int({ error: CHANGES_WANTED })
        .min(2, { error: CHANGES_WANTED })
        .max(100, { error: CHANGES_WANTED }),
      within: durationSchema.refine((ms) => ms >= 1000, { error: "must be at least 1s" }),
    },
    { error: "must be a map such as { changes: 6, within: 10m }" },
  )
  .transform(({ changes, within }): Flapping => ({ changes, withinMs: within }));

/** `flapping` holds while that many changes (a member came, went, or changed its readiness) were within that time. */
export const flapping: ConditionKind<{ readonly kind: "flapping" } & Flapping> = {
  kind: "flapping",
  schema: flappingSchema,
  judgesUnnamedAbsent: false,
  each: ["member", "zone"],
  build: (value) => ({ kind: "flapping", ...(value as Flapping) }),
  describe: ({ changes, withinMs }) => `${changes} changes within ${formatDuration(withinMs)}`,
  holds: ({ changes }, view) => view.changes >= changes,
  fact({ changes, withinMs }, view) {
    const within = formatDuration(withinMs);
    return view.changes >= changes
      ? `${changes} changes or more within ${within}`
      : `${view.changes} changes within ${within}, wanted fewer than ${changes}`;
  },
};
