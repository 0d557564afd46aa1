import { matchesGlob } from "../rules/glob.ts";
import type { Severity } from "../rules/rule.ts";

/** What a silence can ask for beside `label.KEY`. */
export const MATCHER_NAMES = ["rule", "namespace", "service", "severity", "destination"] as const;
/** One of them, or a label by its key. */
export type MatcherName = (typeof MATCHER_NAMES)[number] | `label.${string}`;

/** One thing that must be so for a silence to count. */
export interface Matcher {
  readonly name: MatcherName;
  /** An exact text or a glob of `*` and `?`. */
  readonly value: string;
  /** It must not match. */
  readonly negate?: true;
}

/** A time during which what matches is not told, for a reason that somebody gave. Times are epoch milliseconds. */
export interface Silence {
  readonly id: string;
  /** All of them must match; at least one. */
  readonly matchers: readonly Matcher[];
  readonly author: string;
  readonly reason: string;
  readonly startsAtMs: number;
  /** The first moment that is not silent any more. */
  readonly endsAtMs: number;
  readonly createdAtMs: number;
  /** Somebody ended it before its time. */
  readonly expiredAtMs?: number;
}

/** What a silence looks at. */
export interface Silenceable {
  readonly rule: string;
  readonly ring: {
    readonly namespace: string;
    readonly service: string;
    /** The Service's own. */
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly severity: Severity;
  /** The rule's; they win over the Service's. */
  readonly labels: Readonly<Record<string, string>>;
  /** Undefined while it is asked for all destinations together. */
  readonly destination?: string | undefined;
}

/** Where a silence stands. */
export type SilenceState = "pending" | "active" | "expired";

/** When the silence ends, or has ended. */
export function silenceEndMs({ endsAtMs, expiredAtMs }: Silence): number {
  return Math.min(endsAtMs, expiredAtMs ?? Infinity);
}

/** Where the silence stands now. One that was ended before it began was never active. */
export function silenceState(silence: Silence, nowMs: number): SilenceState {
  if (nowMs >= silenceEndMs(silence)) return "expired";
  return nowMs < silence.startsAtMs ? "pending" : "active";
}

/** True when the silence is for some destinations only: it never counts for all of them together. */
export function namesDestination({ matchers }: Silence): boolean {
  return matchers.some(({ name }) => name === "destination");
}

/** True when every matcher matches. A label that is not there is the empty text, as with Alertmanager. */
export function silenceMatches(silence: Silence, about: Silenceable): boolean {
  if (namesDestination(silence) && about.destination === undefined) return false;
  return silence.matchers.every((matcher) => {
    const isMatch = matchesGlob(matcher.value, valueOf(matcher.name, about));
    return isMatch !== (matcher.negate ?? false);
  });
}

function valueOf(name: MatcherName, about: Silenceable): string {
  switch (name) {
    case "rule":
      return about.rule;
    case "namespace":
      return about.ring.namespace;
    case "service":
      return about.ring.service;
    case "severity":
      return about.severity;
    case "destination":
      return about.destination ?? "";
    default:
      return labelOf(name.slice("label.".length), about);
  }
}

function labelOf(key: string, { labels, ring }: Silenceable): string {
  if (Object.hasOwn(labels, key)) return labels[key] ?? "";
  return Object.hasOwn(ring.labels, key) ? (ring.labels[key] ?? "") : "";
}
