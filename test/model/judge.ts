import type { Condition } from "../../src/rules/conditions/condition.ts";
import type { ConditionTrigger, Membership, Rule } from "../../src/rules/rule.ts";
import type { Pod, Shown } from "./history.ts";

/** What a condition rule finds, in the words of the rules page. */
export interface Finding {
  readonly holds: boolean;
  /** With `each`: keys of the members, or zones, for which it holds. */
  readonly items: readonly string[] | undefined;
  /** One number for each condition that knows worse and better. */
  readonly badness: readonly number[];
}

/** Undefined where the ring is not the rule's affair: it is absent, and no exact name asks for it. */
export function find(
  rule: Rule,
  trigger: ConditionTrigger,
  shown: Shown,
  isNamed: boolean,
): Finding | undefined {
  const isForAbsent = trigger.conditions.every(({ kind }) => kind === "missing");
  if (shown === "absent" && !isNamed && !isForAbsent) return undefined;
  const listed = shown === "absent" ? [] : shown;
  const pods = listed.filter((pod) => isCounted(pod, rule.membership));
  const all = (some: readonly Pod[]): boolean =>
    trigger.conditions.every((condition) => holdsFor(condition, some, listed, shown === "absent"));
  if (trigger.each === undefined) {
    const badness = trigger.conditions.flatMap((condition) => badnessOf(condition, pods, listed));
    return { holds: all(pods), items: undefined, badness };
  }
  const parts = trigger.each === "zone" ? listed.map(({ zone }) => zone) : pods.map(({ key }) => key);
  const items = [...new Set(parts)].filter((part) =>
    all(pods.filter(({ key, zone }) => part === (trigger.each === "zone" ? zone : key))),
  );
  return { holds: items.length > 0, items, badness: [] };
}

/** Who counts as being in the ring. */
export function isCounted(pod: Pod, membership: Membership): boolean {
  return !pod.terminating && (membership === "present" || pod.serving);
}

/** Ready is who serves and is not terminating. */
export function isReady(pod: Pod): boolean {
  return pod.serving && !pod.terminating;
}

function holdsFor(
  condition: Condition,
  pods: readonly Pod[],
  listed: readonly Pod[],
  isAbsent: boolean,
): boolean {
  const ready = pods.filter(isReady).length;
  switch (condition.kind) {
    case "readyBelow":
      return ready < countOf(condition.threshold);
    case "notReadyAbove":
      return pods.length - ready > countOf(condition.threshold);
    case "noneReady":
      return ready === 0;
    case "missing":
      return isAbsent;
    case "zoneWithoutReady":
      return darkZones(listed) > 0;
    case "membersBelow":
    case "zonesBelow":
    case "nodeShareAbove":
    case "flapping":
      throw new TypeError(`the model does not know ${condition.kind}`);
    default:
      return condition satisfies never;
  }
}

function badnessOf(condition: Condition, pods: readonly Pod[], listed: readonly Pod[]): number[] {
  const ready = pods.filter(isReady).length;
  if (condition.kind === "readyBelow") return [-ready];
  if (condition.kind === "notReadyAbove") return [pods.length - ready];
  return condition.kind === "zoneWithoutReady" ? [darkZones(listed)] : [];
}

function darkZones(pods: readonly Pod[]): number {
  const zones = [...new Set(pods.map(({ zone }) => zone))];
  return zones.filter((zone) => !pods.some((pod) => pod.zone === zone && isReady(pod))).length;
}

function countOf(threshold: { readonly kind: string; readonly count?: number }): number {
  if (threshold.count === undefined) throw new TypeError("the model counts in whole members only");
  return threshold.count;
}
