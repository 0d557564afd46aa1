import fc from "fast-check";
import type { Rule } from "../../src/rules/rule.ts";
import { DESTINATIONS, type Edit, RINGS, ruleSets } from "./rules.ts";

/** How many Pods a Service has at most. */
export const PODS = 4;

/** What becomes of one Pod. */
export type PodChange = "add" | "remove" | "unready" | "ready" | "replace" | "move" | "terminate";

/** How an attempt to deliver ends; `left` is still on its way. */
export type Attempt = "delivered" | "retry" | "refused" | "left";

/** One thing that happens. Rings, rules and destinations are counted from zero. */
export type Step =
  | { readonly op: "pod"; readonly ring: number; readonly pod: number; readonly how: PodChange }
  | { readonly op: "delete"; readonly ring: number }
  | { readonly op: "create"; readonly ring: number; readonly pods: number }
  | { readonly op: "wait"; readonly ms: number }
  /** Until the core's next timer, or a millisecond before or after it. */
  | { readonly op: "deadline"; readonly offsetMs: -1 | 0 | 1 }
  /** In no time at all: what was listed is listed again at once. */
  | { readonly op: "restart" }
  | { readonly op: "stop" }
  | { readonly op: "start" }
  | { readonly op: "blind"; readonly ring: number }
  | { readonly op: "list"; readonly ring: number }
  | { readonly op: "edit"; readonly edit: Edit }
  | {
      readonly op: "silence";
      readonly rule: number | undefined;
      readonly destination: number | undefined;
      readonly afterMs: number;
      readonly lastsMs: number;
    }
  | { readonly op: "expire"; readonly silence: number }
  | { readonly op: "deliver"; readonly destination: number; readonly attempt: Attempt };

/** One case: rules, what there is at first, and what happens then. */
export interface Case {
  readonly rules: readonly Rule[];
  /** One watch of each namespace, or of each Service. */
  readonly isWide: boolean;
  /** How many Pods each Service has at first; -1 for no Service. */
  readonly begin: readonly number[];
  readonly steps: readonly Step[];
}

const only = <T extends Step["op"]>(op: T) => fc.constant(op);
// The first ring is in every rule.
const ring = fc.constantFrom(0, 0, 0, ...RINGS.keys());
const edit: fc.Arbitrary<Edit> = fc.record({
  rule: fc.nat(2),
  how: fc.constantFrom("texts", "remove", "back", "back", "hold", "notify", "mute"),
  value: fc.nat(9),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      op: only("pod"),
      ring,
      pod: fc.nat(PODS - 1),
      how: fc.constantFrom<PodChange>(
        "add",
        "add",
        "remove",
        "unready",
        "unready",
        "ready",
        "ready",
        "replace",
        "move",
        "terminate",
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: only("delete"), ring }) },
  { weight: 3, arbitrary: fc.record({ op: only("create"), ring, pods: fc.nat(PODS) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      op: only("wait"),
      ms: fc.constantFrom(1, 500, 999, 1_000, 5_000, 9_999, 10_000, 29_000, 30_000, 70_000),
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({ op: only("deadline"), offsetMs: fc.constantFrom<-1 | 0 | 1>(-1, 0, 1) }),
  },
  { weight: 7, arbitrary: fc.record({ op: only("restart") }) },
  { weight: 1, arbitrary: fc.record({ op: only("stop") }) },
  { weight: 2, arbitrary: fc.record({ op: only("start") }) },
  { weight: 1, arbitrary: fc.record({ op: only("blind"), ring }) },
  { weight: 4, arbitrary: fc.record({ op: only("list"), ring }) },
  { weight: 3, arbitrary: fc.record({ op: only("edit"), edit }) },
  {
    weight: 1,
    arbitrary: fc.record({
      op: only("silence"),
      rule: fc.constantFrom(undefined, 0, 1),
      destination: fc.constantFrom(undefined, undefined, 0, 1),
      afterMs: fc.constantFrom(0, 0, 5_000),
      lastsMs: fc.constantFrom(1_000, 15_000, 45_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: only("expire"), silence: fc.nat(1) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      op: only("deliver"),
      destination: fc.nat(DESTINATIONS.length - 1),
      attempt: fc.constantFrom<Attempt>("delivered", "delivered", "retry", "refused", "left"),
    }),
  },
);

/** Some Pod that comes and goes, or all Pods one after the other. */
const series: fc.Arbitrary<readonly Step[]> = fc
  .record({
    isOne: fc.boolean(),
    ring: fc.constantFrom(0, 0, 1),
    hows: fc.constantFrom<readonly PodChange[]>(
      ["unready", "ready"],
      ["remove", "add"],
      ["replace"],
      ["unready"],
      ["terminate", "remove"],
    ),
    times: fc.integer({ min: 2, max: 6 }),
    everyMs: fc.constantFrom(500, 1_000, 4_000, 9_999),
  })
  .map(({ isOne, ring: of, hows, times, everyMs }) =>
    Array.from({ length: times }, (_, time) => time).flatMap((time): Step[] => {
      const how = hows[time % hows.length] ?? "ready";
      return [
        { op: "pod", ring: of, pod: isOne ? 0 : time % PODS, how },
        { op: "wait", ms: everyMs },
      ];
    }),
  );

const steps = (maxLength: number): fc.Arbitrary<readonly Step[]> =>
  fc
    .array(fc.oneof({ weight: 12, arbitrary: step.map((one) => [one]) }, { weight: 3, arbitrary: series }), {
      minLength: 1,
      maxLength,
      size: "max",
    })
    .map((parts) => parts.flat());

/** Any case of at most so many steps. */
export function cases(maxLength: number): fc.Arbitrary<Case> {
  const pods = fc.constantFrom(PODS, PODS, 3, 2, 0, -1);
  return fc.record({
    rules: ruleSets,
    isWide: fc.boolean(),
    begin: fc.tuple(pods, pods),
    steps: steps(maxLength),
  });
}
