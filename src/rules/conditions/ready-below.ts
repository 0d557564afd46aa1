import { absence, countSchema } from "./condition-kind.ts";
import type { ConditionKind } from "./condition-kind.ts";

/** `readyBelow: N` holds while fewer than N members are ready. */
export const readyBelow: ConditionKind<{ readonly kind: "readyBelow"; readonly count: number }> = {
  kind: "readyBelow",
  schema: countSchema,
  judgesUnnamedAbsent: false,
  build: (value) => ({ kind: "readyBelow", count: Number(value) }),
  describe: ({ count }) => `fewer than ${count} ready`,
  verdict({ count }, view) {
    // Kubernetes drops unready addresses first when it truncates, so all listed ready means that more may be ready.
    const unknown = view.ring.truncated && view.ready === view.ring.members.length;
    const atLeast = unknown ? "at least " : "";
    const fact = `${absence(view)}${atLeast}${view.ready} of ${atLeast}${view.total} ready, wanted at least ${count}`;
    return { holds: view.ready < count && !unknown, fact };
  },
};
