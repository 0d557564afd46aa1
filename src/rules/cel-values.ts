import type { Member, MemberChange } from "../ring/ring.ts";

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
