import { absence, trueSchema } from "./condition-kind.ts";
import type { ConditionKind } from "./condition-kind.ts";

/** `noneReady: true` holds while no member is ready, and so for an empty ring too. */
export const noneReady: ConditionKind<{ readonly kind: "noneReady" }> = {
  kind: "noneReady",
  schema: trueSchema,
  judgesUnnamedAbsent: false,
  each: ["member", "zone"],
  build: () => ({ kind: "noneReady" }),
  describe: () => "none ready",
  holds: (_condition, view) => view.ready === 0,
  fact(_condition, view) {
    if (view.total === 0) return `${absence(view)}no members`;
    return `${absence(view)}${view.ready === 0 ? "none" : view.ready} of ${view.total} ready`;
  },
};
