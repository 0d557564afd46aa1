import { compareReplays, type Pair, type ReplayDifference } from "../rehearsal/compare-replays.ts";
import type { HeldBack } from "../rehearsal/held-back.ts";
import type { History } from "../rehearsal/recorded-history.ts";
import { replay, type Replayed, type SentNotice } from "../rehearsal/replay.ts";
import type { Standing } from "../alerts/standing.ts";
import { standingToJson } from "../alerts/standing-json.ts";
import { formatDuration } from "../rules/duration.ts";
import { plural } from "../rules/format-problems.ts";
import type { RulesFile } from "../rules/load-rules.ts";

/** What `ringbell replay` was asked to do, and what it needs of the world. */
export interface ReplayOptions {
  readonly history: History;
  readonly recording: string;
  readonly rules: NamedRules;
  /** Compared with `rules`; undefined for no comparison. */
  readonly other: NamedRules | undefined;
  readonly json: boolean;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** A rules file and where it is from. */
export interface NamedRules {
  readonly path: string;
  readonly file: RulesFile;
}

/**
 * `ringbell replay`: says what a rules file would have told while a recording was made, what it would have held back and why,
 * or how two rules files differ in that. Always exits 0: telling much or nothing is no failure.
 */
export function replayCommand(options: ReplayOptions): void {
  const { history, recording, rules, other, json, out, err } = options;
  const a = replay(rules.file, history);
  const b = other && replay(other.file, history);
  for (const warning of new Set([...history.warnings, ...a.warnings, ...(b?.warnings ?? [])]))
    err(`Warning: ${warning}\n`);
  const difference = b && compareReplays(a.sent, b.sent);
  if (json) {
    const told = difference ? differenceJson(difference) : replayedJson(a);
    out(`${JSON.stringify({ recording: recordingJson(recording, history), ...told }, undefined, 2)}\n`);
    return;
  }
  out(heading(recording, history));
  if (other && b && difference) {
    const sides = { a: { path: rules.path, replayed: a }, b: { path: other.path, replayed: b } };
    out(differenceText(sides, difference, history.startMs));
  }
  if (!difference) out(timeline(a, history));
}

function heading(recording: string, { startMs, endMs, events }: History): string {
  const from = new Date(startMs).toISOString().slice(0, 19).replace("T", " ");
  return `${recording}: ${plural(events, "event")} in ${formatDuration(endMs - startMs)} from ${from} UTC\n`;
}

interface Row {
  readonly atMs: number;
  readonly cells: readonly string[];
  /** On a line of its own, below. */
  readonly note?: string;
}

function timeline({ sent, heldBack, standings }: Replayed, { startMs, endMs }: History): string {
  const rows = [...sent.map(sentRow), ...heldBack.map(heldBackRow)].sort((a, b) => a.atMs - b.atMs);
  const deliveries = sent.reduce((sum, { to }) => sum + to.length, 0);
  const open = standings.filter(isOpen).map((standing) => `  ${openWords(standing, startMs, endMs)}\n`);
  return [
    rows.length > 0 ? `\n${table(rows, startMs)}` : "",
    open.length > 0 ? `\nNot over at the end:\n${open.join("")}` : "",
    `\nSent ${plural(sent.length, "notice")} in ${deliveries} ${deliveries === 1 ? "delivery" : "deliveries"}, held back ${heldBack.length}\n`,
  ].join("");
}

function isOpen({ phase }: Standing): boolean {
  return phase !== "inactive" && phase !== "settled";
}

function openWords(
  { rule, ring, phase, sinceMs, fact, next }: Standing,
  startMs: number,
  endMs: number,
): string {
  const since = sinceMs === undefined ? "" : ` since ${offset(sinceMs, startMs)}`;
  const then = next ? `, would ${next.what} in ${formatDuration(next.atMs - endMs)}` : "";
  return `${rule} ${ring}: ${phase}${since}, ${fact}${then}`;
}

function sentRow({ atMs, notice, to }: SentNotice): Row {
  const told = to.length > 0 ? `to ${to.join(", ")}` : "to nobody";
  return { atMs, cells: [notice.kind, `${notice.rule} ${notice.ring.key}`, whyOf(notice), told] };
}

function heldBackRow({ atMs, rule, ring, why }: HeldBack): Row {
  return { atMs, cells: ["(held back)", `${rule} ${ring}`, why] };
}

function whyOf({ alert, title, group }: SentNotice["notice"]): string {
  return group === undefined ? (alert?.reason ?? title) : title;
}

interface Side {
  readonly path: string;
  readonly replayed: Replayed;
}

function differenceText(
  { a, b }: { readonly a: Side; readonly b: Side },
  { onlyA, onlyB, moved, same }: ReplayDifference,
  startMs: number,
): string {
  const part = (title: string, rows: readonly Row[]): string =>
    rows.length > 0 ? `\n${title}\n${table(rows, startMs)}` : "";
  const only = (sent: readonly SentNotice[], other: Side): Row[] =>
    sent.map((one) => ({ ...sentRow(one), note: insteadOf(one, other) }));
  return [
    part(`Only ${a.path}`, only(onlyA, b)),
    part(`Only ${b.path}`, only(onlyB, a)),
    part(`Both, in another way (as ${a.path} says it, then how ${b.path} differs)`, moved.map(movedRow)),
    `\nOnly ${a.path}: ${onlyA.length}, only ${b.path}: ${onlyB.length}, both in another way: ${moved.length}, both alike: ${same}\n`,
  ].join("");
}

/** Why the other rules file did not say it, as far as what it held back shows. */
function insteadOf({ atMs, notice }: SentNotice, { path, replayed }: Side): string {
  const beganMs = Date.parse(notice.alert?.since ?? notice.change?.firstChangeAt ?? notice.time);
  const held = replayed.heldBack.find(
    ({ rule, ring, atMs: endedMs, sinceMs }) =>
      rule === notice.rule && ring === notice.ring.key && sinceMs <= atMs && endedMs >= beganMs,
  );
  return held ? `(${path}: ${held.why})` : "";
}

function movedRow({ a, b }: Pair): Row {
  const { notice } = a;
  return { atMs: a.atMs, cells: [notice.kind, `${notice.rule} ${notice.ring.key}`, ...changesOf(a, b)] };
}

function changesOf(a: SentNotice, b: SentNotice): string[] {
  const lateMs = b.atMs - a.atMs;
  const when =
    lateMs === 0 ? [] : [`${formatDuration(Math.abs(lateMs))} ${lateMs > 0 ? "later" : "earlier"}`];
  const toA = a.to.join(", ") || "nobody";
  const toB = b.to.join(", ") || "nobody";
  const whom = a.to.toSorted().join() === b.to.toSorted().join() ? [] : [`to ${toB} instead of ${toA}`];
  return [[...when, ...whom].join(", ")];
}

function table(rows: readonly Row[], startMs: number): string {
  const lines = rows.map(({ atMs, cells }) => [
    new Date(atMs).toISOString().slice(11, 23),
    offset(atMs, startMs),
    ...cells,
  ]);
  const widths = [0, 1, 2, 3, 4].map((column) =>
    Math.max(0, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const [clock = 0, since = 0] = widths;
  const indent = " ".repeat(clock + since + 4);
  return lines
    .map((line, at) => {
      const text = line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
      const note = rows[at]?.note;
      return `${text.trimEnd()}\n${note ? `${indent}${note}\n` : ""}`;
    })
    .join("");
}

function offset(atMs: number, startMs: number): string {
  return atMs < startMs ? "before" : `+${formatDuration(atMs - startMs)}`;
}

function recordingJson(path: string, { startMs, endMs, events }: History) {
  return { path, from: new Date(startMs).toISOString(), to: new Date(endMs).toISOString(), events };
}

function replayedJson({ sent, heldBack, standings }: Replayed) {
  return {
    sent: sent.map(sentJson),
    heldBack: heldBack.map(({ atMs, sinceMs, ...rest }) => ({
      at: new Date(atMs).toISOString(),
      since: new Date(sinceMs).toISOString(),
      ...rest,
    })),
    standings: standings.map(standingToJson),
  };
}

function sentJson({ atMs, to, notice }: SentNotice) {
  return { at: new Date(atMs).toISOString(), to, notice };
}

function differenceJson({ onlyA, onlyB, moved, same }: ReplayDifference) {
  return {
    onlyA: onlyA.map(sentJson),
    onlyB: onlyB.map(sentJson),
    inAnotherWay: moved.map(({ a, b }) => ({ a: sentJson(a), b: sentJson(b) })),
    alike: same,
  };
}
