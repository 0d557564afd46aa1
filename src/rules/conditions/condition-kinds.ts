import type { Condition } from "./condition.ts";
import type { ConditionKind } from "./condition-kind.ts";
import { flapping } from "./flapping.ts";
import { membersBelow } from "./members-below.ts";
import { missing } from "./missing.ts";
import { nodeShareAbove } from "./node-share-above.ts";
import { noneReady } from "./none-ready.ts";
import { notReadyAbove } from "./not-ready-above.ts";
import { readyBelow } from "./ready-below.ts";
import { zoneWithoutReady } from "./zone-without-ready.ts";
import { zonesBelow } from "./zones-below.ts";

type ConditionKinds = {
  readonly [K in Condition["kind"]]: ConditionKind<Extract<Condition, { kind: K }>>;
};

/** Every shorthand of `when:`, by its key in the rules file. */
export const CONDITION_KINDS: ConditionKinds = {
  readyBelow,
  notReadyAbove,
  membersBelow,
  noneReady,
  missing,
  zoneWithoutReady,
  zonesBelow,
  nodeShareAbove,
  flapping,
};

/** What stands behind one condition. */
export function conditionKind<C extends Condition>(condition: C): ConditionKind<C> {
  return CONDITION_KINDS[condition.kind] as unknown as ConditionKind<C>;
}
