import type { Standing } from "../alerts/standing.ts";
import { standingToJson } from "../alerts/standing-json.ts";
import { describeRings, describeTrigger } from "../rules/describe-rule.ts";
import { formatDuration } from "../rules/duration.ts";
import type { RulesFile } from "../rules/load-rules.ts";
import type { Rule } from "../rules/rule.ts";
import { nextWords } from "./standing-rows.ts";

/** Where each rule stands, and as of when. */
export interface Truth {
  /** Epoch milliseconds. */
  readonly nowMs: number;
  readonly standings: readonly Standing[];
  /** What could not be found out. */
  readonly warnings: readonly string[];
  /** How far the times can be relied on, for people. */
  readonly note: string | undefined;
}

/** What `ringbell explain` was asked to do, and what it needs of the world. */
export interface ExplainOptions {
  readonly file: RulesFile;
  readonly truth: Truth;
  /** `namespace/service`; undefined for all rings. */
  readonly ring: string | undefined;
  readonly json: boolean;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** All was found out. */
const OK = 0;
/** Something could not be looked at. */
const INCOMPLETE = 1;

/**
 * `ringbell explain`: says for each rule and ring what is true now, what decides, since when it has been so, and what Ringbell
 * would say next, to whom and when. Returns the exit code.
 */
export function explain({ file, truth, ring, json, out, err }: ExplainOptions): number {
  const { nowMs, standings, warnings, note } = truth;
  for (const warning of warnings) err(`Warning: ${warning}\n`);
  const wanted = standings.filter((standing) => ring === undefined || standing.ring === ring);
  if (json) {
    const at = new Date(nowMs).toISOString();
    out(`${JSON.stringify({ at, standings: wanted.map(standingToJson) }, undefined, 2)}\n`);
  } else {
    if (note !== undefined) err(`${note}\n`);
    out(file.rules.map((rule) => ruleText(rule, wanted, ring, nowMs)).join("\n"));
  }
  return warnings.length > 0 ? INCOMPLETE : OK;
}

/** As after a first look: what a change rule sees then is what later changes are counted from, and is never told. */
export function firstSight(standing: Standing): Standing {
  if (standing.kind === "condition") return standing;
  const { next: _next, sinceMs: _since, ...rest } = standing;
  return { ...rest, phase: "settled", fact: "taken as it is, changes count from here" };
}

function ruleText(
  rule: Rule,
  standings: readonly Standing[],
  ring: string | undefined,
  nowMs: number,
): string {
  const own = standings.filter((standing) => standing.rule === rule.name).sort(byRing);
  const head = `${rule.name}: ${describeRings(rule)}, ${describeTrigger(rule)}, tells ${rule.notify.join(", ")}\n`;
  if (own.length === 0)
    return `${head}  ${ring === undefined ? "no ring that it selects" : `not about ${ring}`}\n`;
  return head + own.map((standing) => standingText(standing, nowMs)).join("");
}

function byRing(a: Standing, b: Standing): number {
  return a.ring < b.ring ? -1 : 1;
}

function standingText(standing: Standing, nowMs: number): string {
  const { ring, phase, sinceMs, fact, hushed, quiet = [] } = standing;
  const since = sinceMs === undefined ? "" : ` for ${ago(nowMs - sinceMs)}`;
  const next = nextWords(standing, nowMs);
  const lines = [`${ring}  ${phase}${since}: ${fact}`];
  if (next !== "") lines.push(`  next: ${next}`);
  if (hushed !== undefined) lines.push(`  tells nobody now: ${hushed}`);
  for (const { destination, why } of quiet) lines.push(`  does not tell ${destination} now: ${why}`);
  return lines.map((line) => `  ${line}\n`).join("");
}

function ago(ms: number): string {
  return formatDuration(Math.floor(Math.max(0, ms) / 1000) * 1000);
}
