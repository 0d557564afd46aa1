import type { PodRecord } from "./decode-pod.ts";
import type { ObjectRecord, WorkloadRecord } from "./decode-record.ts";
import type { DeploymentRecord, ReplicaSetRecord, StatefulSetRecord } from "./decode-workload.ts";
import type { ObjectEvent } from "./object-intake.ts";
import { objectScopeCovers, type ObjectKind, type ObjectScope } from "./object-plan.ts";
import { type Known, RecentShelf } from "./recent-shelf.ts";
import { RingWorkloads, type RingNeeds } from "./ring-workloads.ts";
import { isRollingOut } from "./rollout.ts";

/** So long a Pod that is gone can be asked about: longer than nearly all settle times. */
const KEEP_MS = 15 * 60_000;

/** The number of Pods that there should be fell. */
export interface Fall {
  readonly from: number;
  readonly to: number;
  /** Epoch milliseconds of our clock. */
  readonly atMs: number;
}

/** What a Pod belongs to. */
export type PodOwner =
  | { readonly kind: "StatefulSet"; readonly set: Known<StatefulSetRecord> }
  | {
      readonly kind: "ReplicaSet";
      readonly set: Known<ReplicaSetRecord>;
      readonly deployment: Known<DeploymentRecord> | undefined;
      /** Of the Deployment; of the ReplicaSet when it has none. Oldest first. */
      readonly falls: readonly Fall[];
    };

/** What is known of one Pod. */
export interface PodFacts {
  readonly pod: Known<PodRecord>;
  /** The Pod that bears its name now. */
  readonly successor: PodRecord | undefined;
  /** Undefined where it is not known, and for Pods that nothing watched here owns. */
  readonly owner: PodOwner | undefined;
}

/**
 * Knows the Pods behind the rings and what owns them, now and a while ago. What an event costs does not depend on how many
 * there are, a complete list apart.
 */
export class WorkloadBook {
  readonly #pods = new RecentShelf<PodRecord>(KEEP_MS, ({ deletedAtMs }) => deletedAtMs !== undefined);
  readonly #statefulSets = new RecentShelf<StatefulSetRecord>(KEEP_MS, isDeleted);
  readonly #deployments = new RecentShelf<DeploymentRecord>(KEEP_MS, isDeleted);
  readonly #replicaSets = new RecentShelf<ReplicaSetRecord>(KEEP_MS, isDeleted);
  /** By kind and key, for as long as the object is there. */
  readonly #falls = new Map<string, readonly Fall[]>();
  /** Since when they go on, by kind and key. */
  readonly #rollouts = new Map<string, number>();
  readonly #rings = new RingWorkloads({
    workloadOf: (pod) => this.#workloadOf(this.#pods.present(pod)?.record),
    isUnowned: (pod) => isUnowned(this.#pods.present(pod)?.record),
    workload: (id) => this.#workload(id),
    rolloutSinceMs: (id) => this.#rollouts.get(id),
  });

  /**
   * Takes in one event of a scope's watch. Returns the rings for which `ringNeeds` or a member's `podFacts` may be other than before;
   * after a complete list these may be any in its namespaces.
   */
  apply(scope: ObjectScope, event: ObjectEvent, nowMs: number): readonly string[] {
    switch (event.kind) {
      case "changed":
        return this.#put(event.object, nowMs);
      case "deleted":
        return this.#remove(scope.kind, event.key, nowMs, event.last);
      case "listed": {
        const rings = new Set(event.objects.flatMap((object) => this.#put(object, nowMs)));
        const listed = new Set(event.objects.map(({ key }) => key));
        for (const key of this.#covered(scope))
          if (!listed.has(key)) for (const ring of this.#remove(scope.kind, key, nowMs)) rings.add(ring);
        return [...rings];
      }
    }
  }

  /** Forgets what a new plan does not watch any more, as if it had never been known. */
  keepOnly(plan: readonly ObjectScope[]): void {
    for (const kind of ["Pod", "StatefulSet", "Deployment", "ReplicaSet"] as const) {
      const shelf = this.#shelf(kind);
      for (const key of shelf.keys()) {
        if (plan.some((scope) => coversKey(scope, kind, key))) continue;
        shelf.forget(key);
        this.#forgetHistory(`${kind} ${key}`);
      }
    }
  }

  /**
   * What is known of the Pod `namespace/name` with this uid, be it gone for up to 15 minutes; without a uid, of the one that is there,
   * else of the last that was.
   */
  podFacts(key: string, uid: string | undefined): PodFacts | undefined {
    const pod = this.#pods.find(key, uid);
    if (pod === undefined) return undefined;
    const present = this.#pods.present(key)?.record;
    const successor = present !== undefined && present.uid !== pod.record.uid ? present : undefined;
    return { pod, successor, owner: this.#ownerOf(pod.record) };
  }

  /** The StatefulSet that would have a Pod of this name (`namespace/name`): its Pods are named after it. */
  namedSet(key: string): StatefulSetRecord | undefined {
    const dash = key.lastIndexOf("-");
    const set = dash === -1 ? undefined : this.#statefulSets.present(key.slice(0, dash))?.record;
    return set?.isDeleted === true ? undefined : set;
  }

  /** What the workloads of a ring want, by its members' target Pods (`namespace/name`). Remembers which they are. */
  ringNeeds(ring: string, pods: readonly string[], nowMs: number): RingNeeds {
    return this.#rings.needs(ring, pods, nowMs);
  }

  /** A ring that is not asked about any more. */
  forgetRing(ring: string): void {
    this.#rings.forget(ring);
  }

  #put(object: ObjectRecord, nowMs: number): readonly string[] {
    switch (object.kind) {
      case "Namespace":
        return [];
      case "Pod":
        this.#pods.put(object, nowMs);
        return this.#rings.ringsOf(this.#workloadOf(object));
      case "StatefulSet":
        return this.#putWorkload(this.#statefulSets, object, nowMs);
      case "Deployment":
        return this.#putWorkload(this.#deployments, object, nowMs);
      case "ReplicaSet":
        return this.#putWorkload(this.#replicaSets, object, nowMs);
    }
  }

  #putWorkload<R extends WorkloadRecord>(shelf: RecentShelf<R>, record: R, nowMs: number): readonly string[] {
    const id = idOf(record);
    const present = shelf.present(record.key)?.record;
    const before = present?.uid === record.uid ? present : undefined;
    if (before === undefined) this.#forgetHistory(id);
    else if (record.desired < before.desired) {
      this.#noteFall(id, { from: before.desired, to: record.desired, atMs: nowMs });
    }
    const wasRollingOut = this.#rollouts.has(id);
    if (!isRollingOut(record)) this.#rollouts.delete(id);
    else if (!wasRollingOut) this.#rollouts.set(id, nowMs);
    shelf.put(record, nowMs);
    const isSame =
      before?.desired === record.desired &&
      before.isDeleted === record.isDeleted &&
      wasRollingOut === this.#rollouts.has(id);
    return isSame ? [] : this.#rings.ringsOf(id);
  }

  #forgetHistory(id: string): void {
    this.#falls.delete(id);
    this.#rollouts.delete(id);
  }

  #noteFall(id: string, fall: Fall): void {
    const recent = (this.#falls.get(id) ?? []).filter(({ atMs }) => fall.atMs - atMs < KEEP_MS);
    this.#falls.set(id, [...recent, fall]);
  }

  #remove(kind: ObjectKind, key: string, nowMs: number, last?: ObjectRecord): readonly string[] {
    if (kind === "Namespace") return [];
    if (kind === "Pod") {
      this.#pods.remove(key, nowMs, last?.kind === "Pod" ? last : undefined);
      return this.#rings.ringsOf(this.#workloadOf(this.#pods.find(key, undefined)?.record));
    }
    this.#shelf(kind).remove(key, nowMs);
    this.#forgetHistory(`${kind} ${key}`);
    return this.#rings.ringsOf(`${kind} ${key}`);
  }

  #shelf(kind: Exclude<ObjectKind, "Namespace">) {
    switch (kind) {
      case "Pod":
        return this.#pods;
      case "StatefulSet":
        return this.#statefulSets;
      case "Deployment":
        return this.#deployments;
      case "ReplicaSet":
        return this.#replicaSets;
    }
  }

  #covered(scope: ObjectScope): string[] {
    const { kind } = scope;
    if (kind === "Namespace") return [];
    return [...this.#shelf(kind).keys()].filter((key) => coversKey(scope, kind, key));
  }

  #ownerOf({ owner, namespace }: PodRecord): PodOwner | undefined {
    if (owner === undefined) return undefined;
    const key = `${namespace}/${owner.name}`;
    if (owner.kind === "StatefulSet") {
      const set = this.#statefulSets.find(key, owner.uid);
      return set && { kind: "StatefulSet", set };
    }
    const set = owner.kind === "ReplicaSet" ? this.#replicaSets.find(key, owner.uid) : undefined;
    if (set === undefined) return undefined;
    const name = set.record.deployment;
    const deployment =
      name === undefined ? undefined : this.#deployments.find(`${namespace}/${name}`, undefined);
    const falls = this.#falls.get(idOf(deployment?.record ?? set.record)) ?? [];
    return { kind: "ReplicaSet", set, deployment, falls };
  }

  /** The id of what decides how many such Pods there are; undefined where that is not known. */
  #workloadOf(pod: PodRecord | undefined): string | undefined {
    const owner = pod && this.#ownerOf(pod);
    if (owner === undefined) return undefined;
    if (owner.kind === "StatefulSet") return idOf(owner.set.record);
    const { deployment, namespace } = owner.set.record;
    return deployment === undefined ? idOf(owner.set.record) : `Deployment ${namespace}/${deployment}`;
  }

  #workload(id: string): WorkloadRecord | undefined {
    const [kind = "", key = ""] = id.split(" ");
    if (kind === "StatefulSet") return this.#statefulSets.present(key)?.record;
    return (kind === "Deployment" ? this.#deployments : this.#replicaSets).present(key)?.record;
  }
}

function isUnowned(pod: PodRecord | undefined): boolean {
  const kind = pod?.owner?.kind;
  return pod !== undefined && kind !== "StatefulSet" && kind !== "ReplicaSet";
}

function isDeleted(record: WorkloadRecord): boolean {
  return record.isDeleted;
}

function idOf({ kind, key }: WorkloadRecord): string {
  return `${kind} ${key}`;
}

function coversKey(scope: ObjectScope, kind: ObjectKind, key: string): boolean {
  const slash = key.indexOf("/");
  return objectScopeCovers(scope, { kind, namespace: key.slice(0, slash), name: key.slice(slash + 1) });
}
