import type { Ring } from "../ring/ring.ts";
import type { CelContext } from "./cel-check.ts";
import { CelRing } from "./cel-values.ts";
import type { CelMember, CelZone } from "./cel-values.ts";
import type { Rule } from "./rule.ts";

/** What a rule says of itself in expressions, and how it counts. */
export type RuleFacts = Pick<Rule, "name" | "severity" | "membership">;

/** What is known beside the ring. */
export interface RingFacts {
  /** How many members the ring should have; undefined when nobody knows, which expressions see as 0. */
  readonly expected: number | undefined;
  /** Epoch milliseconds. */
  readonly nowMs: number;
}

/** The values that a condition sees. Beside `each`, one of `member` and `zone` is there. */
export interface ConditionContext extends CelContext {
  readonly ring: CelRing;
  readonly rule: { readonly name: string; readonly severity: string };
  readonly now: Date;
  readonly member?: CelMember;
  readonly zone?: CelZone;
}

/** Puts what is known into the form that conditions see. `total`, `ready` and lists count as `membership` says. */
export function conditionContext(
  rule: RuleFacts,
  ring: Ring,
  { expected, nowMs }: RingFacts,
): ConditionContext {
  const values = new CelRing(ring, rule.membership, expected);
  return {
    sizes: () => values.sizes(),
    ring: values,
    rule: { name: rule.name, severity: rule.severity },
    now: new Date(nowMs),
  };
}

/** The contexts of a condition beside `each`: one for each member that counts, by key, or for each zone, by name. */
export function conditionItems(
  context: ConditionContext,
  each: "member" | "zone",
): ReadonlyMap<string, ConditionContext> {
  return each === "member"
    ? new Map(context.ring.members.map((member) => [member.key, { ...context, member }]))
    : new Map(context.ring.zones.map((zone) => [zone.name, { ...context, zone }]));
}
