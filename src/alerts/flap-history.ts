import type { Member, Ring } from "../ring/ring.ts";
import { counts } from "../rules/conditions/ring-view.ts";
import type { Each, Flapping, Membership } from "../rules/rule.ts";

/** When the members of a ring last came, went or changed their readiness. */
export interface FlapHistory {
  /** Readiness of each counted member as last seen, by its key. */
  readonly seen: Readonly<Record<string, boolean>>;
  /** Who was counted. */
  readonly membership?: Membership | undefined;
  /** Epoch milliseconds, latest last, no more than the rule counts; for `""` the ring, else a member's key or a zone. */
  readonly timesMs: Readonly<Record<string, readonly number[]>>;
}

/** What of a rule decides which changes are counted. */
export interface FlapTerms extends Flapping {
  readonly membership: Membership;
  readonly each: Each | undefined;
}

/** One step: notes what changed since the last. The same object when nothing did. First sight is no change. */
export function advanceFlaps(
  before: FlapHistory | undefined,
  ring: Ring,
  terms: FlapTerms,
  nowMs: number,
): FlapHistory {
  const members = ring.members.filter((member) => counts(member, terms.membership));
  // Of an edited rule others may count now, who have neither come nor gone.
  const isComparable = (before?.membership ?? terms.membership) === terms.membership;
  const changed = before && isComparable ? changedItems(before, ring, members, terms.each) : [];
  if (before && isComparable && changed.length === 0 && !isAhead(before, nowMs)) return before;
  // Members and zones have names that others choose: `constructor` and `__proto__` are names like any other.
  const timesMs = new Map<string, readonly number[]>();
  for (const [item, times] of Object.entries(before?.timesMs ?? {})) {
    const recent = times.filter((atMs) => atMs + terms.withinMs > nowMs).map((atMs) => Math.min(atMs, nowMs));
    if (recent.length > 0) timesMs.set(item, recent);
  }
  for (const item of changed) timesMs.set(item, [...(timesMs.get(item) ?? []), nowMs].slice(-terms.changes));
  return {
    seen: Object.fromEntries(members.map(({ key, ready }) => [key, ready])),
    membership: terms.membership,
    timesMs: Object.fromEntries(timesMs),
  };
}

/** The clock was set back, which must not make a change count longer. */
function isAhead({ timesMs }: FlapHistory, nowMs: number): boolean {
  return Object.values(timesMs).some((times) => (times.at(-1) ?? nowMs) > nowMs);
}

/** How many of the changes that are noted were within the rule's time. */
export function recentChanges(
  history: FlapHistory,
  item: string,
  { withinMs }: Flapping,
  nowMs: number,
): number {
  const times = Object.hasOwn(history.timesMs, item) ? history.timesMs[item] : undefined;
  return (times ?? []).filter((atMs) => nowMs < atMs + withinMs).length;
}

/** When time alone may end what flaps: the next change that leaves the rule's time; undefined when there is none. */
export function flapDeadlineMs(
  history: FlapHistory,
  { changes, withinMs }: Flapping,
  nowMs: number,
): number | undefined {
  const ends = Object.values(history.timesMs)
    .filter((times) => times.length >= changes)
    .map((times) => (times.at(-changes) ?? 0) + withinMs)
    .filter((atMs) => atMs > nowMs);
  return ends.length > 0 ? Math.min(...ends) : undefined;
}

/** One entry for each member that changed: the ring, or the member or its zone. */
function changedItems(
  { seen }: FlapHistory,
  ring: Ring,
  members: readonly Member[],
  each: Each | undefined,
): string[] {
  const now = new Map(members.map((member) => [member.key, member]));
  const changed = members.filter((member) => seen[member.key] !== member.ready).map((member) => member.key);
  for (const key of Object.keys(seen)) if (!now.has(key)) changed.push(key);
  if (each === undefined) return changed.map(() => "");
  if (each === "member") return changed;
  const zones = new Map(ring.members.map((member) => [member.key, member.zone]));
  return changed.flatMap((key) => zones.get(key) ?? []);
}
