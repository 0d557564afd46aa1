import { noticeContext } from "../../src/destinations/notice-values.ts";
import type { CelContext } from "../../src/rules/cel-check.ts";
import { conditionContext, conditionItems } from "../../src/rules/cel-context.ts";
import type { RuleFacts } from "../../src/rules/cel-context.ts";
import type { CelScope } from "../../src/rules/cel-fields.ts";
import { templateContext } from "../../src/rules/template-context.ts";
import type { ChangeFacts } from "../../src/rules/template-context.ts";
import type { Ring } from "../../src/ring/ring.ts";
import { changeNotice, fireNotice, resolveNotice } from "../support/notices.ts";
import { ruleMember, ruleRing } from "./rule-fixtures.ts";

const RULE: RuleFacts = { name: "cassandra-below-quorum", severity: "critical", membership: "present" };
const NOW_MS = Date.parse("2026-11-21T12:00:00Z");
const KNOWN = { expected: 5, nowMs: NOW_MS };

const MEMBERS = [
  ruleMember("cassandra-0", { zone: "eu-1a", node: "n1" }),
  ruleMember("cassandra-1", { zone: "eu-1a", node: "n2" }),
  ruleMember("cassandra-2", { zone: "eu-1b", node: "n3", ready: false, serving: false }),
  ruleMember("cassandra-3", { zone: "eu-1b", node: "n3", ready: false, terminating: true }),
];

/** The ring that the examples of docs/rules.md are about. */
const DOCUMENTED = ruleRing(MEMBERS, { labels: { app: "cassandra", team: "data" } });

/** Rings of all sorts, the documented one first. */
const RINGS: readonly Ring[] = [
  DOCUMENTED,
  ruleRing([], { labels: { team: "b" } }),
  ruleRing([], { present: false }),
  ruleRing(MEMBERS.map((member) => ({ ...member, ready: true, serving: true, terminating: false }))),
  ruleRing([ruleMember("other-1"), ruleMember("cassandra-7", { ready: false, serving: false })]),
];

const ALERT = {
  sinceMs: NOW_MS - 300_000,
  firedAtMs: NOW_MS - 270_000,
  reason: "2 of 3 ready, wanted at least 3",
  episode: 4,
  resolved: false,
  items: ["eu-1b"],
};

const CHANGE: ChangeFacts = {
  joined: MEMBERS.slice(0, 1),
  left: [ruleMember("cassandra-4")],
  replaced: MEMBERS.slice(1, 2).map((after) => ({ before: { ...after, uid: "old" }, after })),
  moved: MEMBERS.slice(0, 1).map((before) => ({ before, after: { ...before, addresses: ["10.0.0.2"] } })),
  becameReady: [],
  becameUnready: MEMBERS.slice(2, 3),
  generation: 12,
  removed: false,
  whileAway: false,
  forced: false,
  departures: [
    { key: "data/cassandra-4", name: "cassandra-4", reason: "scaledDown", evidence: "4 desired replicas" },
  ],
  guarded: undefined,
};
const NOTHING = {
  joined: [],
  left: [],
  replaced: [],
  moved: [],
  becameReady: [],
  becameUnready: [],
  departures: [],
};

/** The values that an expression sees at the documented ring. */
export function documentedContext(scope: CelScope): CelContext {
  const [first] = contextsOf(scope);
  if (!first) throw new Error(`no context for ${scope}`);
  return first;
}

/** The values that an expression of this place may meet, the documented ones first. */
export function contextsOf(scope: CelScope): readonly CelContext[] {
  const conditions = (): readonly ReturnType<typeof conditionContext>[] =>
    RINGS.map((ring) => conditionContext(RULE, ring, KNOWN));
  switch (scope) {
    case "when":
      return conditions();
    case "eachMember":
      return conditions().flatMap((context) => [...conditionItems(context, "member").values()]);
    case "eachZone":
      return conditions().flatMap((context) => [...conditionItems(context, "zone").values()]);
    case "condition":
      return RINGS.map((ring) => templateContext(RULE, ring, { alert: ALERT }, KNOWN));
    case "change":
      return RINGS.flatMap((ring, i) => {
        const change = i === 0 ? CHANGE : { ...CHANGE, ...NOTHING };
        return [templateContext(RULE, ring, { change }, KNOWN)];
      });
    case "body":
      return [fireNotice(), resolveNotice(), changeNotice()].map((notice) => noticeContext(notice, "msg_1"));
  }
}
