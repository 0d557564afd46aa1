import type { LeaveReason } from "../ring/leave-reason.ts";
import type { Member, MemberChange } from "../ring/ring.ts";
import type { Severity } from "../rules/rule.ts";

/** Every occasion to speak. */
export const NOTICE_KINDS = ["fire", "update", "resolve", "change", "test"] as const;
/** One occasion to speak. */
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/**
 * What is to be said, complete: destinations only translate it. This is also the JSON that webhooks get;
 * `docs/notice.md` and `notice.schema.json` describe it for receivers. Times are RFC 3339 with milliseconds, in UTC.
 */
export interface Notice {
  readonly version: 1;
  readonly kind: NoticeKind;
  readonly rule: string;
  readonly severity: Severity;
  readonly ring: NoticeRing;
  /** When it was decided. */
  readonly time: string;
  readonly title: string;
  readonly message: string;
  readonly runbook?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly counts: NoticeCounts;
  /** For fire, update and resolve. */
  readonly alert?: NoticeAlert;
  /** For fire, update and resolve of alerts that are told together. */
  readonly group?: NoticeGroup;
  /** For change: rises by one with each reported change of this rule and ring. Receivers refuse lower ones. */
  readonly generation?: number;
  readonly previousGeneration?: number;
  /** For change. */
  readonly change?: NoticeChange;
}

/** The ring that a notice is about, without its members. */
export interface NoticeRing {
  /** `namespace/service`. */
  readonly key: string;
  readonly namespace: string;
  readonly service: string;
  readonly source: "endpointslices" | "endpoints";
  readonly present: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

/** How many of the ring's listed members are in which state. */
export interface NoticeCounts {
  readonly total: number;
  readonly ready: number;
  readonly serving: number;
  readonly terminating: number;
}

/** The alert that fired or resolved. */
export interface NoticeAlert {
  /** The first time this rule fires for this ring is 1, the next is 2. Stable from fire to resolve. */
  readonly episode: number;
  /** Since when the condition has held. */
  readonly since: string;
  readonly firedAt: string;
  readonly resolvedAt?: string;
  /** From `since` to `resolvedAt`, in seconds. */
  readonly durationSeconds?: number;
  /** Why it holds, or what ended it. */
  readonly reason: string;
  /** With `each`: names of the members or zones for which it holds. */
  readonly items?: readonly string[];
  /** For update: it is worse than was told, is told again (`repeat`), or no longer flaps (`calm`). */
  readonly update?: "worse" | "repeat" | "calm";
  /** For fire: it began and ended so often lately that only its calming down is told from now on. */
  readonly flapping?: true;
  /** For fire: it was held back by a quiet time and is told now that it is over. */
  readonly late?: true;
  /** For resolve: it ended while Ringbell was not running. */
  readonly whileAway?: true;
  /** Listed members that are not ready, at most `NOT_READY_MAX`: whom to look at first. */
  readonly notReady: readonly Member[];
}

/** A ring of thousands that is down needs no list of thousands. */
export const NOT_READY_MAX = 50;

/** Alerts that a destination hears of together. */
export interface NoticeGroup {
  /** What they have in common: `{ node: "node-3" }`. */
  readonly by: Readonly<Record<string, string>>;
  /** All that fire, then what has resolved since the group last spoke, the worst first; at most `GROUP_ALERTS_MAX`. */
  readonly alerts: readonly NoticeGroupAlert[];
  /** How many fire. */
  readonly firing: number;
  /** How many have resolved since the group last spoke. */
  readonly resolved: number;
}

/** A storm of thousands needs no list of thousands. */
export const GROUP_ALERTS_MAX = 100;

/** One alert of a group. */
export interface NoticeGroupAlert {
  readonly rule: string;
  /** `namespace/service`. */
  readonly ring: string;
  readonly severity: Severity;
  readonly title: string;
  readonly message: string;
  readonly runbook?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly since: string;
  readonly firedAt: string;
  /** Only of one that has resolved. */
  readonly resolvedAt?: string;
}

/** The settled net change of a ring. */
export interface NoticeChange {
  /** The Service itself is gone; `left` is empty then, its members are in `before`. */
  readonly removed: boolean;
  /** Some of it happened while Ringbell was not running. */
  readonly whileAway: boolean;
  /** Reported by `maxWait` while other members were still settling. */
  readonly forced: boolean;
  /** When the first of the reported deviations began. */
  readonly firstChangeAt: string;
  /** When the last of them had stood for the settle time. */
  readonly settledAt: string;
  readonly before: readonly Member[];
  readonly after: readonly Member[];
  readonly joined: readonly Member[];
  readonly left: readonly Member[];
  readonly replaced: readonly MemberChange[];
  readonly moved: readonly MemberChange[];
  readonly becameReady: readonly Member[];
  readonly becameUnready: readonly Member[];
  /** For rules with reasons: why members left, as far as it is known. */
  readonly departures?: readonly NoticeDeparture[];
  /** Which limit of the rule's guard it exceeds: it went to others than usual. */
  readonly guarded?: string;
}

/** Why one member left. */
export interface NoticeDeparture {
  readonly key: string;
  readonly name: string;
  readonly reason: LeaveReason;
  /** For people: `ordinal 4 of a StatefulSet with 3 desired replicas`. */
  readonly evidence: string;
}
