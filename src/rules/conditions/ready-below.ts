import type { ConditionKind } from "./condition-kind.ts";
import { absence } from "./condition-kind.ts";
import type { RingView, Threshold } from "./condition.ts";
import { thresholdSchema, thresholdValue, thresholdWords } from "./threshold.ts";

/** `readyBelow: N` holds while fewer than N members, or than N percent of the expected size, are ready. */
export const readyBelow: ConditionKind<{ readonly kind: "readyBelow"; readonly threshold: Threshold }> = {
  kind: "readyBelow",
  schema: thresholdSchema(1),
  judgesUnnamedAbsent: false,
  each: ["zone"],
  build: (value) => ({ kind: "readyBelow", threshold: value as Threshold }),
  describe: ({ threshold }) => `fewer than ${thresholdWords(threshold)} ready`,
  holds({ threshold }, view) {
    const wanted = thresholdValue(threshold, view.expected);
    return wanted !== undefined && view.ready < wanted && !mayBeMore(view);
  },
  fact({ threshold }, view) {
    const atLeast = mayBeMore(view) ? "at least " : "";
    const wanted = thresholdWords(threshold, view.expected);
    return `${absence(view)}${atLeast}${view.ready} of ${atLeast}${view.total} ready, wanted at least ${wanted}`;
  },
  badness: (_condition, view) => -view.ready,
};

// Kubernetes drops unready addresses first when it truncates, so all listed ready means that more may be ready.
function mayBeMore({ ring, ready, listed }: RingView): boolean {
  return ring.truncated && ready === listed;
}
