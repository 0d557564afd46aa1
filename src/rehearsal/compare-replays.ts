import type { Notice } from "../alerts/notice.ts";
import type { SentNotice } from "./replay.ts";

/** How what two rules files would have said differs. */
export interface ReplayDifference {
  readonly onlyA: readonly SentNotice[];
  readonly onlyB: readonly SentNotice[];
  /** Both say it, at other times or to others. */
  readonly moved: readonly Pair[];
  /** How many both say in the same way. */
  readonly same: number;
}

/** The same notice of two rules files. */
export interface Pair {
  readonly a: SentNotice;
  readonly b: SentNotice;
}

/** What is further apart is not about the same thing, in milliseconds. */
const NEAR_MS = 15 * 60_000;

/**
 * Finds for each notice of A the one of B that says the same: of the same rule, ring and kind, about what began at the same time,
 * else near in time.
 */
export function compareReplays(a: readonly SentNotice[], b: readonly SentNotice[]): ReplayDifference {
  const onlyA: SentNotice[] = [];
  const onlyB: SentNotice[] = [];
  const moved: Pair[] = [];
  let same = 0;
  const left = Map.groupBy(a, ({ notice }) => keyOf(notice));
  const right = Map.groupBy(b, ({ notice }) => keyOf(notice));
  for (const key of new Set([...left.keys(), ...right.keys()])) {
    const matched = match(left.get(key) ?? [], right.get(key) ?? []);
    onlyA.push(...matched.onlyA);
    onlyB.push(...matched.onlyB);
    for (const pair of matched.pairs) {
      if (isSame(pair)) same++;
      else moved.push(pair);
    }
  }
  moved.sort((one, other) => one.a.atMs - other.a.atMs);
  return { onlyA: onlyA.sort(byTime), onlyB: onlyB.sort(byTime), moved, same };
}

function keyOf({ rule, ring, kind }: Notice): string {
  return `${rule} ${ring.key} ${kind}`;
}

interface Matched {
  readonly onlyA: SentNotice[];
  readonly onlyB: SentNotice[];
  readonly pairs: Pair[];
}

function match(a: readonly SentNotice[], b: readonly SentNotice[]): Matched {
  const found: Matched = { onlyA: [], onlyB: [], pairs: [] };
  const twins = Map.groupBy(b, began);
  const later: SentNotice[] = [];
  for (const one of a) {
    const twin = twins.get(began(one))?.shift();
    if (twin) found.pairs.push({ a: one, b: twin });
    else later.push(one);
  }
  matchNear(later.sort(byTime), [...twins.values()].flat().sort(byTime), found);
  return found;
}

/** In order of time, and so that no two pairs cross: as many as there can be. */
function matchNear(a: readonly SentNotice[], b: readonly SentNotice[], found: Matched): void {
  let [i, j] = [0, 0];
  for (;;) {
    const [one, other] = [a[i], b[j]];
    if (!one || !other) break;
    const apartMs = other.atMs - one.atMs;
    if (Math.abs(apartMs) <= NEAR_MS) found.pairs.push({ a: one, b: other });
    else if (apartMs > 0) found.onlyA.push(one);
    else found.onlyB.push(other);
    if (apartMs >= -NEAR_MS) i++;
    if (apartMs <= NEAR_MS) j++;
  }
  found.onlyA.push(...a.slice(i));
  found.onlyB.push(...b.slice(j));
}

function byTime(one: SentNotice, other: SentNotice): number {
  return one.atMs - other.atMs;
}

/** When what a notice is about began: the hold and the settle time of a rule do not change it. */
function began({ notice: { alert, change, time, kind } }: SentNotice): string {
  const since = alert?.since ?? change?.firstChangeAt ?? time;
  // An alert may be told again and again.
  return kind === "update" ? `${since} ${time}` : since;
}

function isSame({ a, b }: Pair): boolean {
  return a.atMs === b.atMs && a.to.toSorted().join() === b.to.toSorted().join();
}
