import { nearest } from "./nearest.ts";

const SECOND_MS = 1000;
/** Further than any offset from UTC, on both sides. */
const AROUND_MS = 26 * 3_600_000;

const formats = new Map<string, Intl.DateTimeFormat>();

/** True for the name of an IANA time zone that this machine's ICU data knows, its links (`US/Eastern`) too. */
export function isTimeZone(name: string): boolean {
  // Offsets such as +01:00 are accepted by Intl, but know no summer time.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

/** The zone that was probably meant; by its city alone, too: `Berlin` is `Europe/Berlin`. */
export function nearestTimeZone(name: string): string | undefined {
  const zones = ["UTC", ...Intl.supportedValuesOf("timeZone")];
  const city = name.replaceAll(" ", "_").toLowerCase();
  return nearest(name, zones) ?? zones.find((zone) => zone.toLowerCase().endsWith(`/${city}`)) ?? undefined;
}

/**
 * What a clock on the wall shows: `Date.UTC` of its date and time, in milliseconds. It repeats when clocks are set
 * back, and leaves values out when they are set forward.
 */
export function wallTimeMs(timeZone: string, atMs: number): number {
  return atMs + offsetMs(timeZone, atMs);
}

/**
 * When a clock on the wall shows this time (as `wallTimeMs` writes it): first and last, in epoch milliseconds. They differ for
 * a time that comes twice; of a time that is left out both are the moment of the leap.
 */
export function instantsOf(
  timeZone: string,
  wallMs: number,
): { readonly firstMs: number; readonly lastMs: number } {
  const before = offsetMs(timeZone, wallMs - AROUND_MS);
  const after = offsetMs(timeZone, wallMs + AROUND_MS);
  const shown = [wallMs - before, wallMs - after].filter((atMs) => wallTimeMs(timeZone, atMs) === wallMs);
  if (shown.length > 0) return { firstMs: Math.min(...shown), lastMs: Math.max(...shown) };
  const leapMs = leapBetween(timeZone, wallMs - AROUND_MS, wallMs + AROUND_MS);
  return { firstMs: leapMs, lastMs: leapMs };
}

/** The first millisecond with the offset that counts at `untilMs`. */
function leapBetween(timeZone: string, fromMs: number, untilMs: number): number {
  const offset = offsetMs(timeZone, untilMs);
  let [low, high] = [fromMs, untilMs];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetMs(timeZone, middle) === offset) high = middle;
    else low = middle;
  }
  return high;
}

function offsetMs(timeZone: string, atMs: number): number {
  const parts = new Map(
    formatOf(timeZone)
      .formatToParts(atMs)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  const [year, month, day] = [part("year"), part("month") - 1, part("day")];
  const shownMs = Date.UTC(year, month, day, part("hour"), part("minute"), part("second"));
  return shownMs - Math.floor(atMs / SECOND_MS) * SECOND_MS;
}

// Making a format costs a hundred times as much as using it.
function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    formats.set(timeZone, format);
  }
  return format;
}
