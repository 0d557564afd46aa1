import type { Member, Ring } from "../ring/ring.ts";
import type { Rule } from "../rules/rule.ts";
import { renderTemplate } from "../rules/template.ts";
import { templateContext, type TriggerFacts } from "../rules/template-context.ts";
import type { AlertWord } from "./advance-alert.ts";
import type { ReportedChange } from "./advance-baseline.ts";
import type { Alert } from "./alert.ts";
import { NOT_READY_MAX, type Notice, type NoticeAlert, type NoticeChange } from "./notice.ts";
import { countsOf, noticeRing } from "./ring-counts.ts";
import { alertMessage, alertTitle, changeMessage, changeTitle } from "./wording.ts";

/** The notice of a fire or a resolve. */
export function alertNotice(rule: Rule, ring: Ring, alert: Alert, word: AlertWord, nowMs: number): Notice {
  const { sinceMs, firedAtMs, reason } = word;
  const facts = { sinceMs, firedAtMs, reason, episode: alert.episode, resolved: word.kind === "resolve" };
  const texts = renderTexts(rule, ring, { alert: facts });
  return {
    ...common(rule, ring, nowMs),
    kind: word.kind,
    title: texts.title ?? alertTitle(rule.name, ring.key, word),
    message: texts.message ?? alertMessage(word),
    alert: noticeAlert(alert.episode, word, ring.members),
  };
}

/** The notice of a settled change. */
export function changeNotice(rule: Rule, ring: Ring, report: ReportedChange, nowMs: number): Notice {
  const texts = renderTexts(rule, ring, { change: report });
  return {
    ...common(rule, ring, nowMs),
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
    labels: rule.labels,
    counts: countsOf(ring),
    ...(rule.runbook === undefined ? {} : { runbook: rule.runbook }),
  };
}

// Most rules have no texts of their own, and the values for holes cost more than the notice.
function renderTexts(rule: Rule, ring: Ring, facts: TriggerFacts): { title?: string; message?: string } {
  if (!rule.title && !rule.message) return {};
  const context = templateContext(rule, ring, facts);
  return {
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
    notReady: members.filter((member) => !member.ready).slice(0, NOT_READY_MAX),
  };
  if (word.kind === "fire") return alert;
  return {
    ...alert,
    resolvedAt: iso(word.resolvedAtMs),
    durationSeconds: (word.resolvedAtMs - word.sinceMs) / 1000,
  };
}

function noticeChange(report: ReportedChange): NoticeChange {
  const {
    generation: _generation,
    previousGeneration: _previous,
    firstChangeMs,
    settledMs,
    ...change
  } = report;
  return { ...change, firstChangeAt: iso(firstChangeMs), settledAt: iso(settledMs) };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
