import { trueSchema } from "./condition-kind.ts";
import type { ConditionKind } from "./condition-kind.ts";

/** `missing: true` holds while the Service has no slice (or Endpoints object) at all. */
export const missing: ConditionKind<{ readonly kind: "missing" }> = {
  kind: "missing",
  schema: trueSchema,
  judgesUnnamedAbsent: true,
  each: [],
  build: () => ({ kind: "missing" }),
  describe: () => "Service missing",
  holds: (_condition, { ring }) => !ring.present,
  fact: (_condition, { ring }) => (ring.present ? "Service present" : "Service missing"),
};
