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
  /** Listed members that are not ready, at most `NOT_READY_MAX`: whom to look at first. */
  readonly notReady: readonly Member[];
}

/** A ring of thousands that is down needs no list of thousands. */
export const NOT_READY_MAX = 50;

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
}
