const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
] as const;

/** The longest duration a rules file may ask for, in milliseconds: one year of 365 days. */
export const MAX_DURATION_MS = 365 * 86_400_000;

/** A duration in milliseconds, or why the text is none, as a clause: `it has no unit`. */
export type DurationResult =
  | { readonly ok: true; readonly ms: number }
  | { readonly ok: false; readonly issue: string };

/**
 * Reads `90s`, `5m`, `1h30m`, `500ms` or `2d`: whole positive numbers, each with a unit, the larger unit first.
 * Zero is written `0s`. At most 365 days.
 */
export function parseDuration(text: string): DurationResult {
  if (text === "0s") return { ok: true, ms: 0 };
  if (text === "") return fail("it is empty");
  let ms = 0;
  let nextUnit = 0;
  let rest = text;
  while (rest !== "") {
    const part = /^(\d{1,12})(ms|[dhms])/.exec(rest);
    if (!part) return fail(explain(rest));
    const [whole, digits = "", unit = ""] = part;
    const index = UNITS.findIndex(([name]) => name === unit);
    if (index < nextUnit) return fail("its units must fall from d over h, m and s to ms, each at most once");
    if (Number(digits) === 0) return fail("a part of it is zero; zero is written 0s");
    ms += Number(digits) * (UNITS[index]?.[1] ?? 0);
    nextUnit = index + 1;
    rest = rest.slice(whole.length);
  }
  return ms > MAX_DURATION_MS ? fail("it is longer than 365d") : { ok: true, ms };
}

/** Writes whole milliseconds the way `parseDuration` reads them: 5400000 is `1h30m`, 0 is `0s`. */
export function formatDuration(ms: number): string {
  if (ms <= 0) return "0s";
  let rest = Math.round(ms);
  let text = "";
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text || "0s";
}

function fail(issue: string): DurationResult {
  return { ok: false, issue };
}

function explain(rest: string): string {
  if (/\s/.test(rest)) return "it contains a space";
  if (rest.startsWith("-")) return "it is negative";
  if (/^\d+$/.test(rest)) return rest.length > 12 ? "it is longer than 365d" : `${rest} has no unit`;
  if (/^\d*\.\d/.test(rest)) return "it has a fraction; use a smaller unit";
  return "its units are d, h, m, s and ms";
}
