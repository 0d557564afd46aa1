import { instantsOf, wallTimeMs } from "./time-zone.ts";

const DAY_MS = 86_400_000;
/** A window that never ends is looked at again after so long. */
const HORIZON_MS = 8 * DAY_MS;

/** Times at which those who name the window do not speak: all of its spans together. */
export type MuteWindow = readonly MuteSpan[];

/** One span of a mute window. */
export type MuteSpan =
  | {
      /** Begins on these days of the week, by the clocks of the zone. */
      readonly kind: "weekly";
      readonly timeZone: string;
      /** 0 is Sunday, as in `Date.getUTCDay`. */
      readonly days: readonly number[];
      /** What the clock shows at the beginning, in milliseconds after midnight. */
      readonly fromMs: number;
      /** At the end, counted from the same midnight: always more than `fromMs`, on the next day more than 24 h. */
      readonly toMs: number;
    }
  /** From `startMs` until just before `endMs`, in epoch milliseconds. */
  | { readonly kind: "once"; readonly startMs: number; readonly endMs: number };

/**
 * Until when the window mutes, in epoch milliseconds: the first millisecond at which it does not. Undefined when it does
 * not mute now. A window that goes on for weeks gives a moment within them: ask again then.
 * A span begins when the clock first shows its beginning or leaps over it, and ends when the clock last shows its end.
 */
export function mutedUntilMs(window: MuteWindow, nowMs: number): number | undefined {
  let untilMs = nowMs;
  while (untilMs < nowMs + HORIZON_MS) {
    const atMs = untilMs;
    const ends = window.map((span) => spanEndMs(span, atMs)).filter((endMs) => endMs !== undefined);
    if (ends.length === 0) break;
    untilMs = Math.max(...ends);
  }
  return untilMs > nowMs ? untilMs : undefined;
}

function spanEndMs(span: MuteSpan, nowMs: number): number | undefined {
  if (span.kind === "once") return span.startMs <= nowMs && nowMs < span.endMs ? span.endMs : undefined;
  const { timeZone, days, fromMs, toMs } = span;
  const today = Math.floor(wallTimeMs(timeZone, nowMs) / DAY_MS);
  // Yesterday's may still go on; clocks that are set make it one day more on both sides.
  for (const day of [today - 2, today - 1, today, today + 1]) {
    const midnightMs = day * DAY_MS;
    if (!days.includes(new Date(midnightMs).getUTCDay())) continue;
    const startMs = instantsOf(timeZone, midnightMs + fromMs).firstMs;
    if (startMs > nowMs) continue;
    const endMs = instantsOf(timeZone, midnightMs + toMs).lastMs;
    if (nowMs < endMs) return endMs;
  }
  return undefined;
}
