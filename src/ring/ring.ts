import type { Source } from "../cluster/slice.ts";

/** One member of a ring. */
export interface Member {
  /** Identity within the ring: the target Pod as `namespace/name`, else the hostname, else the address. */
  readonly key: string;
  /** What people call it: the Pod's name, else hostname, else address. */
  readonly name: string;
  readonly uid: string | undefined;
  /** IPv4 before IPv6 before names; one of each family. */
  readonly addresses: readonly string[];
  readonly zone: string | undefined;
  readonly node: string | undefined;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
}

/** The members of one Service, merged from all its slices. */
export interface Ring {
  /** `namespace/service`. */
  readonly key: string;
  readonly source: Source;
  readonly namespace: string;
  readonly service: string;
  /** False for an absent ring: the Service has no slice at all. An empty ring is present. */
  readonly present: boolean;
  /** The Service's own labels, as copied onto its slices. */
  readonly labels: Readonly<Record<string, string>>;
  /** In order of `key`. */
  readonly members: readonly Member[];
  /** More members exist than the API shows (Endpoints only): nobody can be said to have left. */
  readonly truncated: boolean;
}

/** The net difference of two member lists. Each list is in order of `key`. */
export interface RingChange {
  readonly joined: readonly Member[];
  readonly left: readonly Member[];
  /** Same name, new uid. */
  readonly replaced: readonly MemberChange[];
  /** Same uid, new address. */
  readonly moved: readonly MemberChange[];
  readonly becameReady: readonly Member[];
  readonly becameUnready: readonly Member[];
}

/** One member at two moments. */
export interface MemberChange {
  readonly before: Member;
  readonly after: Member;
}
