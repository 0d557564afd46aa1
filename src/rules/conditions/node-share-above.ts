import type { ConditionKind } from "./condition-kind.ts";
import type { RingView } from "./condition.ts";
import { percentSchema } from "./threshold.ts";

/** `nodeShareAbove: N%` holds while one node carries more than N percent of the members: what its loss would take. */
export const nodeShareAbove: ConditionKind<{ readonly kind: "nodeShareAbove"; readonly percent: number }> = {
  kind: "nodeShareAbove",
  schema: percentSchema,
  judgesUnnamedAbsent: false,
  each: ["zone"],
  build: (value) => ({ kind: "nodeShareAbove", percent: Number(value) }),
  describe: ({ percent }) => `more than ${percent}% on one node`,
  holds({ percent }, view) {
    return fullest(view).count * 100 > percent * view.total;
  },
  fact({ percent }, view) {
    const { node, count } = fullest(view);
    if (node === undefined) return "no node is known";
    return `${count} of ${view.total} members on ${node}, wanted at most ${percent}%`;
  },
  badness: (_condition, view) => fullest(view).count,
};

function fullest(view: RingView): { readonly node: string | undefined; readonly count: number } {
  const counts = new Map<string, number>();
  for (const { node } of view.members) if (node !== undefined) counts.set(node, (counts.get(node) ?? 0) + 1);
  let most: { node: string | undefined; count: number } = { node: undefined, count: 0 };
  for (const [node, count] of counts) {
    // Of equals the first by name, whatever the order of the members.
    if (count > most.count || (count === most.count && node < (most.node ?? ""))) most = { node, count };
  }
  return most;
}
