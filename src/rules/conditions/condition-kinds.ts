import type { Condition } from "./condition.ts";
import type { ConditionKind } from "./condition-kind.ts";
import { membersBelow } from "./members-below.ts";
import { missing } from "./missing.ts";
import { noneReady } from "./none-ready.ts";
import { readyBelow } from "./ready-below.ts";

type ConditionKinds = {
  readonly [K in Condition["kind"]]: ConditionKind<Extract<Condition, { kind: K }>>;
};

/** Every shorthand of `when:`, by its key in the rules file. */
export const CONDITION_KINDS: ConditionKinds = { readyBelow, membersBelow, noneReady, missing };

/** What stands behind one condition. */
export function conditionKind<C extends Condition>(condition: C): ConditionKind<C> {
  return CONDITION_KINDS[condition.kind] as unknown as ConditionKind<C>;
}
