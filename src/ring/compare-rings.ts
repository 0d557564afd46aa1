import type { Member, MemberChange, RingChange } from "./ring.ts";

/** How one member differs between two moments; `same` also where only readiness, zone or node differ. */
export type Difference = "same" | "replaced" | "moved";

/** Same name with another uid is another Pod; the same Pod at another address has moved. */
export function compareMembers(before: Member, after: Member): Difference {
  if (before === after) return "same";
  if (before.uid !== after.uid) return "replaced";
  return sameAddresses(before.addresses, after.addresses) ? "same" : "moved";
}

function sameAddresses(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((address, i) => address === b[i]);
}

/**
 * The net difference of two member lists, each in order of key. Readiness is compared for members in both.
 * @example compareRings([a, b], [b, c]) // left: [a], joined: [c]
 */
export function compareRings(before: readonly Member[], after: readonly Member[]): RingChange {
  const change = {
    joined: [] as Member[],
    left: [] as Member[],
    replaced: [] as MemberChange[],
    moved: [] as MemberChange[],
    becameReady: [] as Member[],
    becameUnready: [] as Member[],
  };
  let i = 0;
  let j = 0;
  for (;;) {
    const old = before[i];
    const now = after[j];
    if (!old && !now) return change;
    if (old && (!now || old.key < now.key)) {
      change.left.push(old);
      i++;
    } else if (now && (!old || now.key < old.key)) {
      change.joined.push(now);
      j++;
    } else if (old && now) {
      const difference = compareMembers(old, now);
      if (difference !== "same") change[difference].push({ before: old, after: now });
      if (old.ready !== now.ready) change[now.ready ? "becameReady" : "becameUnready"].push(now);
      i++;
      j++;
    }
  }
}
