import type { Alert } from "../alerts/alert.ts";
import type { Baseline } from "../alerts/baseline.ts";
import type { Notice } from "../alerts/notice.ts";
import { changeSummary } from "../alerts/wording.ts";
import { compareRings } from "../ring/compare-rings.ts";
import type { Member } from "../ring/ring.ts";
import type { ChangeTrigger, ConditionTrigger, Rule } from "../rules/rule.ts";
import { listWords, type Said, spanWords } from "./happening.ts";

/** A condition rule. */
export type ConditionRule = Rule & { readonly trigger: ConditionTrigger };
/** A change rule. */
export type ChangeRule = Rule & { readonly trigger: ChangeTrigger };

/** Why an alert that has changed says nothing; undefined when it does, by its notice. `fact` is what decides its condition now. */
export function alertReason(
  rule: ConditionRule,
  before: Alert | undefined,
  after: Alert,
  fact: string,
  nowMs: number,
): Said | undefined {
  const hold = spanWords(rule.trigger.forMs);
  const was = before?.phase;
  if (after.phase.kind === "pending") {
    return { tone: "pending", text: `${rule.name} pending for ${hold}: ${fact}` };
  }
  if (after.phase.kind !== "inactive" || was?.kind !== "pending") return undefined;
  const held = spanWords(nowMs - was.sinceMs);
  return { tone: "quiet", text: `${rule.name}: over after ${held} of ${hold}: nobody is told` };
}

/** Why nobody is told of a ring that is not whole while a rule's condition does not hold. */
export function notHoldingReason(rule: ConditionRule, fact: string): Said {
  return { tone: "quiet", text: `${rule.name}: ${fact}: no alert`, once: `${rule.name} ${fact}` };
}

/** What a step of a change rule's baseline means when no notice came of it: who is away, who is back, what is let pass. */
export function baselineReasons(
  rule: ChangeRule,
  before: Baseline | undefined,
  after: Baseline,
  nowMs: number,
): Said[] {
  const settle = spanWords(rule.trigger.settleMs);
  const { members } = after;
  if (after.presence === "present" && before?.presence !== "present") {
    const first = `${rule.name}: first sight of ${members.size} members: nobody is told`;
    return [{ tone: "quiet", text: first }];
  }
  if (!before) return [];
  const said: Said[] = newlyAway(before, after).map(({ name }) => ({
    tone: "pending",
    text: `${rule.name}: ${name} is away, has left after ${settle}`,
    once: `${rule.name} away`,
  }));
  for (const { member, sinceMs } of returned(before, after)) {
    const away = spanWords(nowMs - sinceMs);
    said.push({
      tone: "quiet",
      text: `${rule.name}: ${member.name} back after ${away} of ${settle}: never left`,
    });
  }
  const passed = passedOver(before, after);
  if (passed) {
    const text = `${rule.name}: ${passed}; it asks only for ${listWords(rule.trigger.on)}: nobody is told`;
    said.push({ tone: "quiet", text });
  }
  return said;
}

/** Members that were away and are back, with the time since when they were. */
export function returned(
  before: Baseline,
  after: Baseline,
): readonly { readonly member: Member; readonly sinceMs: number }[] {
  return [...before.deviations].flatMap(([key, { signature, sinceMs }]) => {
    const member = before.members.get(key);
    const isBack = after.members.has(key) && after.deviations.get(key)?.signature !== "absent";
    return signature === "absent" && member && isBack ? [{ member, sinceMs }] : [];
  });
}

/** How many members the baseline took on as replaced without a report. */
export function replacedSilently(before: Baseline | undefined, after: Baseline): number {
  return before && movedSilently(before, after) ? netChange(before, after).replaced.length : 0;
}

/** What a notice says, and why it is said now. */
export function noticeReason(rule: Rule, notice: Notice): Said {
  const { alert, change, generation } = notice;
  if (rule.trigger.kind === "condition") {
    const reason = alert?.reason ?? notice.message;
    if (notice.kind !== "resolve") {
      const hold = spanWords(rule.trigger.forMs);
      return { tone: "fire", text: `${rule.name} FIRES: ${reason}, for ${hold}` };
    }
    const lasted = spanWords((alert?.durationSeconds ?? 0) * 1000);
    return { tone: "resolve", text: `${rule.name} RESOLVED after ${lasted}: ${reason}` };
  }
  const left = (change?.left ?? []).map(({ name }) => name).join(", ");
  const summary = `${change ? changeSummary(change) : notice.title}${left && ` (${left})`}`;
  return {
    tone: "change",
    text: `${rule.name} generation ${generation ?? 0}: ${summary}`,
  };
}

function newlyAway(before: Baseline, after: Baseline): Member[] {
  return [...after.deviations].flatMap(([key, { signature }]) => {
    const member = after.members.get(key);
    const wasAway = before.deviations.get(key)?.signature === "absent";
    return signature === "absent" && !wasAway && member ? [member] : [];
  });
}

/** The net change by which the baseline moved without a report, in words. */
function passedOver(before: Baseline, after: Baseline): string | undefined {
  if (!movedSilently(before, after)) return undefined;
  return changeSummary({ ...netChange(before, after), removed: false, before: [] });
}

function movedSilently(before: Baseline, after: Baseline): boolean {
  return (
    before.presence === "present" &&
    after.presence === "present" &&
    after.generation === before.generation &&
    (before.members.size !== after.members.size ||
      [...after.members].some(([key, member]) => before.members.get(key) !== member))
  );
}

// Readiness is in the baseline too, but settles only for rules that ask for it.
function netChange(before: Baseline, after: Baseline) {
  const change = compareRings(byKey(before), byKey(after));
  return { ...change, becameReady: [], becameUnready: [] };
}

function byKey({ members }: Baseline): Member[] {
  return [...members.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}
