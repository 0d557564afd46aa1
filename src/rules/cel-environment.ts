import { Environment } from "@marcbachmann/cel-js";
import { CEL_TYPES, CEL_VARIABLES, variableNames } from "./cel-fields.ts";
import type { CelScope } from "./cel-fields.ts";
import { registerExtensions } from "./cel-functions.ts";
import { CEL_LIMITS } from "./cel-limits.ts";
import { CelGroupAlert } from "./cel-group-alert.ts";
import { CelDeparture, CelMember, CelMemberChange, CelNode, CelRing, CelZone } from "./cel-values.ts";

/** Types of which values are instances; of the others they are plain objects with the type's fields. */
const CLASSES = new Map<string, abstract new (...args: never[]) => object>([
  ["Member", CelMember],
  ["MemberChange", CelMemberChange],
  ["Departure", CelDeparture],
  ["GroupAlert", CelGroupAlert],
  ["Zone", CelZone],
  ["Node", CelNode],
  ["Ring", CelRing],
]);

/** What an expression may use, with types, by the place where it stands. */
export const CEL_ENVIRONMENTS: Readonly<Record<CelScope, Environment>> = makeEnvironments();

function makeEnvironments(): Record<CelScope, Environment> {
  const base = registerExtensions(new Environment({ limits: CEL_LIMITS }));
  for (const [name, fields] of Object.entries(CEL_TYPES)) {
    const ctor = CLASSES.get(name);
    base.registerType(name, ctor ? { ctor, fields } : { fields });
  }
  const withVariables = (scope: CelScope): Environment => {
    const environment = base.clone();
    for (const name of variableNames(scope)) environment.registerVariable(name, CEL_VARIABLES[name]);
    return environment;
  };
  return {
    condition: withVariables("condition"),
    change: withVariables("change"),
    when: withVariables("when"),
    eachMember: withVariables("eachMember"),
    eachZone: withVariables("eachZone"),
    body: withVariables("body"),
  };
}
