import { absence, countSchema } from "./condition-kind.ts";
import type { RingView } from "./condition.ts";
import type { ConditionKind } from "./condition-kind.ts";

/** `membersBelow: N` holds while the ring has fewer than N members, ready or not. */
export const membersBelow: ConditionKind<{ readonly kind: "membersBelow"; readonly count: number }> = {
  kind: "membersBelow",
  schema: countSchema,
  judgesUnnamedAbsent: false,
  build: (value) => ({ kind: "membersBelow", count: Number(value) }),
  describe: ({ count }) => `fewer than ${count} members`,
  holds: ({ count }, view) => view.total < count && !mayBeMore(view),
  fact({ count }, view) {
    const members = `${view.total} ${view.total === 1 ? "member" : "members"}`;
    return `${absence(view)}${mayBeMore(view) ? "at least " : ""}${members}, wanted at least ${count}`;
  },
};

// Ready addresses are listed first, so where one that does not count is listed, all that count are.
function mayBeMore({ ring, total }: RingView): boolean {
  return ring.truncated && total === ring.members.length;
}
