import { formatMatcher, parseMatcher } from "../alerts/parse-matcher.ts";
import type { SilenceJson } from "../alerts/silence-json.ts";
import type { Matcher } from "../alerts/silence.ts";
import { cleanLine } from "../destinations/truncate.ts";
import { formatDuration, parseDuration } from "../rules/duration.ts";
import { EXIT } from "./cli.ts";
import type { ClientResult, SilenceClient } from "./silence-client.ts";

/** What the commands about silences work with. */
export interface SilenceIo {
  readonly client: SilenceClient;
  readonly writeOut: (text: string) => void;
  readonly writeError: (text: string) => void;
  readonly nowMs: number;
  /** Print JSON instead of words. */
  readonly json: boolean;
}

/** What `ringbell silence add` was asked for; exactly one of `for` and `until`. */
export interface AddSilence {
  /** As `NAME=VALUE` or `NAME!=VALUE`. */
  readonly matchers: readonly string[];
  readonly for?: string | undefined;
  readonly until?: string | undefined;
  readonly start?: string | undefined;
  readonly reason: string;
  readonly author: string;
}

/** Adds a silence and prints its id. Returns the exit code. */
export async function addSilence(asked: AddSilence, io: SilenceIo): Promise<number> {
  const issues = usageIssues(asked);
  const matchers: Matcher[] = [];
  for (const text of asked.matchers) {
    const result = parseMatcher(text);
    if (result.ok) matchers.push(result.matcher);
    else issues.push(result.issue);
  }
  if (issues.length > 0) {
    io.writeError(`Cannot add a silence: ${issues.join("; ")}\n`);
    return EXIT.usage;
  }
  const { author, reason, start, until } = asked;
  const result = await io.client.add({
    matchers,
    author,
    reason,
    ...(start !== undefined && { startsAt: start }),
    ...(until !== undefined && { endsAt: until }),
    ...(asked.for !== undefined && { for: asked.for }),
  });
  return print(
    result,
    io,
    (silence) => `${silence.id} ${silence.state} until ${inSeconds(silence.endsAt)}\n`,
  );
}

function usageIssues(asked: AddSilence): string[] {
  const issues: string[] = [];
  if ((asked.for === undefined) === (asked.until === undefined)) {
    issues.push("exactly one of --for and --until is needed");
  }
  if (asked.for !== undefined) {
    const duration = parseDuration(asked.for);
    if (!duration.ok)
      issues.push(`--for wants a duration such as 2h or 1h30m, not "${asked.for}": ${duration.issue}`);
  }
  for (const [flag, time] of [
    ["--until", asked.until],
    ["--start", asked.start],
  ] as const) {
    if (time === undefined || /^\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:\d{2})$/.test(time)) continue;
    issues.push(`${flag} wants a time with its zone, such as 2026-12-01T20:00:00Z, not "${time}"`);
  }
  return issues;
}

/** Prints the silences that are not over, or all that are still kept. Returns the exit code. */
export async function listSilences(io: SilenceIo, all: boolean): Promise<number> {
  const result = await io.client.list();
  if (!result.ok) return print(result, io, () => "");
  const shown = result.value.filter(({ state }) => all || state !== "expired");
  return print({ ok: true, value: shown }, io, (silences) => table(silences, io.nowMs));
}

/** Ends a silence now. Returns the exit code. */
export async function expireSilence(id: string, io: SilenceIo): Promise<number> {
  return print(await io.client.expire(id), io, (silence) => `${silence.id} expired\n`);
}

function print<Value>(
  result: ClientResult<Value>,
  { json, writeOut, writeError }: SilenceIo,
  words: (value: Value) => string,
): number {
  if (!result.ok) {
    writeError(`${result.problem}\n`);
    return EXIT.failure;
  }
  writeOut(json ? `${JSON.stringify(result.value, undefined, 2)}\n` : words(result.value));
  return EXIT.clean;
}

const HEADINGS = ["ID", "STATE", "ENDS", "MATCHERS", "AUTHOR", "REASON"];

function table(silences: readonly SilenceJson[], nowMs: number): string {
  if (silences.length === 0) return "no silences\n";
  const rows = [HEADINGS, ...silences.map((silence) => cells(silence, nowMs))];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return `${rows.map(line).join("\n")}\n`;
}

/** A time of RFC 3339 in UTC, without fractions of a second. */
function inSeconds(time: string): string {
  return time.replace(/\.\d+(?=Z$)/, "");
}

function cells(silence: SilenceJson, nowMs: number): string[] {
  const { id, state, endsAt, matchers, author, reason } = silence;
  const leftMs = Math.floor((Date.parse(endsAt) - nowMs) / 1000) * 1000;
  const time = inSeconds(endsAt);
  const ends = state === "expired" ? time : `${time} (in ${formatDuration(leftMs)})`;
  return [id, state, ends, matchers.map(formatMatcher).join(" "), author, reason].map(cleanLine);
}
