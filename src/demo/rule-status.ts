import type { Baseline } from "../alerts/baseline.ts";
import type { Ring } from "../ring/ring.ts";
import { evaluate } from "../rules/conditions/evaluate.ts";
import type { ChangeTrigger, ConditionTrigger } from "../rules/rule.ts";
import { spanWords, storyTime } from "./happening.ts";
import type { RuleState } from "./observer.ts";
import { type Line, span } from "./styled-line.ts";

/** When it is. */
export interface Moment {
  /** Epoch milliseconds. */
  readonly nowMs: number;
  /** When the story began, in epoch milliseconds. */
  readonly startMs: number;
}

const BAR_CELLS = 12;

/** Where a rule stands, on one line: its name, a bar while something is on hold, and for how long it still is. */
export function ruleStatus(state: RuleState, ring: Ring | undefined, moment: Moment): Line {
  const { trigger } = state.rule;
  return trigger.kind === "condition"
    ? conditionStatus(state, trigger, ring, moment)
    : changeStatus(state.baseline, trigger, moment);
}

function conditionStatus(
  { rule, alert }: RuleState,
  { forMs }: ConditionTrigger,
  ring: Ring | undefined,
  { nowMs, startMs }: Moment,
): Line {
  const fact = (ring && evaluate(rule, ring)?.fact) ?? "not seen yet";
  const phase = alert?.phase ?? { kind: "inactive" };
  switch (phase.kind) {
    case "pending": {
      const goneMs = nowMs - phase.sinceMs;
      const wait = `pending, fires in ${spanWords(forMs - goneMs)}`;
      return [...bar(goneMs / forMs), span(wait, "yellow", "bold"), span(`  ${fact}`)];
    }
    case "firing":
      return [
        span(`▲ firing since ${storyTime(phase.firedAtMs - startMs)}`, "red", "bold"),
        span(`  ${fact}`),
      ];
    case "inactive":
      return [span("quiet", "green"), span(`  ${fact}`, "dim")];
  }
}

function changeStatus(baseline: Baseline | undefined, { settleMs, on }: ChangeTrigger, moment: Moment): Line {
  const { nowMs } = moment;
  if (!baseline || baseline.presence === "unseen") {
    const sinceMs = baseline?.presenceDeviation?.sinceMs ?? nowMs;
    const wait = `first sight, settles in ${spanWords(sinceMs + settleMs - nowMs)}`;
    return [...bar((nowMs - sinceMs) / settleMs), span(wait, "yellow")];
  }
  const deviations = [...baseline.deviations];
  const away = deviations.filter(([, { signature }]) => signature === "absent");
  const [first] = away.toSorted(([, a], [, b]) => a.sinceMs - b.sinceMs);
  if (first) {
    const [key, { sinceMs }] = first;
    const name = baseline.members.get(key)?.name ?? key;
    const more = away.length > 1 ? ` and ${away.length - 1} more` : "";
    const words = `${name} away ${spanWords(nowMs - sinceMs)} of ${spanWords(settleMs)}${more}`;
    return [...bar((nowMs - sinceMs) / settleMs), span(words, "yellow", "bold")];
  }
  if (deviations.length > 0) {
    const lastMs = Math.max(...deviations.map(([, { sinceMs }]) => sinceMs));
    const words = `${deviations.length} new or replaced, settled in ${spanWords(lastMs + settleMs - nowMs)}`;
    return [...bar((nowMs - lastMs) / settleMs), span(words, "yellow")];
  }
  const told = baseline.generation > 0 ? `generation ${baseline.generation} told` : "nothing told yet";
  return [
    span("quiet", "green"),
    span(`  ${told}; asks for ${on.join(", ")} for ${spanWords(settleMs)}`, "dim"),
  ];
}

function bar(share: number): Line {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * BAR_CELLS);
  return [span("━".repeat(filled), "yellow"), span("─".repeat(BAR_CELLS - filled), "dim"), span(" ")];
}
