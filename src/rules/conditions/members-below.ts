import { absence, countSchema } from "./condition-kind.ts";
import type { ConditionKind } from "./condition-kind.ts";

/** `membersBelow: N` holds while the ring has fewer than N members, ready or not. */
export const membersBelow: ConditionKind<{ readonly kind: "membersBelow"; readonly count: number }> = {
  kind: "membersBelow",
  schema: countSchema,
  judgesUnnamedAbsent: false,
  build: (value) => ({ kind: "membersBelow", count: Number(value) }),
  describe: ({ count }) => `fewer than ${count} members`,
  verdict({ count }, view) {
    // Ready addresses are listed first, so where one that does not count is listed, all that count are.
    const unknown = view.ring.truncated && view.total === view.ring.members.length;
    const members = `${unknown ? "at least " : ""}${view.total} ${view.total === 1 ? "member" : "members"}`;
    return {
      holds: view.total < count && !unknown,
      fact: `${absence(view)}${members}, wanted at least ${count}`,
    };
  },
};
