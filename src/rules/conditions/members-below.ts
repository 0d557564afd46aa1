import { absence } from "./condition-kind.ts";
import type { ConditionKind } from "./condition-kind.ts";
import type { RingView, Threshold } from "./condition.ts";
import { thresholdSchema, thresholdValue, thresholdWords } from "./threshold.ts";

/** `membersBelow: N` holds while the ring has fewer than N members, or than N percent of the expected size, ready or not. */
export const membersBelow: ConditionKind<{ readonly kind: "membersBelow"; readonly threshold: Threshold }> = {
  kind: "membersBelow",
  schema: thresholdSchema(1),
  judgesUnnamedAbsent: false,
  each: ["zone"],
  build: (value) => ({ kind: "membersBelow", threshold: value as Threshold }),
  describe: ({ threshold }) => `fewer than ${thresholdWords(threshold)} members`,
  holds({ threshold }, view) {
    const wanted = thresholdValue(threshold, view.expected);
    return wanted !== undefined && view.total < wanted && !mayBeMore(view);
  },
  fact({ threshold }, view) {
    const members = `${view.total} ${view.total === 1 ? "member" : "members"}`;
    const wanted = thresholdWords(threshold, view.expected);
    return `${absence(view)}${mayBeMore(view) ? "at least " : ""}${members}, wanted at least ${wanted}`;
  },
  badness: (_condition, view) => -view.total,
};

// Ready addresses are listed first, so where one that does not count is listed, all that count are.
function mayBeMore({ ring, total, listed }: RingView): boolean {
  return ring.truncated && total === listed;
}
