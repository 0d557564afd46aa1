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
    const { truncated } = view.ring;
    const members = `${truncated ? "at least " : ""}${view.total} ${view.total === 1 ? "member" : "members"}`;
    return {
      holds: view.total < count && !truncated,
      fact: `${absence(view)}${members}, wanted at least ${count}`,
    };
  },
};
