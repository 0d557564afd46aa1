import { compareRings } from "../ring/compare-rings.ts";
import type { Guard } from "../rules/rule.ts";
import type { Notice } from "./notice.ts";
import { exceededLimit, type ReportedChange } from "./report-change.ts";

/**
 * One report instead of two of the same rule and ring, where the earlier one has not been sent: the net change over both.
 * Undefined when they must stay two: the earlier is no change, or together they exceed what the rule's guard lets pass.
 */
export function mergeReports(
  earlier: Notice,
  later: ReportedChange,
  guard: Guard | undefined,
): ReportedChange | undefined {
  const { change, previousGeneration } = earlier;
  if (!change || previousGeneration === undefined) return undefined;
  const { before } = change;
  const { after, removed } = later;
  const net = compareRings(before, removed ? before : after);
  const sizes = { before: before.length, after: after.length, left: net.left.length, removed };
  const guarded = guard && exceededLimit(guard, sizes);
  if ((guarded === undefined) !== (later.guarded === undefined)) return undefined;
  const left = new Set(net.left.map(({ key }) => key));
  const turned = new Set(
    [change, later].flatMap(({ becameReady, becameUnready }) =>
      [...becameReady, ...becameUnready].map(({ key }) => key),
    ),
  );
  return {
    ...later,
    ...net,
    becameReady: net.becameReady.filter(({ key }) => turned.has(key)),
    becameUnready: net.becameUnready.filter(({ key }) => turned.has(key)),
    previousGeneration,
    whileAway: change.whileAway || later.whileAway,
    forced: change.forced || later.forced,
    firstChangeMs: Math.min(Date.parse(change.firstChangeAt), later.firstChangeMs),
    departures: [...(change.departures ?? []), ...later.departures].filter(({ key }) => left.has(key)),
    guarded,
    before,
  };
}
