import { absence, countSchema } from "./condition-kind.ts";
import type { RingView } from "./condition.ts";
import type { ConditionKind } from "./condition-kind.ts";

/** `readyBelow: N` holds while fewer than N members are ready. */
export const readyBelow: ConditionKind<{ readonly kind: "readyBelow"; readonly count: number }> = {
  kind: "readyBelow",
  schema: countSchema,
  judgesUnnamedAbsent: false,
  build: (value) => ({ kind: "readyBelow", count: Number(value) }),
  describe: ({ count }) => `fewer than ${count} ready`,
  holds: ({ count }, view) => view.ready < count && !mayBeMore(view),
  fact({ count }, view) {
    const atLeast = mayBeMore(view) ? "at least " : "";
    return `${absence(view)}${atLeast}${view.ready} of ${atLeast}${view.total} ready, wanted at least ${count}`;
  },
};

// Kubernetes drops unready addresses first when it truncates, so all listed ready means that more may be ready.
function mayBeMore({ ring, ready }: RingView): boolean {
  return ring.truncated && ready === ring.members.length;
}
