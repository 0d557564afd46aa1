import type { Notice } from "../alerts/notice.ts";
import type { Standing } from "../alerts/standing.ts";
import type { ObjectScope } from "../cluster/object-plan.ts";
import type { Scope, WatchScope } from "../cluster/watch-plan.ts";
import { planFor } from "../app.ts";
import type { RulesFile } from "../rules/load-rules.ts";
import { MemoryStore } from "../state/memory-store.ts";
import type { Commit } from "../state/store.ts";
import type { Delivery } from "../outbox/delivery.ts";
import { type HeldBack, HeldBackBook } from "./held-back.ts";
import { isSliceScope } from "./recording-format.ts";
import type { History } from "./recorded-history.ts";
import { Rehearsal } from "./rehearsal.ts";

/** A notice that would have been sent. */
export interface SentNotice {
  /** When, in epoch milliseconds. */
  readonly atMs: number;
  readonly notice: Notice;
  /** Who would have got it, in the order of the rules file's `notify`; empty where nobody is to be told. */
  readonly to: readonly string[];
}

/** What a rules file would have made of a history. */
export interface Replayed {
  readonly sent: readonly SentNotice[];
  readonly heldBack: readonly HeldBack[];
  /** Where each rule stands on each ring when the history ends. */
  readonly standings: readonly Standing[];
  /** Rules that want what was not recorded, for people. */
  readonly warnings: readonly string[];
}

/** Plays a history through the flow of `run`, on a virtual clock and without a network. */
export function replay(file: RulesFile, history: History): Replayed {
  const sent: { atMs: number; notice: Notice; to: string[] }[] = [];
  const byNotice = new Map<string, { to: string[] }>();
  const book = new HeldBackBook(file);
  const rehearsal: Rehearsal = new Rehearsal({
    file,
    startMs: history.startMs,
    store: new WatchedStore((commit) => book.take(commit, rehearsal.clock.now())),
    onSaid({ atMs, destination, notice }) {
      const known = byNotice.get(keyOf(notice));
      if (known) known.to.push(destination);
      else {
        const one = { atMs, notice, to: [destination] };
        byNotice.set(keyOf(notice), one);
        sent.push(one);
      }
    },
    onRing: (ring) => book.seen(ring),
    onNotice(notice, notify) {
      if (notify.length === 0) book.untold(notice, rehearsal.clock.now());
    },
  });
  play(rehearsal, history);
  return {
    sent,
    heldBack: book.heldBack,
    standings: rehearsal.pipeline?.standings() ?? [],
    warnings: uncovered(file, history),
  };
}

/** One notice may go out to several destinations, and at several times. */
function keyOf({ rule, ring, kind, time, group }: Notice): string {
  return [rule, ring.key, kind, time, group === undefined ? "" : JSON.stringify(group.by)].join(" ");
}

function play(rehearsal: Rehearsal, history: History): void {
  let isStarted = false;
  const start = (): void => {
    isStarted = true;
    rehearsal.start();
  };
  for (const moment of history.moments()) {
    if (!isStarted && moment.atMs > history.startMs) start();
    if (isStarted) rehearsal.passTo(Math.max(moment.atMs, rehearsal.clock.now()));
    if (moment.kind === "writes") rehearsal.write(moment.source, ...moment.writes);
    else if (moment.kind === "objects") rehearsal.writeObjects(...moment.writes);
    else if (moment.kind === "silent") rehearsal.setSilent();
    else if (moment.kind === "heard") rehearsal.setHeard();
  }
  if (!isStarted) start();
  rehearsal.passTo(Math.max(history.endMs, rehearsal.clock.now()));
}

/** Rules that look at what was not recorded would take it for absent. */
function uncovered(file: RulesFile, { scopes }: History): string[] {
  if (!scopes) return [];
  const plan = planFor(file);
  return [
    ...plan.scopes
      .filter((wanted) => !isCovered(wanted, scopes.filter(isSliceScope)))
      .map(({ id }) => `${id} was not recorded: rules about it see no ring there`),
    ...plan.objects
      .filter((wanted) => !isObjectCovered(wanted, scopes))
      .map(({ id }) => `${id} was not recorded: reasons and desired sizes are not known`),
  ];
}

function isCovered(wanted: Scope, recorded: readonly Scope[]): boolean {
  const covering = recorded.filter(
    ({ source, namespace }) =>
      source === wanted.source && (namespace === undefined || namespace === wanted.namespace),
  );
  if (covering.some(({ services }) => services === undefined)) return true;
  return (
    wanted.services?.every((service) => covering.some(({ services }) => services?.includes(service))) ?? false
  );
}

function isObjectCovered(wanted: ObjectScope, recorded: readonly WatchScope[]): boolean {
  return recorded.some(
    (scope) =>
      !isSliceScope(scope) &&
      scope.kind === wanted.kind &&
      (scope.namespace === undefined || scope.namespace === wanted.namespace) &&
      (scope.name === undefined || scope.name === wanted.name),
  );
}

/** All that Ringbell decides passes its store. */
class WatchedStore extends MemoryStore {
  readonly #onCommit: (commit: Commit) => void;

  constructor(onCommit: (commit: Commit) => void) {
    super("replay");
    this.#onCommit = onCommit;
  }

  override commit(commit: Commit): readonly Delivery[] {
    const accepted = super.commit(commit);
    this.#onCommit(commit);
    return accepted;
  }
}
