import type { MuteWindow } from "../../src/rules/muted-until.ts";
import type { Rule } from "../../src/rules/rule.ts";

/** One Pod of a ring as the API shows it. */
export interface Pod {
  readonly key: string;
  readonly uid: string;
  readonly address: string;
  readonly zone: string;
  readonly serving: boolean;
  readonly terminating: boolean;
}

/** A ring as it was shown: its Pods, or `absent` for a Service without slices. */
export type Shown = readonly Pod[] | "absent";

/** A silence; for everybody where it names no destination. */
export interface Quiet {
  readonly id: string;
  readonly rule: string | undefined;
  readonly destination: string | undefined;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** One thing that the alert core was told, or that was done to it. */
export type Event =
  | { readonly kind: "shown"; readonly ring: string; readonly shown: Shown }
  | { readonly kind: "blind"; readonly ring: string }
  | { readonly kind: "rules"; readonly rules: readonly Rule[] }
  | { readonly kind: "stopped" }
  /** It runs again, with these rules, and has not been shown anything. */
  | { readonly kind: "started"; readonly rules: readonly Rule[] }
  | { readonly kind: "silence"; readonly silence: Quiet }
  | { readonly kind: "expire"; readonly id: string };

/** All that happened, in order; several at one millisecond count one after the other. */
export type History = readonly (Event & { readonly atMs: number })[];

/** Times of the rules file at which nobody, or some destination, is told. */
export interface Windows {
  readonly windows: ReadonlyMap<string, MuteWindow>;
  /** Names of windows by destination. */
  readonly destinations: ReadonlyMap<string, readonly string[]>;
}

/** How things stand for one rule and one ring after the first so many events. */
export interface Situation {
  /** Undefined while the rules file has no such rule. */
  readonly rule: Rule | undefined;
  /** Undefined while nothing may be decided: it does not run, is blind, or has been shown nothing since the start. */
  readonly shown: Shown | undefined;
  readonly isRunning: boolean;
  readonly silences: readonly Quiet[];
}

/** Looks the situation up in the history, from the latest event back. */
export function situationAfter(past: History, ruleName: string, ring: string): Situation {
  const rules = past.findLast((event) => event.kind === "rules" || event.kind === "started");
  const start = past.findLastIndex((event) => event.kind === "started");
  const isRunning = past.findLastIndex((event) => event.kind === "stopped") <= start;
  const seen = past.findLast(
    (event, at) => at > start && (event.kind === "shown" || event.kind === "blind") && event.ring === ring,
  );
  const expired = new Map(past.flatMap((e) => (e.kind === "expire" ? [[e.id, e.atMs] as const] : [])));
  return {
    rule: rules && "rules" in rules ? rules.rules.find(({ name }) => name === ruleName) : undefined,
    shown: isRunning && seen?.kind === "shown" ? seen.shown : undefined,
    isRunning,
    silences: past.flatMap((event) =>
      event.kind !== "silence"
        ? []
        : [
            {
              ...event.silence,
              untilMs: Math.min(event.silence.untilMs, expired.get(event.silence.id) ?? Infinity),
            },
          ],
    ),
  };
}

/** A span of time in which somebody is to be quiet. */
export type Span = readonly [fromMs: number, untilMs: number];

/** Everything that keeps a rule from telling a destination (or, without one, anybody) of a ring. */
export function quietSpans(
  { rule, silences }: Situation,
  { windows, destinations }: Windows,
  suppressed: readonly Span[],
  destination: string | undefined,
): readonly Span[] {
  if (!rule) return [];
  const names = [...rule.mute, ...(destination === undefined ? [] : (destinations.get(destination) ?? []))];
  const muted = names.flatMap((name) =>
    (windows.get(name) ?? []).flatMap((span): Span[] =>
      span.kind === "once" ? [[span.startMs, span.endMs]] : [],
    ),
  );
  const silenced = silences
    .filter((each) => each.destination === undefined || each.destination === destination)
    .filter((each) => each.rule === undefined || each.rule === rule.name)
    .map(({ fromMs, untilMs }): Span => [fromMs, untilMs]);
  return [...muted, ...silenced, ...(rule.suppressedBy.length > 0 ? suppressed : [])];
}

/** Whether some span holds at a moment. */
export function isWithin(spans: readonly Span[], moment: number): boolean {
  return spans.some(([from, until]) => from <= moment && moment < until);
}
