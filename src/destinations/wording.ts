import type { Notice, NoticeAlert, NoticeChange, NoticeGroup, NoticeKind } from "../alerts/notice.ts";
import { changeSummary } from "../alerts/wording.ts";
import { formatDuration } from "../rules/duration.ts";
import { groupCounts } from "./group-words.ts";
import { cleanLine, cleanText, truncateChars } from "./truncate.ts";

/** How a kind of notice is called. */
export const KIND_WORDS: Readonly<Record<NoticeKind, string>> = {
  fire: "Firing",
  update: "Still firing",
  resolve: "Resolved",
  change: "Changed",
  test: "Test",
};

/** Longest value of a fact. */
const FACT_MAX = 500;

/** One line of what is known: a name, and a value on one line. */
export interface Fact {
  readonly name: string;
  readonly value: string;
  /** When the value is a time: RFC 3339, for places that can show it in the reader's own zone. */
  readonly time?: string;
}

/** The notice's title on one line, or one made from what it says. */
export function titleOf(notice: Notice): string {
  return cleanLine(notice.title).trim() || defaultTitle(notice);
}

/** The notice's message, which may have several lines, or one made from what it says. */
export function messageOf(notice: Notice): string {
  return cleanText(notice.message).trim() || defaultMessage(notice);
}

/** What a person woken at night asks first: how bad, which ring, how many, since when, why. At most ten facts. */
export function factsOf(notice: Notice): readonly Fact[] {
  const { alert, change } = notice;
  const facts: Fact[] = notice.group ? groupFacts(notice, notice.group) : ringFacts(notice);
  if (alert) {
    facts.push(timeFact("Since", alert.since));
    if (alert.resolvedAt !== undefined) facts.push(timeFact("Resolved", alert.resolvedAt));
    const seconds = alert.durationSeconds ?? secondsBetween(alert.since, notice.time);
    if (seconds !== undefined) facts.push(fact("Duration", formatDuration(Math.round(seconds) * 1000)));
    // The default message is the reason itself: nobody needs to read it twice.
    if (!notice.group && alert.reason && alert.reason !== notice.message) {
      facts.push(fact(notice.kind === "resolve" ? "Ended by" : "Reason", alert.reason));
    }
    const remarks = alertRemarks(alert);
    if (remarks) facts.push(fact("Note", remarks));
  }
  if (notice.generation !== undefined) facts.push(fact("Generation", generationWords(notice)));
  if (change) {
    facts.push(timeFact("First change", change.firstChangeAt), timeFact("Settled", change.settledAt));
    // The default message holds both, a rule's own need not.
    const why = whyLeftWords(change, notice.message);
    if (why) facts.push(fact("Why they left", why));
    const remarks = changeRemarks(change, notice.message);
    if (remarks) facts.push(fact("Note", remarks));
  }
  return facts;
}

function ringFacts(notice: Notice): Fact[] {
  return [
    fact("Ring", notice.ring.key),
    fact("Ready", readyWords(notice)),
    fact("Severity", notice.severity),
    fact("Rule", notice.rule),
  ];
}

/** What the alerts of a group have in common, in the place of a ring and a rule. */
function groupFacts({ severity }: Notice, group: NoticeGroup): Fact[] {
  const common = Object.entries(group.by).filter(([word]) => word !== "severity");
  return [
    fact("Alerts", groupCounts(group)),
    ...common.map(([word, value]) => fact(`${word.charAt(0).toUpperCase()}${word.slice(1)}`, value)),
    fact("Severity", severity),
  ];
}

/** `2 of 5 ready`; `absent` for a Service without slices. */
export function readyWords(notice: Notice): string {
  const { ready, total, terminating } = notice.counts;
  if (!notice.ring.present) return "absent: the Service has no endpoints object";
  return `${ready} of ${total} ready${terminating > 0 ? `, ${terminating} terminating` : ""}`;
}

function defaultTitle(notice: Notice): string {
  const rule = cleanLine(notice.rule);
  const ring = cleanLine(notice.ring.key);
  switch (notice.kind) {
    case "fire":
      return `${rule} fires for ${ring}`;
    case "update":
      return `${rule} still fires for ${ring}`;
    case "resolve":
      return `${rule} has resolved for ${ring}`;
    case "change":
      return `${ring}: ${notice.change ? changeSummary(notice.change) : "changed"}`;
    case "test":
      return `Test of ${rule} for ${ring}`;
  }
}

function defaultMessage(notice: Notice): string {
  if (notice.kind === "test") return "This is a test: nothing has happened";
  if (notice.change) return changeSummary(notice.change);
  return cleanText(notice.alert?.reason ?? "").trim() || readyWords(notice);
}

function generationWords(notice: Notice): string {
  const before = notice.previousGeneration === undefined ? "" : ` (before: ${notice.previousGeneration})`;
  return `${notice.generation}${before}`;
}

/** What a rule's own title and message need not say. */
function alertRemarks({ flapping, late, update, whileAway }: NoticeAlert): string {
  const remarks = [
    flapping ? "comes and goes: from now on only its calming down is told" : "",
    late ? "told late: it was to be quiet" : "",
    update === undefined ? "" : UPDATE_WORDS[update],
    whileAway ? "it ended while Ringbell was not running" : "",
  ];
  return remarks.filter(Boolean).join("; ");
}

const UPDATE_WORDS: Readonly<Record<NonNullable<NoticeAlert["update"]>, string>> = {
  worse: "worse than was told",
  repeat: "told again",
  calm: "does not come and go any more",
};

function whyLeftWords({ departures = [] }: NoticeChange, message: string): string {
  return departures
    .filter(({ evidence }) => !message.includes(evidence))
    .map(({ name, reason, evidence }) => `${name}: ${reason}, ${evidence}`)
    .join("; ");
}

function changeRemarks(change: NoticeChange, message: string): string {
  const { guarded } = change;
  const remarks = [
    guarded !== undefined && !message.includes(guarded) ? `held back by the guard: ${guarded}` : "",
    change.whileAway ? "some of it happened while Ringbell was not running" : "",
    change.forced ? "reported at maxWait, other members are still changing" : "",
  ];
  return remarks.filter(Boolean).join("; ");
}

function fact(name: string, value: string): Fact {
  return { name, value: truncateChars(cleanLine(value), FACT_MAX) };
}

function timeFact(name: string, time: string): Fact {
  return { ...fact(name, time), time };
}

function secondsBetween(from: string, to: string): number | undefined {
  const seconds = (Date.parse(to) - Date.parse(from)) / 1000;
  return Number.isNaN(seconds) ? undefined : seconds;
}
