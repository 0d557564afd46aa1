/**
 * Where an expression stands; it decides which names are known. `condition` and `change` are the texts of rules with
 * `when` and with `on`, `when` is a condition, `eachMember` and `eachZone` one beside `each`, `body` a webhook's body.
 */
export type CelScope = "condition" | "change" | "when" | "eachMember" | "eachZone" | "body";

const STRINGS = "map<string, string>";
const TIME = "google.protobuf.Timestamp";
const DURATION = "google.protobuf.Duration";

const MEMBER = {
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

const CHANGES = {
  joined: "list<Member>",
  left: "list<Member>",
  replaced: "list<MemberChange>",
  moved: "list<MemberChange>",
  becameReady: "list<Member>",
  becameUnready: "list<Member>",
  removed: "bool",
  whileAway: "bool",
  forced: "bool",
  departures: "list<Departure>",
  guarded: "string",
};

/**
 * The fields of each type by CEL type, each type behind those that it uses. The values are made by `cel-values.ts`,
 * `template-context.ts` and, for notices, below `destinations/`.
 */
export const CEL_TYPES = {
  Member: MEMBER,
  MemberChange: { before: "Member", after: "Member" },
  Departure: { key: "string", name: "string", reason: "string", evidence: "string" },
  Zone: { name: "string", total: "int", ready: "int", serving: "int", members: "list<Member>" },
  Node: { name: "string", zone: "string", total: "int", ready: "int" },
  Ring: {
    key: "string",
    namespace: "string",
    service: "string",
    labels: STRINGS,
    present: "bool",
    total: "int",
    ready: "int",
    serving: "int",
    terminating: "int",
    expected: "int",
    members: "list<Member>",
    zones: "list<Zone>",
    nodes: "list<Node>",
  },
  Rule: { name: "string", severity: "string" },
  Alert: {
    since: TIME,
    firedAt: TIME,
    duration: DURATION,
    reason: "string",
    episode: "int",
    resolved: "bool",
    items: "list<string>",
  },
  Change: { ...CHANGES, generation: "int" },
  NoticeRing: {
    key: "string",
    namespace: "string",
    service: "string",
    source: "string",
    present: "bool",
    labels: STRINGS,
  },
  NoticeCounts: { total: "int", ready: "int", serving: "int", terminating: "int" },
  NoticeAlert: {
    episode: "int",
    since: TIME,
    firedAt: TIME,
    resolvedAt: TIME,
    durationSeconds: "double",
    reason: "string",
    items: "list<string>",
    update: "string",
    flapping: "bool",
    late: "bool",
    whileAway: "bool",
    notReady: "list<Member>",
  },
  NoticeChange: {
    ...CHANGES,
    firstChangeAt: TIME,
    settledAt: TIME,
    before: "list<Member>",
    after: "list<Member>",
  },
  GroupAlert: {
    rule: "string",
    ring: "string",
    severity: "string",
    title: "string",
    message: "string",
    runbook: "string",
    labels: STRINGS,
    since: TIME,
    firedAt: TIME,
    resolvedAt: TIME,
  },
  NoticeGroup: { by: STRINGS, alerts: "list<GroupAlert>", firing: "int", resolved: "int" },
  Notice: {
    deliveryId: "string",
    version: "int",
    kind: "string",
    rule: "string",
    severity: "string",
    ring: "NoticeRing",
    time: TIME,
    title: "string",
    message: "string",
    runbook: "string",
    labels: STRINGS,
    counts: "NoticeCounts",
    alert: "NoticeAlert",
    group: "NoticeGroup",
    generation: "int",
    previousGeneration: "int",
    change: "NoticeChange",
  },
} as const;

/** The name of a type of Ringbell's own. */
export type CelTypeName = keyof typeof CEL_TYPES;

/** Every variable by its type. */
export const CEL_VARIABLES = {
  ring: "Ring",
  rule: "Rule",
  alert: "Alert",
  change: "Change",
  member: "Member",
  zone: "Zone",
  now: TIME,
  notice: "Notice",
} as const;

/** The name of a variable. */
export type CelVariable = keyof typeof CEL_VARIABLES;

const KNOWN: Readonly<Record<CelScope, readonly CelVariable[]>> = {
  condition: ["ring", "rule", "alert", "now"],
  change: ["ring", "rule", "change", "now"],
  when: ["ring", "rule", "now"],
  eachMember: ["member", "ring", "rule", "now"],
  eachZone: ["zone", "ring", "rule", "now"],
  body: ["notice"],
};

const ELSEWHERE: Readonly<Partial<Record<CelVariable, string>>> = {
  alert: 'in texts of rules with "when"',
  change: 'in rules with "on"',
  member: 'in "when" beside each: member',
  zone: 'in "when" beside each: zone',
  notice: 'in the "body" of a webhook',
  ring: "in rules",
  rule: "in rules",
  now: "in rules",
};

/** The variables that an expression may use there. */
export function variableNames(scope: CelScope): readonly CelVariable[] {
  return KNOWN[scope];
}

/** Where a name that is not known here is known, in words; undefined for a name that is known nowhere. */
export function knownElsewhere(name: string): string | undefined {
  return Object.entries(ELSEWHERE).find(([variable]) => variable === name)?.[1];
}

/** The fields of a type by its name; empty for a type that has none. */
export function fieldNames(type: string): readonly string[] {
  const found = Object.entries(CEL_TYPES).find(([name]) => name === type);
  return found ? Object.keys(found[1]) : [];
}
