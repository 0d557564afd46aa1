import type { Agenda } from "./agenda.ts";
import type { StagedRing } from "./staged-ring.ts";

/** After so long on a lost node a Pod is evicted: https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/#taint-based-evictions */
const EVICT_AFTER_MS = 300_000;

/** Happenings that take a while, or that strike what several Pods share. */
export class RingVerbs {
  readonly ring: StagedRing;
  readonly #agenda: Agenda;
  readonly #nowMs: () => number;
  /** Pods that are not ready because of their node, by uid, and since when. */
  readonly #struck = new Map<string, number>();

  constructor(ring: StagedRing, agenda: Agenda, nowMs: () => number) {
    this.ring = ring;
    this.#agenda = agenda;
    this.#nowMs = nowMs;
  }

  /**
   * As a StatefulSet scales: one Pod after the other, the highest ordinal goes first. A leaving Pod terminates for `eachMs`, a new
   * one takes so long to be ready; at 0 all is done at once.
   */
  scale(to: number, eachMs: number): void {
    const { ring } = this;
    const names = ring.pods.map(({ name }) => name);
    const leaving = names.slice(to).reverse();
    const coming = ring.freeNames(Math.max(0, to - names.length));
    ring.want({ desired: to });
    if (eachMs === 0) {
      if (leaving.length > 0) ring.remove(leaving);
      if (coming.length > 0) ring.add(coming.map((name) => ({ name })));
      return;
    }
    for (const [turn, name] of leaving.entries()) {
      this.#in(turn * eachMs, () => this.#ifThere(name, { terminating: true }));
      this.#in((turn + 1) * eachMs, () => ring.has(name) && ring.remove([name]));
    }
    for (const [turn, name] of coming.entries()) {
      this.#in(turn * eachMs, () => ring.has(name) || ring.add([{ name, ready: false }]));
      this.#in((turn + 1) * eachMs, () => this.#ifThere(name, { serving: true }));
    }
  }

  /**
   * As a StatefulSet's rolling update: from the highest ordinal down each Pod terminates for half of `eachMs`, is gone for a quarter,
   * is back (new uid, same name) and not ready for the last quarter. Then the next.
   */
  rollout(eachMs: number): void {
    const { ring } = this;
    const names = ring.pods.map(({ name }) => name).reverse();
    ring.want({ isNewRevision: true });
    for (const [turn, name] of names.entries()) {
      const fromMs = turn * eachMs;
      this.#in(fromMs, () => this.#ifThere(name, { terminating: true }));
      this.#in(fromMs + Math.round(eachMs / 2), () => ring.has(name) && ring.remove([name]));
      this.#in(
        fromMs + Math.round((eachMs * 3) / 4),
        () => ring.has(name) || ring.add([{ name, ready: false }]),
      );
      this.#in(fromMs + eachMs, () => this.#ifThere(name, { serving: true }));
    }
  }

  /** Every so often the only container of a Pod ends with an error; it runs again, and is ready, half of that time later. */
  crashLoop(name: string, everyMs: number, times: number): void {
    for (let turn = 0; turn < times; turn += 1) {
      const fromMs = turn * everyMs;
      const isFirst = turn === 0;
      this.#in(fromMs, () => (isFirst || this.ring.has(name)) && this.ring.crash(name));
      this.#in(fromMs + Math.round(everyMs / 2), () => this.#ifThere(name, { serving: true }));
    }
  }

  /**
   * The node controller has lost sight of these nodes: their Pods are not ready, and after five minutes they are terminating. They stay
   * so, as nobody is there to end them.
   */
  nodesDown(nodes: readonly string[]): void {
    const struck = this.#on(nodes).filter(({ serving }) => serving);
    for (const { uid } of struck) this.#struck.set(uid, this.#nowMs());
    const names = struck.map(({ name }) => name);
    this.ring.trouble(names, "nodeSilent");
    this.ring.set(names, { serving: false }, "take the node from");
    this.#in(EVICT_AFTER_MS, () => this.#evict());
  }

  /** The nodes are back: Pods that were not evicted are ready again, the others are gone and new ones are ready. */
  nodesUp(nodes: readonly string[]): void {
    const back = this.#on(nodes).filter(({ uid }) => this.#struck.delete(uid));
    const evicted = back.filter(({ terminating }) => terminating).map(({ name }) => name);
    const well = back.filter(({ terminating }) => !terminating).map(({ name }) => name);
    this.ring.trouble(well, "none");
    this.ring.set(well, { serving: true }, "give the node back to");
    if (evicted.length > 0) this.ring.replace(evicted);
  }

  #evict(): void {
    const longAgoMs = this.#nowMs() - EVICT_AFTER_MS;
    const evicted = this.ring.pods.filter(({ uid }) => (this.#struck.get(uid) ?? Infinity) <= longAgoMs);
    const names = evicted.map(({ name }) => name);
    this.ring.trouble(names, "evicted");
    this.ring.set(names, { terminating: true }, "evict");
  }

  #on(nodes: readonly string[]) {
    return this.ring.pods.filter(({ node }) => nodes.includes(node));
  }

  #ifThere(name: string, facts: { readonly serving?: boolean; readonly terminating?: boolean }): void {
    if (this.ring.has(name)) this.ring.set([name], facts, "change");
  }

  #in(ms: number, run: () => void): void {
    if (ms === 0) run();
    else this.#agenda.at(this.#nowMs() + ms, run);
  }
}
