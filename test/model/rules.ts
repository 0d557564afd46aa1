import fc from "fast-check";
import type { Condition } from "../../src/rules/conditions/condition.ts";
import type { RulesFile } from "../../src/rules/load-rules.ts";
import type { MuteSpan } from "../../src/rules/muted-until.ts";
import type { ChangeTrigger, ChangeWord, ConditionTrigger, Guard, Rule } from "../../src/rules/rule.ts";
import { rulesFile } from "../support/rules-file.ts";
import type { Windows } from "./history.ts";

/** The rings that there may be, each watched by itself. */
export const RINGS = ["data/cassandra", "edge/cassandra"] as const;
/** Whom rules tell, and the guard's other one. */
export const DESTINATIONS = ["pager", "chat", "boss"] as const;
/** Hears of blindness. */
export const SELF = "ops";
/** When each case begins. */
export const START_MS = Date.parse("2026-11-21T12:00:00Z");

const from = (startMs: number, endMs: number): MuteSpan => ({
  kind: "once",
  startMs: START_MS + startMs,
  endMs: START_MS + endMs,
});

/** The mute windows of every rules file here; `chat` keeps lunch itself. */
export const WINDOWS: Windows = {
  windows: new Map([
    ["lunch", [from(20_000, 50_000)]],
    ["nap", [from(30_000, 31_000), from(40_000, 90_000)]],
  ]),
  destinations: new Map([["chat", ["lunch"]]]),
};

/** An edit of the rules file: of one rule, by its place. */
export interface Edit {
  readonly rule: number;
  readonly how: "texts" | "remove" | "back" | "hold" | "notify" | "mute";
  readonly value: number;
}

const HOLDS_MS = [0, 1_000, 10_000, 30_000] as const;
const NOTIFY = [["pager"], ["chat"], ["pager", "chat"]] as const;
const MUTE = [[], [], ["lunch"], ["nap"], ["lunch", "nap"]] as const;

const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({
    kind: fc.constant("readyBelow" as const),
    threshold: fc.record({ kind: fc.constant("count" as const), count: fc.integer({ min: 1, max: 4 }) }),
  }),
  fc.record({
    kind: fc.constant("notReadyAbove" as const),
    threshold: fc.record({ kind: fc.constant("count" as const), count: fc.nat(1) }),
  }),
  fc.constantFrom(
    { kind: "noneReady" as const },
    { kind: "missing" as const },
    { kind: "zoneWithoutReady" as const },
  ),
);

const timing = fc.record({
  kind: fc.constant("condition" as const),
  forMs: fc.constantFrom(0, 0, ...HOLDS_MS),
  keepFiringForMs: fc.constantFrom(0, 0, 0, 1_000, 20_000),
  repeatMs: fc.constantFrom(undefined, undefined, undefined, 60_000, 100_000),
  cooldownMs: fc.constantFrom(0, 0, 0, 0, 15_000, 40_000),
  damping: fc.oneof(
    { weight: 2, arbitrary: fc.constant(undefined) },
    {
      weight: 1,
      arbitrary: fc.record({
        changes: fc.integer({ min: 2, max: 4 }),
        withinMs: fc.constantFrom(20_000, 60_000),
      }),
    },
  ),
  expression: fc.constant(undefined),
});

const whole = fc.record({
  each: fc.constant(undefined),
  conditions: fc.array(condition, { minLength: 1, maxLength: 2 }),
});
const parts = fc.record({
  each: fc.constantFrom("member" as const, "zone" as const),
  conditions: fc.constant([{ kind: "noneReady" as const }]),
});

const conditionTrigger: fc.Arbitrary<ConditionTrigger> = fc
  .tuple(timing, fc.oneof({ weight: 3, arbitrary: whole }, { weight: 1, arbitrary: parts }))
  .map(([times, asked]) => ({ ...times, ...asked }));

const WORDS: readonly (readonly ChangeWord[])[] = [
  ["changed"],
  ["changed"],
  ["left"],
  ["joined", "removed"],
  ["ready", "unready"],
  ["replaced", "moved", "unready"],
];

const guard: fc.Arbitrary<Guard> = fc.record({
  minMembers: fc.constantFrom(undefined, 2),
  maxLost: fc.constantFrom(
    undefined,
    { kind: "percent" as const, percent: 50 },
    { kind: "count" as const, count: 1 },
  ),
  otherwise: fc.constantFrom([], ["boss"]),
});

const changeTrigger: fc.Arbitrary<ChangeTrigger> = fc
  .record({
    kind: fc.constant("change" as const),
    on: fc.constantFrom(...WORDS),
    settleMs: fc.constantFrom(...HOLDS_MS),
    maxWaitMs: fc.constantFrom(1_000, 12_000, 30_000),
    cooldownMs: fc.constantFrom(0, 0, 0, 20_000),
    guard: fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: guard }),
  })
  .map((given) => ({
    ...given,
    maxWaitMs: given.settleMs === 0 ? 0 : Math.max(given.settleMs, given.maxWaitMs),
    settleByReason: {},
    reasons: undefined,
    rolloutHoldMs: undefined,
  }));

const rule = fc.record({
  isOnAll: fc.boolean(),
  isExact: fc.boolean(),
  membership: fc.constantFrom("present" as const, "present" as const, "serving" as const),
  notify: fc.constantFrom(...NOTIFY),
  mute: fc.constantFrom(...MUTE),
  isSuppressed: fc.boolean(),
  trigger: fc.oneof(conditionTrigger, changeTrigger),
});

/** One to three rules; a later one may be silent while the first fires. */
export const ruleSets: fc.Arbitrary<readonly Rule[]> = fc
  .array(rule, { minLength: 1, maxLength: 3 })
  .map((given) =>
    given.map((each, index): Rule => ({
      name: `rule-${index}`,
      source: "endpointslices",
      ring: {
        namespaces: each.isOnAll ? ["data", "edge"] : ["data"],
        services: [each.isExact ? "cassandra" : "cas*"],
        labels: {},
        namespaceLabels: {},
        except: [],
      },
      membership: each.membership,
      severity: "warning",
      notify: each.notify,
      title: undefined,
      message: undefined,
      runbook: undefined,
      labels: {},
      reasons: false,
      mute: each.mute,
      suppressedBy:
        each.isSuppressed && index > 0 && given[0]?.trigger.kind === "condition"
          ? [{ rule: "rule-0", same: "ring" }]
          : [],
      trigger: each.trigger,
    })),
  );

/** Whether a rule is about a ring of this key. */
export function isAbout({ ring }: Rule, key: string): boolean {
  return ring.namespaces.some((namespace) => key.startsWith(`${namespace}/`));
}

const TITLES = ["one", "two"].map(
  (word) =>
    rulesFile(
      `  - { name: x, ring: { namespace: data, service: x }, when: { noneReady: true }, title: "${word} {{ ring.key }}" }`,
    ).rules[0]?.title,
);

/** Rules as they are edited: a rule that was taken out keeps its place. */
export class Rulebook {
  #all: readonly Rule[];
  readonly #out = new Set<number>();

  constructor(rules: readonly Rule[]) {
    this.#all = rules;
  }

  /** Those that are in the file. */
  get rules(): readonly Rule[] {
    return this.#all.filter((_, index) => !this.#out.has(index));
  }

  edit({ rule: place, how, value }: Edit): void {
    const index = place % this.#all.length;
    if (how === "remove" && !this.#mayGo(index)) return;
    if (how === "remove") this.#out.add(index);
    else if (how === "back") this.#out.delete(index);
    else this.#all = this.#all.map((each, i) => (i === index ? edited(each, how, value) : each));
  }

  /**
   * Not modelled: which rules speak for which begins anew when one of them goes; and whether a Service that was deleted while a rule
   * on `missing` was out of the file, and is not named by it, is missing when the rule comes back.
   */
  #mayGo(index: number): boolean {
    const rule = this.#all[index];
    const speaksForOthers = this.#all.some((each) =>
      each.suppressedBy.some((other) => other.rule === rule?.name),
    );
    const trigger = rule?.trigger.kind === "condition" ? rule.trigger : undefined;
    return !speaksForOthers && !trigger?.conditions.some(({ kind }) => kind === "missing");
  }
}

function edited(before: Rule, how: "texts" | "hold" | "notify" | "mute", value: number): Rule {
  const holdMs = HOLDS_MS[value % HOLDS_MS.length] ?? 0;
  const { trigger } = before;
  switch (how) {
    case "texts":
      return { ...before, labels: { edition: String(value) }, title: TITLES[value % TITLES.length] };
    case "hold":
      if (trigger.kind === "condition") return { ...before, trigger: { ...trigger, forMs: holdMs } };
      return { ...before, trigger: { ...trigger, settleMs: holdMs, maxWaitMs: holdMs === 0 ? 0 : 30_000 } };
    case "notify":
      return { ...before, notify: NOTIFY[value % NOTIFY.length] ?? before.notify };
    case "mute":
      return { ...before, mute: MUTE[value % MUTE.length] ?? [] };
    default:
      return how satisfies never;
  }
}

/** A rules file of these rules. */
export function fileOf(rules: readonly Rule[]): RulesFile {
  const destinations = [...DESTINATIONS, SELF].map((name) => ({
    name,
    kind: "webhook",
    config: {},
    retryForMs: undefined,
    mute: WINDOWS.destinations.get(name) ?? [],
    group: undefined,
  }));
  return {
    destinations: new Map(destinations.map((each) => [each.name, each])),
    selfNotify: [SELF],
    blindAfterMs: 60_000,
    muteWindows: WINDOWS.windows,
    rules,
  };
}
