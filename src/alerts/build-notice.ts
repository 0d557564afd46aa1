import type { Member, Ring } from "../ring/ring.ts";
import type { Rule } from "../rules/rule.ts";
import { renderTemplate } from "../rules/template.ts";
import type { RingFacts } from "../rules/cel-context.ts";
import { templateContext, type TriggerFacts } from "../rules/template-context.ts";
import { renderLabels } from "../rules/template-labels.ts";
import type { AlertWord } from "./advance-alert.ts";
import type { ReportedChange } from "./report-change.ts";
import type { Alert } from "./alert.ts";
import { NOT_READY_MAX, type Notice, type NoticeAlert, type NoticeChange } from "./notice.ts";
import { countsOf, noticeRing } from "./ring-counts.ts";
import { alertMessage, alertTitle, changeMessage, changeTitle } from "./wording.ts";

/** What is known beside the ring when an alert speaks. */
export interface AlertMoment extends RingFacts {
  /** It happened while Ringbell was not running. */
  readonly whileAway: boolean;
}

/** The notice of a fire, an update or a resolve. */
export function alertNotice(
  rule: Rule,
  ring: Ring,
  alert: Alert,
  word: AlertWord,
  moment: AlertMoment,
): Notice {
  const { sinceMs, firedAtMs, reason, items } = word;
  const facts = {
    sinceMs,
    firedAtMs,
    reason,
    episode: alert.episode,
    resolved: word.kind === "resolve",
    ...(items && { items }),
  };
  const texts = renderTexts(rule, ring, { alert: facts }, moment);
  const said = noticeAlert(alert.episode, word, ring.members);
  return {
    ...common(rule, ring, moment.nowMs),
    labels: texts.labels,
    kind: word.kind,
    title: texts.title ?? alertTitle(rule.name, ring.key, word),
    message: texts.message ?? alertMessage(word),
    alert: moment.whileAway && word.kind === "resolve" ? { ...said, whileAway: true } : said,
  };
}

/** The notice of a settled change. */
export function changeNotice(rule: Rule, ring: Ring, report: ReportedChange, moment: RingFacts): Notice {
  const texts = renderTexts(rule, ring, { change: report }, moment);
  return {
    ...common(rule, ring, moment.nowMs),
    labels: texts.labels,
    kind: "change",
    title: texts.title ?? changeTitle(ring.key, report),
    message: texts.message ?? changeMessage(report),
    generation: report.generation,
    previousGeneration: report.previousGeneration,
    change: noticeChange(report),
  };
}

function common(rule: Rule, ring: Ring, nowMs: number) {
  return {
    version: 1 as const,
    rule: rule.name,
    severity: rule.severity,
    ring: noticeRing(ring),
    time: iso(nowMs),
    counts: countsOf(ring),
    ...(rule.runbook === undefined ? {} : { runbook: rule.runbook }),
  };
}

// Most rules have no texts of their own, and the values for holes cost more than the notice.
function renderTexts(
  rule: Rule,
  ring: Ring,
  facts: TriggerFacts,
  moment: RingFacts,
): { title?: string; message?: string; labels: Readonly<Record<string, string>> } {
  const labels = renderLabels(rule.labels, () => templateContext(rule, ring, facts, moment));
  if (!rule.title && !rule.message) return { labels };
  const context = templateContext(rule, ring, facts, moment);
  return {
    labels,
    ...(rule.title && { title: renderTemplate(rule.title, context) }),
    ...(rule.message && { message: renderTemplate(rule.message, context) }),
  };
}

/** The `alert` part of a notice. */
export function noticeAlert(episode: number, word: AlertWord, members: readonly Member[]): NoticeAlert {
  const alert = {
    episode,
    since: iso(word.sinceMs),
    firedAt: iso(word.firedAtMs),
    reason: word.reason,
    ...(word.items && { items: word.items }),
    notReady: members.filter((member) => !member.ready).slice(0, NOT_READY_MAX),
  };
  if (word.kind === "fire") {
    return { ...alert, ...(word.late && { late: true }), ...(word.flapping && { flapping: true }) };
  }
  if (word.kind === "update") return { ...alert, update: word.why };
  return {
    ...alert,
    resolvedAt: iso(word.resolvedAtMs),
    // The clock may have been set back meanwhile.
    durationSeconds: Math.max(0, word.resolvedAtMs - word.sinceMs) / 1000,
  };
}

function noticeChange(report: ReportedChange): NoticeChange {
  const {
    generation: _generation,
    previousGeneration: _previous,
    firstChangeMs,
    settledMs,
    departures,
    guarded,
    ...change
  } = report;
  return {
    ...change,
    firstChangeAt: iso(firstChangeMs),
    settledAt: iso(settledMs),
    ...(departures.length > 0 && { departures }),
    ...(guarded !== undefined && { guarded }),
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
