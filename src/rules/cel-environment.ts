import { Environment } from "@marcbachmann/cel-js";
import { CelMember, CelMemberChange } from "./cel-values.ts";

/** Which kind of rule an expression stands in: it decides whether `alert` or `change` is known. */
export type TriggerKind = "condition" | "change";

const STRINGS = "map<string, string>";
const TIME = "google.protobuf.Timestamp";

const MEMBER_FIELDS = {
  key: "string",
  name: "string",
  uid: "string",
  address: "string",
  addresses: "list<string>",
  zone: "string",
  node: "string",
  ready: "bool",
  serving: "bool",
  terminating: "bool",
};

const MEMBER_CHANGE_FIELDS = { before: "Member", after: "Member" };

/** The fields of each variable by CEL type. `template-context.ts` fills exactly these. */
const VARIABLES = {
  ring: {
    key: "string",
    namespace: "string",
    service: "string",
    labels: STRINGS,
    present: "bool",
    total: "int",
    ready: "int",
    serving: "int",
    terminating: "int",
    members: "list<Member>",
  },
  rule: { name: "string", severity: "string" },
  alert: { since: TIME, firedAt: TIME, reason: "string", episode: "int", resolved: "bool" },
  change: {
    joined: "list<Member>",
    left: "list<Member>",
    replaced: "list<MemberChange>",
    moved: "list<MemberChange>",
    becameReady: "list<Member>",
    becameUnready: "list<Member>",
    generation: "int",
    removed: "bool",
    whileAway: "bool",
  },
};

const KNOWN: Readonly<Record<TriggerKind, readonly (keyof typeof VARIABLES)[]>> = {
  condition: ["ring", "rule", "alert"],
  change: ["ring", "rule", "change"],
};

/** For "did you mean": the fields of a variable; of any other name, those of members and their changes. */
export function fieldNames(receiver: string): readonly string[] {
  const variable = Object.entries(VARIABLES).find(([name]) => name === receiver);
  return Object.keys(variable ? variable[1] : { ...MEMBER_FIELDS, ...MEMBER_CHANGE_FIELDS });
}

/** The variables that an expression of this kind of rule may use. */
export function variableNames(kind: TriggerKind): readonly string[] {
  return KNOWN[kind];
}

/** What an expression may use, with types, and how large it may be. */
export const CEL_ENVIRONMENTS: Readonly<Record<TriggerKind, Environment>> = {
  condition: makeEnvironment("condition"),
  change: makeEnvironment("change"),
};

function makeEnvironment(kind: TriggerKind): Environment {
  const environment = new Environment({ limits: { maxAstNodes: 500, maxDepth: 32 } })
    .registerType("Member", { ctor: CelMember, fields: MEMBER_FIELDS })
    .registerType("MemberChange", { ctor: CelMemberChange, fields: MEMBER_CHANGE_FIELDS });
  for (const name of KNOWN[kind]) environment.registerVariable({ name, schema: VARIABLES[name] });
  return environment;
}
