import type { Member, MemberChange, Ring, RingChange } from "../ring/ring.ts";
import { Duration } from "@marcbachmann/cel-js/evaluator";
import type { CelContext } from "./cel-check.ts";
import type { CelSizes } from "./cel-cost.ts";
import { CelDeparture, CelMember, CelMemberChange, CelRing } from "./cel-values.ts";
import type { RingFacts, RuleFacts } from "./cel-context.ts";

/** The values that holes see. Made by `templateContext`; the fields are those of `cel-fields.ts`. */
export interface TemplateContext extends CelContext {
  readonly ring: CelRing;
  readonly rule: Readonly<Record<string, unknown>>;
  readonly now: Date;
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
  /** Beside `each`: the names of the members or zones for which the condition holds, or held last. */
  readonly items?: readonly string[];
}

/** The change that a message of a change rule is about. */
export interface ChangeFacts extends RingChange {
  readonly generation: number;
  readonly removed: boolean;
  readonly whileAway: boolean;
  readonly forced: boolean;
  /** Why members left, as far as it is known. */
  readonly departures: readonly DepartureFacts[];
  /** Which limit of the rule's guard it exceeds; undefined when it is within them. */
  readonly guarded: string | undefined;
}

/** Why one member left. */
export interface DepartureFacts {
  readonly key: string;
  readonly name: string;
  readonly reason: string;
  readonly evidence: string;
}

/** What happened: exactly one of the two, as the rule's trigger is. */
export type TriggerFacts = { readonly alert: AlertFacts } | { readonly change: ChangeFacts };

/**
 * Puts what is known into the form that expressions see. `total`, `ready` and lists count as the rule's
 * `membership` says, `serving` and `terminating` count all that are listed. What is not known is the empty string.
 */
export function templateContext(
  rule: RuleFacts,
  ring: Ring,
  facts: TriggerFacts,
  { expected, nowMs }: RingFacts,
): TemplateContext {
  const values = new CelRing(ring, rule.membership, expected);
  const base = {
    ring: values,
    rule: { name: rule.name, severity: rule.severity },
    now: new Date(nowMs),
  };
  if ("alert" in facts) {
    return { ...base, sizes: () => values.sizes(), alert: alertValues(facts.alert, nowMs) };
  }
  const sizes = (): CelSizes => {
    const { items, zones } = values.sizes();
    return { items: Math.max(items, longest(facts.change)), zones };
  };
  return { ...base, sizes, change: changeValues(facts.change) };
}

function alertValues(alert: AlertFacts, nowMs: number): Record<string, unknown> {
  return {
    since: new Date(alert.sinceMs),
    firedAt: new Date(alert.firedAtMs),
    duration: durationOf(Math.max(0, nowMs - alert.sinceMs)),
    reason: alert.reason,
    episode: BigInt(alert.episode),
    resolved: alert.resolved,
    items: alert.items ?? [],
  };
}

/** Exact, where the library's own way loses nanoseconds beyond a hundred days. */
function durationOf(ms: number): Duration {
  return new Duration(Math.floor(ms / 1000), Math.round((ms % 1000) * 1e6));
}

function longest(change: RingChange): number {
  const { joined, left, replaced, moved, becameReady, becameUnready } = change;
  return Math.max(...[joined, left, replaced, moved, becameReady, becameUnready].map((list) => list.length));
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
    forced: change.forced,
    departures: change.departures.map((departure) => new CelDeparture(departure)),
    guarded: change.guarded ?? "",
  };
}

function celMember(member: Member): CelMember {
  return new CelMember(member);
}

function celMemberChange(change: MemberChange): CelMemberChange {
  return new CelMemberChange(change);
}
