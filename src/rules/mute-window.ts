import { z } from "zod";
import type { MuteSpan, MuteWindow } from "./muted-until.ts";
import { instantsOf, isTimeZone, nearestTimeZone } from "./time-zone.ts";

/** Days of the week as the rules file names them, in the order of `Date.getUTCDay`. */
const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;
const DAY = `(?:${DAYS.join("|")})`;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

const ZONE_WANTED = "must be an IANA time zone such as Europe/Berlin or UTC";
const timeZoneSchema = z.string({ error: ZONE_WANTED }).superRefine((name, context) => {
  if (isTimeZone(name)) return;
  const meant = nearestTimeZone(name);
  const params = meant === undefined ? {} : { because: `did you mean "${meant}"?` };
  context.addIssue({ code: "custom", message: ZONE_WANTED, params });
});

const DAYS_WANTED = "must be days such as [mon, wed] or mon-fri";
const daySchema = z.string({ error: DAYS_WANTED }).regex(new RegExp(`^${DAY}(?:-${DAY})?$`), {
  error: DAYS_WANTED,
});
const daysSchema = z.union([daySchema, z.array(daySchema).min(1, { error: DAYS_WANTED }).max(14)], {
  error: DAYS_WANTED,
});

const TIME_WANTED = "must be a time of day such as 22:00";
const timeSchema = z
  .string({ error: TIME_WANTED })
  .regex(/^(?:[01]?\d|2[0-3]):[0-5]\d$/, { error: TIME_WANTED });
const endTimeSchema = z
  .string({ error: TIME_WANTED })
  .regex(/^(?:(?:[01]?\d|2[0-3]):[0-5]\d|24:00)$/, { error: TIME_WANTED });

const MOMENT_WANTED = "must be a date and time by the clocks of the time zone, such as 2026-12-01T20:00";
const momentSchema = z
  .string({ error: MOMENT_WANTED })
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?$/, { error: MOMENT_WANTED })
  .refine(isCalendarDate, { error: MOMENT_WANTED, params: { because: "there is no such day or time" } });

const spanSchema = z
  .strictObject(
    {
      timeZone: timeZoneSchema,
      days: daysSchema.optional(),
      from: timeSchema.optional(),
      to: endTimeSchema.optional(),
      start: momentSchema.optional(),
      end: momentSchema.optional(),
    },
    { error: 'must be a map such as { timeZone: Europe/Berlin, days: mon-fri, from: "22:00", to: "06:00" }' },
  )
  .superRefine((span, context) => {
    const issue = spanIssue(span);
    if (issue) context.addIssue({ code: "custom", path: issue.path, message: issue.message });
  })
  .transform(toSpan);

/** A mute window of the rules file: one span, or a list of them. Its output is a `MuteWindow`. */
export const muteWindowSchema = z
  .union([spanSchema, z.array(spanSchema).min(1).max(100)], {
    error: "must be a span, such as { timeZone: UTC, days: sat-sun }, or a list of them",
  })
  .transform((spans): MuteWindow => [spans].flat());

interface RawSpan {
  readonly timeZone: string;
  readonly days?: string | string[] | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly start?: string | undefined;
  readonly end?: string | undefined;
}

function spanIssue(span: RawSpan): { readonly path: string[]; readonly message: string } | undefined {
  const { timeZone, days, from, to, start, end } = span;
  const isOnce = start !== undefined || end !== undefined;
  if (isOnce && (days ?? from ?? to) !== undefined) {
    const path = [days === undefined ? (from === undefined ? "to" : "from") : "days"];
    return { path, message: 'does not go with "start" and "end": make two spans of it' };
  }
  if (isOnce && start === undefined) return { path: [], message: 'must have a "start" beside its "end"' };
  if (isOnce && end === undefined) return { path: [], message: 'must have an "end" beside its "start"' };
  if (start !== undefined && end !== undefined) {
    // What is wrong by itself has been told already.
    if (![start, end].every(isCalendarDate) || !isTimeZone(timeZone)) return undefined;
    const isEmpty = instantsOf(timeZone, wallOf(start)).firstMs >= instantsOf(timeZone, wallOf(end)).lastMs;
    return isEmpty ? { path: ["end"], message: 'must be later than "start"' } : undefined;
  }
  if (from === undefined && to === undefined && days === undefined)
    return { path: [], message: 'must hold "days", "from" and "to", or "start" and "end"' };
  if (from === undefined && to !== undefined)
    return { path: [], message: 'must have a "from" beside its "to"' };
  if (from !== undefined && to === undefined)
    return { path: [], message: 'must have a "to" beside its "from"' };
  if (from !== undefined && to !== undefined && timeOf(from) === timeOf(to))
    return { path: ["to"], message: 'must differ from "from"; for whole days leave both out' };
  return undefined;
}

function toSpan({ timeZone, days, from, to, start, end }: RawSpan): MuteSpan {
  if (start !== undefined && end !== undefined) {
    const startMs = instantsOf(timeZone, wallOf(start)).firstMs;
    return { kind: "once", startMs, endMs: instantsOf(timeZone, wallOf(end)).lastMs };
  }
  const fromMs = timeOf(from ?? "00:00");
  const toMs = timeOf(to ?? "24:00");
  const daysOfWeek = days === undefined ? DAYS.map((_, index) => index) : [days].flat().flatMap(dayRange);
  return {
    kind: "weekly",
    timeZone,
    days: [...new Set(daysOfWeek)],
    fromMs,
    toMs: toMs > fromMs ? toMs : toMs + DAY_MS,
  };
}

/** `fri-mon` is Friday, Saturday, Sunday and Monday. */
function dayRange(text: string): number[] {
  const [first = 0, last = first] = text.split("-").map((day) => DAYS.findIndex((name) => name === day));
  return Array.from({ length: ((last - first + 7) % 7) + 1 }, (_, index) => (first + index) % 7);
}

function timeOf(text: string): number {
  const [hours = 0, minutes = 0] = text.split(":").map(Number);
  return (hours * 60 + minutes) * MINUTE_MS;
}

function wallOf(text: string): number {
  return Date.parse(`${text}Z`);
}

// `Date.parse` makes March out of the 30th of February.
function isCalendarDate(text: string): boolean {
  const ms = wallOf(text);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
}
