import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { muteWindowSchema } from "../../src/rules/mute-window.ts";
import { mutedUntilMs, type MuteSpan, type MuteWindow } from "../../src/rules/muted-until.ts";

const window = (value: unknown): MuteWindow => muteWindowSchema.parse(value);
const at = (iso: string): number => Date.parse(iso);
const until = (value: unknown, iso: string): string | undefined => {
  const ms = mutedUntilMs(window(value), at(iso));
  return ms === undefined ? undefined : new Date(ms).toISOString();
};

/** Muted from exactly `start` until exactly `end`. */
function expectSpan(value: unknown, start: string, end: string): void {
  const spans = window(value);
  const [startMs, endMs] = [at(start), at(end)];
  expect(mutedUntilMs(spans, startMs - 1), `1 ms before ${start}`).toBeUndefined();
  expect(mutedUntilMs(spans, startMs), start).toBe(endMs);
  expect(mutedUntilMs(spans, endMs - 1), `1 ms before ${end}`).toBe(endMs);
  expect(mutedUntilMs(spans, endMs), end).toBeUndefined();
}

describe("a weekly span", () => {
  const nights = { timeZone: "Europe/Berlin", days: ["mon", "tue", "fri"], from: "22:00", to: "06:00" };

  test("begins and ends to the millisecond, over midnight, in its zone's summer and winter", () => {
    expectSpan(nights, "2026-11-23T21:00:00.000Z", "2026-11-24T05:00:00.000Z");
    expectSpan(nights, "2026-07-06T20:00:00.000Z", "2026-07-07T04:00:00.000Z");
  });

  test("counts on the days on which it begins", () => {
    // Monday, Tuesday and Friday nights; 2026-11-25 is a Wednesday.
    expect(until(nights, "2026-11-25T02:00:00Z")).toBe("2026-11-25T05:00:00.000Z");
    expect(until(nights, "2026-11-25T22:00:00Z")).toBeUndefined();
    expect(until(nights, "2026-11-28T04:59:59Z")).toBe("2026-11-28T05:00:00.000Z");
    expect(until(nights, "2026-11-28T21:30:00Z")).toBeUndefined();
  });

  test("without times is the whole day, and days that meet are one time", () => {
    expectSpan(
      { timeZone: "Asia/Kolkata", days: "sat-sun" },
      "2026-11-27T18:30:00.000Z",
      "2026-11-29T18:30:00.000Z",
    );
  });

  test("without days is every day", () => {
    const noon = { timeZone: "UTC", from: "12:00", to: "12:30" };
    for (let day = 1; day <= 7; day++)
      expectSpan(noon, `2026-11-0${day}T12:00:00.000Z`, `2026-11-0${day}T12:30:00.000Z`);
  });

  test("of the whole week gives a moment ahead, to ask again", () => {
    const ms = mutedUntilMs(window({ timeZone: "UTC", days: "mon-sun" }), at("2026-11-22T00:00:00Z"));
    expect(ms).toBeGreaterThan(at("2026-11-29T00:00:00Z"));
    expect(ms).toBeLessThan(at("2026-12-03T00:00:00Z"));
  });

  test("takes ranges over the end of the week", () => {
    const value = { timeZone: "UTC", days: ["fri-mon"], from: "10:00", to: "11:00" };
    const muted = Array.from({ length: 7 }, (_, day) => until(value, `2026-11-${22 + day}T10:00:00Z`));
    // 2026-11-22 is a Sunday.
    expect(muted.map((time) => time !== undefined)).toEqual([true, true, false, false, false, true, true]);
  });
});

describe("where clocks are set forward, a span that begins or ends in the hour left out does so at the leap", () => {
  test.each([
    // 2026-03-29 02:00 -> 03:00
    ["Europe/Berlin", "01:30", "02:30", "2026-03-29T00:30:00.000Z", "2026-03-29T01:00:00.000Z"],
    ["Europe/Berlin", "02:30", "03:30", "2026-03-29T01:00:00.000Z", "2026-03-29T01:30:00.000Z"],
    ["Europe/Berlin", "22:00", "06:00", "2026-03-28T21:00:00.000Z", "2026-03-29T04:00:00.000Z"],
    // 2026-03-08 02:00 -> 03:00
    ["America/New_York", "01:30", "02:30", "2026-03-08T06:30:00.000Z", "2026-03-08T07:00:00.000Z"],
    ["America/New_York", "22:00", "06:00", "2026-03-08T03:00:00.000Z", "2026-03-08T10:00:00.000Z"],
    // 2026-10-04 02:00 -> 02:30
    ["Australia/Lord_Howe", "01:45", "02:15", "2026-10-03T15:15:00.000Z", "2026-10-03T15:30:00.000Z"],
    ["Australia/Lord_Howe", "02:15", "02:45", "2026-10-03T15:30:00.000Z", "2026-10-03T15:45:00.000Z"],
  ])("%s %s to %s", (timeZone, from, to, start, end) => {
    expectSpan({ timeZone, from, to }, start, end);
  });

  test("one that lies within it is not at all", () => {
    const value = { timeZone: "Europe/Berlin", from: "02:10", to: "02:50" };
    for (let minute = 0; minute < 240; minute++)
      expect(mutedUntilMs(window(value), at("2026-03-28T23:00:00Z") + minute * 60_000)).toBeUndefined();
  });
});

describe("where clocks are set back, a span is from the first time to the last that the clock shows", () => {
  test.each([
    // 2026-10-25 03:00 -> 02:00
    ["Europe/Berlin", "01:30", "02:30", "2026-10-24T23:30:00.000Z", "2026-10-25T01:30:00.000Z"],
    ["Europe/Berlin", "02:30", "03:30", "2026-10-25T00:30:00.000Z", "2026-10-25T02:30:00.000Z"],
    ["Europe/Berlin", "02:10", "02:20", "2026-10-25T00:10:00.000Z", "2026-10-25T01:20:00.000Z"],
    ["Europe/Berlin", "22:00", "06:00", "2026-10-24T20:00:00.000Z", "2026-10-25T05:00:00.000Z"],
    // 2026-11-01 02:00 -> 01:00
    ["America/New_York", "00:30", "01:30", "2026-11-01T04:30:00.000Z", "2026-11-01T06:30:00.000Z"],
    // 2026-04-05 02:00 -> 01:30
    ["Australia/Lord_Howe", "01:15", "01:45", "2026-04-04T14:15:00.000Z", "2026-04-04T15:15:00.000Z"],
  ])("%s %s to %s", (timeZone, from, to, start, end) => {
    expectSpan({ timeZone, from, to }, start, end);
  });
});

describe("a span that comes once", () => {
  const maintenance = { timeZone: "Europe/Berlin", start: "2026-12-01T20:00", end: "2026-12-01T23:00:30" };

  test("is from its start to its end, by the clocks of its zone", () => {
    expectSpan(maintenance, "2026-12-01T19:00:00.000Z", "2026-12-01T22:00:30.000Z");
  });

  test("of a list unites with the others", () => {
    const more = { timeZone: "UTC", start: "2026-12-01T22:00", end: "2026-12-02T01:00" };
    expectSpan([maintenance, more], "2026-12-01T19:00:00.000Z", "2026-12-02T01:00:00.000Z");
  });

  test("may last for years", () => {
    const value = { timeZone: "UTC", start: "2020-01-01T00:00", end: "2030-01-01T00:00" };
    expectSpan(value, "2020-01-01T00:00:00.000Z", "2030-01-01T00:00:00.000Z");
  });
});

const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;

/** What Intl says that the clock shows, for each minute: the slow way, without any arithmetic of offsets. */
function shown(timeZone: string, fromMs: number, minutes: number): readonly string[] {
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "short" });
  return Array.from({ length: minutes }, (_, minute) => format.format(fromMs + minute * MINUTE_MS));
}

function wall(day: number, timeMs: number): string {
  return new Date(day * DAY_MS + timeMs).toISOString().slice(0, 16).replace("T", " ");
}

/** For each minute whether the span mutes: it is past the first minute that shows its beginning, and not past the last before its end. */
function slowly(span: MuteSpan & { kind: "weekly" }, clock: readonly string[], firstDay: number): boolean[] {
  const muted = clock.map(() => false);
  for (let day = firstDay; day < firstDay + 8; day++) {
    if (!span.days.includes(new Date(day * DAY_MS).getUTCDay())) continue;
    const [start, end] = [wall(day, span.fromMs), wall(day, span.toMs)];
    const first = clock.findIndex((text) => text >= start);
    const last = clock.findLastIndex((text) => text < end);
    if (first >= 0) muted.fill(true, first, Math.max(first, last + 1));
  }
  return muted;
}

const TURNS = [
  ["Europe/Berlin", "2026-03-29T01:00:00Z"],
  ["Europe/Berlin", "2026-10-25T01:00:00Z"],
  ["America/New_York", "2026-03-08T07:00:00Z"],
  ["America/New_York", "2026-11-01T06:00:00Z"],
  ["Australia/Lord_Howe", "2026-04-04T15:00:00Z"],
  ["Australia/Lord_Howe", "2026-10-03T15:30:00Z"],
  ["Africa/Casablanca", "2026-02-15T02:00:00Z"],
  ["Asia/Kathmandu", "2026-06-01T00:00:00Z"],
] as const;

test("any weekly span is as a clock on the wall shows it, minute by minute around each turn", () => {
  const minuteOfDay = fc.integer({ min: 0, max: 1439 });
  const days = fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1 });
  fc.assert(
    fc.property(fc.constantFrom(...TURNS), minuteOfDay, minuteOfDay, days, ([timeZone, turn], a, b, on) => {
      fc.pre(a !== b);
      const [fromMs, toMs] = [a * MINUTE_MS, b * MINUTE_MS + (b < a ? DAY_MS : 0)];
      const span = { kind: "weekly", timeZone, days: on, fromMs, toMs } as const;
      const beginMs = at(turn) - 3 * DAY_MS;
      const clock = shown(timeZone, beginMs, 6 * 1440);
      const muted = slowly(span, clock, Math.floor(beginMs / DAY_MS) - 1);
      for (let minute = 1440; minute < 4 * 1440; minute += 7) {
        const nowMs = beginMs + minute * MINUTE_MS;
        const untilMs = mutedUntilMs([span], nowMs);
        expect(untilMs !== undefined, new Date(nowMs).toISOString()).toBe(muted[minute]);
        if (untilMs === undefined) continue;
        const end = muted.indexOf(false, minute);
        if (end >= 0) expect(untilMs).toBe(beginMs + end * MINUTE_MS);
      }
    }),
    { numRuns: 60 },
  );
});
