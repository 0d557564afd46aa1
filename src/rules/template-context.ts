import type { Member, MemberChange, Ring, RingChange } from "../ring/ring.ts";
import { CelMember, CelMemberChange } from "./cel-values.ts";
import type { Rule } from "./rule.ts";

/** The values that holes see. Made by `templateContext`; the fields are those of `cel-environment.ts`. */
export interface TemplateContext {
  readonly ring: Readonly<Record<string, unknown>>;
  readonly rule: Readonly<Record<string, unknown>>;
  readonly alert?: Readonly<Record<string, unknown>>;
  readonly change?: Readonly<Record<string, unknown>>;
}

/** The alert that a message of a condition rule is about. Times are epoch milliseconds. */
export interface AlertFacts {
  readonly sinceMs: number;
  readonly firedAtMs: number;
  readonly reason: string;
  readonly episode: number;
  readonly resolved: boolean;
}

/** The change that a message of a change rule is about. */
export interface ChangeFacts extends RingChange {
  readonly generation: number;
  readonly removed: boolean;
  readonly whileAway: boolean;
}

/** What happened: exactly one of the two, as the rule's trigger is. */
export type TriggerFacts = { readonly alert: AlertFacts } | { readonly change: ChangeFacts };

/**
 * Puts what is known into the form that expressions see. `total`, `ready` and `members` count as the rule's
 * `membership` says, `serving` and `terminating` count all that are listed. What is not known is the empty string.
 */
export function templateContext(
  rule: Pick<Rule, "name" | "severity" | "membership">,
  ring: Ring,
  facts: TriggerFacts,
): TemplateContext {
  const base = { ring: ringValues(rule, ring), rule: { name: rule.name, severity: rule.severity } };
  return "alert" in facts
    ? { ...base, alert: alertValues(facts.alert) }
    : { ...base, change: changeValues(facts.change) };
}

function ringValues(rule: Pick<Rule, "membership">, ring: Ring): Record<string, unknown> {
  const counted = ring.members.filter(
    (member) => !member.terminating && (rule.membership === "present" || member.serving),
  );
  return {
    key: ring.key,
    namespace: ring.namespace,
    service: ring.service,
    labels: new Map(Object.entries(ring.labels)),
    present: ring.present,
    total: BigInt(counted.length),
    ready: BigInt(counted.filter((member) => member.ready).length),
    serving: BigInt(ring.members.filter((member) => member.serving).length),
    terminating: BigInt(ring.members.filter((member) => member.terminating).length),
    members: counted.map(celMember),
  };
}

function alertValues(alert: AlertFacts): Record<string, unknown> {
  return {
    since: new Date(alert.sinceMs),
    firedAt: new Date(alert.firedAtMs),
    reason: alert.reason,
    episode: BigInt(alert.episode),
    resolved: alert.resolved,
  };
}

function changeValues(change: ChangeFacts): Record<string, unknown> {
  return {
    joined: change.joined.map(celMember),
    left: change.left.map(celMember),
    replaced: change.replaced.map(celMemberChange),
    moved: change.moved.map(celMemberChange),
    becameReady: change.becameReady.map(celMember),
    becameUnready: change.becameUnready.map(celMember),
    generation: BigInt(change.generation),
    removed: change.removed,
    whileAway: change.whileAway,
  };
}

function celMember(member: Member): CelMember {
  return new CelMember(member);
}

function celMemberChange(change: MemberChange): CelMemberChange {
  return new CelMemberChange(change);
}
