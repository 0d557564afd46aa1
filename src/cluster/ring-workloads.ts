import type { WorkloadRecord } from "./decode-record.ts";

/** What the workloads behind a ring want. */
export interface RingNeeds {
  /** How many members there should be; undefined where it is not known, or where nothing that is watched decides it. */
  readonly desired: number | undefined;
  /** Since when one of the workloads has been replacing its Pods by those of another revision, as far as it was seen; undefined when none does. */
  readonly rolloutSinceMs: number | undefined;
}

/** Where `RingWorkloads` looks things up. */
export interface WorkloadLookup {
  /** The workload that a Pod (`namespace/name`) belongs to; undefined when it is not known, or there is none. */
  readonly workloadOf: (pod: string) => string | undefined;
  /** True for a Pod that is known to have no owner that says how many there should be: a bare one, or a DaemonSet's. */
  readonly isUnowned: (pod: string) => boolean;
  readonly workload: (id: string) => WorkloadRecord | undefined;
  readonly rolloutSinceMs: (id: string) => number | undefined;
}

/** The status of a workload and the slices of a ring come apart: so long they may contradict each other. */
const LAG_MS = 60_000;

/**
 * Knows which workloads are behind a ring: those of its members, and those that had some and may have lost them all. Ready Pods
 * of a workload that are not in the ring show that the Service does not select them any more.
 */
export class RingWorkloads {
  readonly #lookup: WorkloadLookup;
  /** By ring and workload: when the ring last had a member of it. */
  readonly #seen = new Map<string, Map<string, number>>();
  readonly #rings = new Map<string, Set<string>>();

  constructor(lookup: WorkloadLookup) {
    this.#lookup = lookup;
  }

  /** The rings that have been found to have members of a workload. */
  ringsOf(workload: string | undefined): readonly string[] {
    return [...(this.#rings.get(workload ?? "") ?? [])];
  }

  needs(ring: string, pods: readonly string[], nowMs: number): RingNeeds {
    const seen = this.#seen.get(ring) ?? new Map<string, number>();
    for (const pod of pods) {
      const workload = this.#lookup.workloadOf(pod);
      if (workload !== undefined) this.#note(ring, seen, workload, nowMs);
    }
    let desired = 0;
    let isKnown = seen.size > 0 && !pods.some(this.#lookup.isUnowned);
    let rolloutSinceMs: number | undefined;
    for (const [id, seenMs] of seen) {
      const workload = this.#lookup.workload(id);
      const isOver = workload === undefined || (workload.ready > 0 && nowMs - seenMs > LAG_MS);
      if (isOver && seenMs !== nowMs) this.#drop(ring, seen, id);
      else if (workload === undefined) isKnown = false;
      else {
        desired += workload.isDeleted ? 0 : workload.desired;
        rolloutSinceMs = earlier(rolloutSinceMs, this.#lookup.rolloutSinceMs(id));
      }
    }
    return { desired: isKnown && seen.size > 0 ? desired : undefined, rolloutSinceMs };
  }

  forget(ring: string): void {
    const seen = this.#seen.get(ring);
    for (const workload of seen?.keys() ?? []) if (seen) this.#drop(ring, seen, workload);
    this.#seen.delete(ring);
  }

  #note(ring: string, seen: Map<string, number>, workload: string, nowMs: number): void {
    this.#seen.set(ring, seen.set(workload, nowMs));
    const rings = this.#rings.get(workload) ?? new Set<string>();
    this.#rings.set(workload, rings.add(ring));
  }

  #drop(ring: string, seen: Map<string, number>, workload: string): void {
    seen.delete(workload);
    const rings = this.#rings.get(workload);
    rings?.delete(ring);
    if (rings?.size === 0) this.#rings.delete(workload);
  }
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}
