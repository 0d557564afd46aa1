import type { Verdict } from "../rules/conditions/condition.ts";
import { itemFacts } from "../rules/conditions/evaluate.ts";
import { formatDuration } from "../rules/duration.ts";
import type { FiringPhase, ItemHolds } from "./alert.ts";

/** What holds, since when. */
export interface Hold {
  readonly holds: boolean;
  /** It holds; with `each`, some member or zone has held for the rule's `for`. What fires goes on as long as this. */
  readonly stands: boolean;
  /** The longest-standing; meaningless when nothing holds. */
  readonly sinceMs: number;
  readonly items: ItemHolds | undefined;
  readonly fact: string;
  readonly badness: readonly number[];
  /** Names of the members or zones that have held for the rule's `for`. */
  readonly names: readonly string[] | undefined;
}

/**
 * Since when a verdict holds, given since when it did before. With `each` every member or zone has a time of its own:
 * members that take turns never add up. A clock that was set back must not lengthen a hold.
 */
export function holdOf(
  verdict: Verdict,
  before: (Pick<FiringPhase, "sinceMs" | "items"> & { readonly firedAtMs?: number }) | undefined,
  forMs: number,
  nowMs: number,
): Hold {
  if (!verdict.items) {
    const sinceMs = verdict.holds && before ? Math.min(before.sinceMs, nowMs) : nowMs;
    return {
      holds: verdict.holds,
      stands: verdict.holds,
      sinceMs,
      items: undefined,
      names: undefined,
      get fact() {
        return verdict.fact;
      },
      get badness() {
        return verdict.badness;
      },
    };
  }
  // Members and zones have names that others choose: `constructor` and `__proto__` are names like any other.
  const known = new Map(Object.entries(before?.items ?? {}));
  // A rule that asks for `each` only since it was edited goes on with the hold of the ring.
  const newMs = before && !before.items ? before.sinceMs : nowMs;
  const items: ItemHolds = Object.fromEntries(
    verdict.items.map(({ item }) => [item, Math.min(known.get(item) ?? newMs, nowMs)]),
  );
  // What has fired does not resolve because the rule asks for a longer hold now.
  const firedMs = before?.firedAtMs === undefined ? -Infinity : before.sinceMs;
  const due = verdict.items.filter(({ item }) => {
    const sinceMs = items[item] ?? nowMs;
    return nowMs >= sinceMs + forMs || sinceMs <= firedMs;
  });
  return {
    holds: verdict.holds,
    stands: due.length > 0,
    sinceMs: Math.min(nowMs, ...Object.values(items)),
    items: sameItems(items, before?.items),
    names: due.map(({ name }) => name),
    get fact() {
      if (due.length > 0) return itemFacts(due);
      return verdict.holds ? `none for ${formatDuration(forMs)}` : verdict.fact;
    },
    badness: [due.length],
  };
}

/** The same object when nothing changed, so that nothing is stored again. */
function sameItems(items: ItemHolds, before: ItemHolds | undefined): ItemHolds {
  if (!before) return items;
  const keys = Object.keys(items);
  const same = keys.length === Object.keys(before).length && keys.every((key) => items[key] === before[key]);
  return same ? before : items;
}

/** When the next member or zone will have held for `forMs`; undefined when none is to come. */
export function nextItemMs(hold: Hold, forMs: number, nowMs: number): number | undefined {
  const coming = Object.values(hold.items ?? {})
    .map((sinceMs) => sinceMs + forMs)
    .filter((atMs) => atMs > nowMs);
  return coming.length > 0 ? Math.min(...coming) : undefined;
}
