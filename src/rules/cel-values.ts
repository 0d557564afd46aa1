import type { Member, MemberChange, Ring } from "../ring/ring.ts";
import type { CelSizes } from "./cel-cost.ts";
import type { Membership } from "./rule.ts";

/** A member as expressions see it. A class, since CEL tells types of list items by their constructor. */
export class CelMember {
  readonly key: string;
  readonly name: string;
  readonly uid: string;
  readonly address: string;
  readonly addresses: readonly string[];
  readonly zone: string;
  readonly node: string;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly #member: Member;

  /** What is not known becomes the empty string. */
  constructor(member: Member) {
    this.key = member.key;
    this.name = member.name;
    this.uid = member.uid ?? "";
    this.address = member.addresses[0] ?? "";
    this.addresses = member.addresses;
    this.zone = member.zone ?? "";
    this.node = member.node ?? "";
    this.ready = member.ready;
    this.serving = member.serving;
    this.terminating = member.terminating;
    this.#member = member;
  }

  /** As notices show a member. */
  toJSON(): Member {
    return this.#member;
  }
}

/** A member before and after, as expressions see it. */
export class CelMemberChange {
  readonly before: CelMember;
  readonly after: CelMember;

  constructor({ before, after }: MemberChange) {
    this.before = new CelMember(before);
    this.after = new CelMember(after);
  }
}

/** Why a member left, as expressions see it. */
export class CelDeparture {
  readonly key: string;
  readonly name: string;
  readonly reason: string;
  readonly evidence: string;

  constructor(departure: { key: string; name: string; reason: string; evidence: string }) {
    this.key = departure.key;
    this.name = departure.name;
    this.reason = departure.reason;
    this.evidence = departure.evidence;
  }
}

/** A zone of a ring as expressions see it: `serving` counts every listed member, the rest those that count. */
export class CelZone {
  readonly name: string;
  readonly total: bigint;
  readonly ready: bigint;
  readonly serving: bigint;
  readonly members: readonly CelMember[];

  constructor(name: string, members: readonly CelMember[], serving: number) {
    this.name = name;
    this.total = BigInt(members.length);
    this.ready = BigInt(members.filter((member) => member.ready).length);
    this.serving = BigInt(serving);
    this.members = members;
  }
}

/** A node that carries members of a ring, as expressions see it. */
export class CelNode {
  readonly name: string;
  readonly zone: string;
  readonly total: bigint;
  readonly ready: bigint;

  constructor(name: string, members: readonly CelMember[]) {
    this.name = name;
    this.zone = members.find((member) => member.zone !== "")?.zone ?? "";
    this.total = BigInt(members.length);
    this.ready = BigInt(members.filter((member) => member.ready).length);
  }
}

/**
 * A ring as expressions see it. Conditions are evaluated at every change of a ring, and most only ask for counts:
 * these are made at once, the lists when they are first asked for.
 */
export class CelRing {
  readonly key: string;
  readonly namespace: string;
  readonly service: string;
  readonly present: boolean;
  readonly total: bigint;
  readonly ready: bigint;
  readonly serving: bigint;
  readonly terminating: bigint;
  readonly expected: bigint;
  readonly #ring: Ring;
  readonly #membership: Membership;
  #labels: ReadonlyMap<string, string> | undefined;
  #members: readonly CelMember[] | undefined;
  #zones: readonly CelZone[] | undefined;
  #nodes: readonly CelNode[] | undefined;

  /** `expected` is how many members the ring should have. */
  constructor(ring: Ring, membership: Membership, expected: number | undefined) {
    let [total, ready, serving, terminating] = [0, 0, 0, 0];
    for (const member of ring.members) {
      if (member.serving) serving += 1;
      if (member.terminating) terminating += 1;
      if (!counts(member, membership)) continue;
      total += 1;
      if (member.ready) ready += 1;
    }
    this.key = ring.key;
    this.namespace = ring.namespace;
    this.service = ring.service;
    this.present = ring.present;
    this.total = BigInt(total);
    this.ready = BigInt(ready);
    this.serving = BigInt(serving);
    this.terminating = BigInt(terminating);
    this.expected = BigInt(expected ?? 0);
    this.#ring = ring;
    this.#membership = membership;
  }

  /** A Map, since CEL would take an object's own `constructor` label for a type. */
  get labels(): ReadonlyMap<string, string> {
    this.#labels ??= new Map(Object.entries(this.#ring.labels));
    return this.#labels;
  }

  /** Those that count, in order of `key`. */
  get members(): readonly CelMember[] {
    this.#members ??= this.#ring.members
      .filter((member) => counts(member, this.#membership))
      .map((member) => new CelMember(member));
    return this.#members;
  }

  /** Those with a listed member, in order of name. Members without a zone are in none. */
  get zones(): readonly CelZone[] {
    if (this.#zones) return this.#zones;
    const counted = new Map(grouped(this.members, "zone"));
    const serving = new Map<string, number>();
    for (const member of this.#ring.members) {
      if (member.zone === undefined) continue;
      serving.set(member.zone, (serving.get(member.zone) ?? 0) + (member.serving ? 1 : 0));
    }
    this.#zones = [...serving]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, served]) => new CelZone(name, counted.get(name) ?? [], served));
    return this.#zones;
  }

  /** How much there is to loop over. No field of expressions. */
  sizes(): CelSizes {
    return { items: Math.max(this.#ring.members.length, this.labels.size), zones: this.zones.length };
  }

  /** Those with a member that counts, in order of name. Members without a node are on none. */
  get nodes(): readonly CelNode[] {
    this.#nodes ??= grouped(this.members, "node").map(([name, members]) => new CelNode(name, members));
    return this.#nodes;
  }
}

function counts(member: Member, membership: Membership): boolean {
  return !member.terminating && (membership === "present" || member.serving);
}

function grouped(members: readonly CelMember[], by: "zone" | "node"): [string, CelMember[]][] {
  const groups = new Map<string, CelMember[]>();
  for (const member of members) {
    if (member[by] === "") continue;
    const group = groups.get(member[by]);
    if (group) group.push(member);
    else groups.set(member[by], [member]);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}
