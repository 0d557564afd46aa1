import type { Member, Ring } from "../../ring/ring.ts";
import type { Each, Membership } from "../rule.ts";
import type { RingView } from "./condition.ts";

/** What is known beside the ring itself. */
export interface Circumstances {
  /** How many members there should be; undefined where that is not known. */
  readonly expected: number | undefined;
  /** Changes of late: of the ring for `""`, else of a member by its key or a zone by its name. */
  readonly changes: (item: string) => number;
  readonly nowMs: number;
}

/** One member or zone, as a part of the ring. */
export interface ItemView {
  readonly item: string;
  readonly name: string;
  readonly view: RingView;
}

/** Counts a ring as a rule's `membership` says. A terminating member never counts. */
export function ringView(ring: Ring, membership: Membership, around: Circumstances): RingView {
  return new View(ring, ring.members, membership, around.expected, around.changes(""));
}

/** The parts of a ring: each counted member, or each zone that a listed member is in. */
export function itemViews(
  ring: Ring,
  membership: Membership,
  each: Each,
  { changes }: Circumstances,
): readonly ItemView[] {
  const part = (item: string, name: string, members: readonly Member[]): ItemView => ({
    item,
    name,
    view: new View(ring, members, membership, undefined, changes(item)),
  });
  if (each === "zone") {
    const byZone = Map.groupBy(ring.members, (member) => member.zone ?? "");
    return [...byZone].flatMap(([zone, members]) => (zone === "" ? [] : [part(zone, zone, members)]));
  }
  return ring.members
    .filter((member) => counts(member, membership))
    .map((member) => part(member.key, member.name, [member]));
}

/** True for a member that a rule with this membership counts. */
export function counts(member: Member, membership: Membership): boolean {
  return !member.terminating && (membership === "present" || member.serving);
}

class View implements RingView {
  readonly ring: Ring;
  readonly total: number;
  readonly ready: number;
  readonly expected: number | undefined;
  readonly changes: number;
  readonly #listed: readonly Member[];
  readonly #membership: Membership;

  constructor(
    ring: Ring,
    listed: readonly Member[],
    membership: Membership,
    expected: number | undefined,
    changes: number,
  ) {
    let total = 0;
    let ready = 0;
    for (const member of listed) {
      if (!counts(member, membership)) continue;
      total += 1;
      if (member.ready) ready += 1;
    }
    this.ring = ring;
    this.total = total;
    this.ready = ready;
    this.expected = expected;
    this.changes = changes;
    this.#listed = listed;
    this.#membership = membership;
  }

  get listed(): number {
    return this.#listed.length;
  }

  // Most conditions only ask for numbers.
  get members(): readonly Member[] {
    return this.#listed.filter((member) => counts(member, this.#membership));
  }
}
