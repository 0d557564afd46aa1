import { absence, trueSchema } from "./condition-kind.ts";
import type { ConditionKind } from "./condition-kind.ts";

/** `noneReady: true` holds while no member is ready, and so for an empty ring too. */
export const noneReady: ConditionKind<{ readonly kind: "noneReady" }> = {
  kind: "noneReady",
  schema: trueSchema,
  judgesUnnamedAbsent: false,
  build: () => ({ kind: "noneReady" }),
  describe: () => "none ready",
  verdict(_condition, view) {
    const ready = view.ready === 0 ? "none" : String(view.ready);
    const fact = view.total === 0 ? "no members" : `${ready} of ${view.total} ready`;
    return { holds: view.ready === 0, fact: `${absence(view)}${fact}` };
  },
};
