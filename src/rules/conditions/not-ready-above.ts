import type { ConditionKind } from "./condition-kind.ts";
import { absence } from "./condition-kind.ts";
import type { Threshold } from "./condition.ts";
import { thresholdSchema, thresholdValue, thresholdWords } from "./threshold.ts";

/** `notReadyAbove: N` holds while more than N members, or than N percent of the expected size, are listed and not ready. */
export const notReadyAbove: ConditionKind<{ readonly kind: "notReadyAbove"; readonly threshold: Threshold }> =
  {
    kind: "notReadyAbove",
    schema: thresholdSchema(0),
    judgesUnnamedAbsent: false,
    each: ["zone"],
    build: (value) => ({ kind: "notReadyAbove", threshold: value as Threshold }),
    describe: ({ threshold }) => `more than ${thresholdWords(threshold)} not ready`,
    holds({ threshold }, view) {
      const most = thresholdValue(threshold, view.expected);
      return most !== undefined && view.total - view.ready > most;
    },
    fact({ threshold }, view) {
      const most = thresholdWords(threshold, view.expected);
      return `${absence(view)}${view.total - view.ready} of ${view.total} not ready, wanted at most ${most}`;
    },
    badness: (_condition, view) => view.total - view.ready,
  };
