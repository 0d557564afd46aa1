import { type History, type Situation, situationAfter } from "./history.ts";

/** One moment at which a rule may have something to say of a ring. */
export interface Look {
  readonly nowMs: number;
  /** The time and a thousandth of a millisecond for each event so far: what comes first has the smaller one. */
  readonly moment: number;
  readonly now: Situation;
  /** Something has just happened; else only time has passed. */
  readonly isEvent: boolean;
  /** Nothing of the ring has been decided yet since the last start. */
  readonly isFirst: boolean;
}

/**
 * Looks at a rule and a ring after each event, and between two events at every millisecond at which one of the looks so far
 * has asked to look again: too often does no harm. Events at one millisecond come after what time alone brings.
 */
export function replayHistory(
  history: History,
  subject: { readonly rule: string; readonly ring: string },
  endMs: number,
  look: (look: Look) => readonly number[],
): void {
  // Those that are still to come, the earliest first.
  const asked: number[] = [];
  let isFirst = true;
  history.forEach(({ atMs, kind }, index) => {
    const now = situationAfter(history.slice(0, index + 1), subject.rule, subject.ring);
    if (kind === "started") isFirst = true;
    const untilMs = history[index + 1]?.atMs ?? endMs;
    for (
      let nowMs: number | undefined = atMs, isEvent = true;
      nowMs !== undefined && nowMs <= untilMs;
      isEvent = false
    ) {
      for (const againMs of look({ nowMs, moment: nowMs + index / 1000, now, isEvent, isFirst }))
        if (againMs > nowMs) ask(asked, againMs);
      if (now.shown !== undefined && now.rule) isFirst = false;
      while (asked[0] !== undefined && asked[0] <= nowMs) asked.shift();
      nowMs = asked[0];
    }
  });
}

function ask(asked: number[], atMs: number): void {
  const place = asked.findIndex((each) => each >= atMs);
  if (place === -1) asked.push(atMs);
  else if (asked[place] !== atMs) asked.splice(place, 0, atMs);
}
