import type { ObjectEvent } from "../cluster/object-intake.ts";
import { objectScopeCovers, type ObjectScope } from "../cluster/object-plan.ts";
import type { Source } from "../cluster/slice.ts";
import type { RingNeeds } from "../cluster/ring-workloads.ts";
import { WorkloadBook } from "../cluster/workload-book.ts";
import type { Member, Ring } from "../ring/ring.ts";
import type { Departure, Surroundings } from "./surroundings.ts";
import { whyLeft } from "./why-left.ts";

/** A ring that is to be judged again. */
export interface RingPlace {
  readonly source: Source;
  /** `namespace/service` */
  readonly ring: string;
}

type Known = Pick<Surroundings, "desired" | "whyLeft" | "rolloutSinceMs">;

const NO_NEEDS: RingNeeds = { desired: undefined, rolloutSinceMs: undefined };

/**
 * What Pods and workloads tell of the rings before them. Nothing is known of namespaces in which none are watched. While such a watch
 * is blind, what was heard last goes on to count: it explains what has happened, and decides nothing alone.
 */
export class RingSurroundings implements Known {
  readonly #book = new WorkloadBook();
  readonly #now: () => number;
  #plan: readonly ObjectScope[];
  /** Rings that were asked about, by their id in the book. */
  readonly #asked = new Map<string, RingPlace>();
  /** Rings, by their id, as they were when their workloads were noted. */
  readonly #noted = new Map<string, Ring>();

  /** `now`: epoch milliseconds. */
  constructor(plan: readonly ObjectScope[], now: () => number) {
    this.#plan = plan;
    this.#now = now;
  }

  /** Takes in one event of a scope's watch. Returns the rings of which other things may be known now. */
  apply(scope: ObjectScope, event: ObjectEvent): readonly RingPlace[] {
    const rings = this.#book.apply(scope, event, this.#now());
    if (event.kind !== "listed") return rings.flatMap((id) => this.#asked.get(id) ?? []);
    // Which Pods are whose was not known before a first list.
    this.#noted.clear();
    const isIn = ({ ring }: RingPlace): boolean =>
      scope.namespace === undefined || ring.startsWith(`${scope.namespace}/`);
    return [...this.#asked.values()].filter(isIn);
  }

  /** Goes on with another plan; what it does not cover is forgotten. */
  follow(plan: readonly ObjectScope[]): void {
    this.#plan = plan;
    this.#book.keepOnly(plan);
    this.#noted.clear();
    for (const { source, ring } of this.#asked.values()) {
      if (!this.#isWatched(ring.slice(0, ring.indexOf("/")))) this.forget(source, ring);
    }
  }

  /** A ring that is not judged any more. */
  forget(source: Source, ring: string): void {
    const id = idOf({ source, ring });
    this.#asked.delete(id);
    this.#noted.delete(id);
    this.#book.forgetRing(id);
  }

  desired(ring: Ring): number | undefined {
    return this.#needs(ring).desired;
  }

  rolloutSinceMs(ring: Ring): number | undefined {
    return this.#needs(ring).rolloutSinceMs;
  }

  whyLeft(member: Member, ring: Ring, nowMs: number): Departure | undefined {
    if (!this.#isWatched(ring.namespace)) return undefined;
    // What is heard of its workloads later may change the answer.
    if (this.#noted.get(this.#note(ring)) !== ring) this.#needs(ring);
    const listed = ring.members.find(({ key }) => key === member.key);
    const pod = this.#book.podFacts(member.key, member.uid);
    return whyLeft(member, { listed, pod, namedSet: this.#book.namedSet(member.key) }, nowMs);
  }

  #needs(ring: Ring): RingNeeds {
    if (!this.#isWatched(ring.namespace)) return NO_NEEDS;
    const id = this.#note(ring);
    const pods = ring.members.map(({ key }) => key);
    this.#noted.set(id, ring);
    return this.#book.ringNeeds(id, pods, this.#now());
  }

  #note({ source, key }: Ring): string {
    const place: RingPlace = { source, ring: key };
    const id = idOf(place);
    if (!this.#asked.has(id)) this.#asked.set(id, place);
    return id;
  }

  #isWatched(namespace: string): boolean {
    return this.#plan.some((scope) => objectScopeCovers(scope, { kind: "Pod", namespace, name: "" }));
  }
}

function idOf({ source, ring }: RingPlace): string {
  return `${source} ${ring}`;
}
