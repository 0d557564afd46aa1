import type { Ring } from "../ring/ring.ts";
import { mutedUntilMs, type MuteWindow } from "../rules/muted-until.ts";
import type { Rule } from "../rules/rule.ts";
import type { Notice } from "./notice.ts";
import { type Silence, type Silenceable, silenceEndMs } from "./silence.ts";
import type { SilenceBook } from "./silence-book.ts";
import { SILENCED_UNTIL_LABEL, silencedUntilMs } from "./silenced-until.ts";
import type { Hush } from "./surroundings.ts";

/** What of the rules file decides about quiet times. */
export interface QuietRules {
  readonly muteWindows: ReadonlyMap<string, MuteWindow>;
  readonly destinations: ReadonlyMap<string, { readonly mute: readonly string[] }>;
}

/** Who is not to speak, or not to be told, now: mute windows, silences and the Services' own label in one place. */
export class QuietTimes {
  readonly #silences: SilenceBook;
  #rules: QuietRules;
  readonly #muted = new Map<string, { readonly second: number; readonly untilMs: number | undefined }>();

  constructor(rules: QuietRules, silences: SilenceBook) {
    this.#rules = rules;
    this.#silences = silences;
  }

  /** Goes on with another rules file. */
  replaceRules(rules: QuietRules): void {
    this.#rules = rules;
    this.#muted.clear();
  }

  /** Why a rule is not to speak of a ring, by what holds longest; undefined when it may. */
  hush(rule: Rule, ring: Ring, nowMs: number): Hush | undefined {
    // Asked at nearly every step, and nearly always there is nothing.
    const isLabelled = SILENCED_UNTIL_LABEL in ring.labels;
    if (rule.mute.length === 0 && !isLabelled && this.#silences.isEmpty) return undefined;
    const labelledMs = silencedUntilMs(ring.labels, nowMs);
    return longest([
      ...this.#mutes(rule.mute, nowMs),
      ...(labelledMs === undefined
        ? []
        : [hush(labelledMs, `silenced by the label ${SILENCED_UNTIL_LABEL}`)]),
      ...silenced(this.#silences.match(aboutOf(rule, ring, undefined), nowMs)),
    ]);
  }

  /** Why a destination is not to be told what a rule says of a ring, beside what `hush` knows. */
  destinationHush(destination: string, rule: Rule, ring: Ring, nowMs: number): Hush | undefined {
    const mute = this.#rules.destinations.get(destination)?.mute ?? [];
    return longest([
      ...this.#mutes(mute, nowMs),
      ...silenced(this.#silences.match(aboutOf(rule, ring, destination), nowMs)),
    ]);
  }

  /** Why a destination is not to be told a notice, as far as the destination is concerned. */
  noticeHush(destination: string, { rule, ring, severity, labels }: Notice, nowMs: number): Hush | undefined {
    const mute = this.#rules.destinations.get(destination)?.mute ?? [];
    const about = { rule, ring, severity, labels, destination };
    return longest([...this.#mutes(mute, nowMs), ...silenced(this.#silences.match(about, nowMs))]);
  }

  /** Until when mute windows keep a destination from being told anything; undefined when they do not. */
  mutedUntilMs(destination: string, nowMs: number): number | undefined {
    return longest(this.#mutes(this.#rules.destinations.get(destination)?.mute ?? [], nowMs))?.untilMs;
  }

  /** Windows begin and end with whole seconds, and a storm asks for each ring: one answer does for a second. */
  #mutedByMs(name: string, nowMs: number): number | undefined {
    const second = Math.floor(nowMs / 1000);
    const known = this.#muted.get(name);
    if (known?.second === second) return known.untilMs;
    const window = this.#rules.muteWindows.get(name);
    const untilMs = window && mutedUntilMs(window, nowMs);
    this.#muted.set(name, { second, untilMs });
    return untilMs;
  }

  #mutes(names: readonly string[], nowMs: number): Hush[] {
    return names.flatMap((name) => {
      const untilMs = this.#mutedByMs(name, nowMs);
      return untilMs === undefined ? [] : [hush(untilMs, `muted by ${name}`)];
    });
  }
}

// Of labels with holes nobody knows the text before something is said: a silence cannot ask for those.
function aboutOf(rule: Rule, ring: Ring, destination: string | undefined): Silenceable {
  const plain = Object.entries(rule.labels).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  return {
    rule: rule.name,
    ring,
    severity: rule.severity,
    labels: Object.fromEntries(plain),
    destination,
  };
}

function silenced(silence: Silence | undefined): Hush[] {
  if (!silence) return [];
  return [hush(silenceEndMs(silence), `silenced by ${silence.author} (${silence.reason})`)];
}

function hush(untilMs: number, why: string): Hush {
  return { untilMs, why: `${why} until ${new Date(untilMs).toISOString()}` };
}

function longest(hushes: readonly Hush[]): Hush | undefined {
  return hushes.reduce<Hush | undefined>(
    (last, each) => (last && last.untilMs >= each.untilMs ? last : each),
    undefined,
  );
}
