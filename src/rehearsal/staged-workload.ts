import { isDeepStrictEqual } from "node:util";
import type { PodRecord } from "../cluster/decode-pod.ts";
import type { StatefulSetRecord } from "../cluster/decode-workload.ts";
import type { ModelPod } from "../simulator/model-objects.ts";
import type { ObjectWrite } from "./stand-in-api.ts";

/** What befell a Pod: its node is silent; it was then evicted; or nothing, any more. */
export type PodTrouble = "none" | "nodeSilent" | "evicted";

/** What the taint eviction controller gives as the reason: https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions */
const EVICTED = "DeletionByTaintManager";

/**
 * The StatefulSet of a ring on the stage, named like its Service, and its Pods, as far as Ringbell looks at them: how many there should
 * be, and why one leaves. In the form in which the decoders of production hand them on.
 */
export class StagedWorkload {
  readonly #namespace: string;
  readonly #name: string;
  readonly #uid: string;
  #desired: number;
  #revision = 1;
  /** The one that all Pods had last. */
  #completeRevision = 1;
  #generation = 1;
  /** By uid of the Pod. */
  readonly #revisions = new Map<string, number>();
  readonly #troubles = new Map<string, PodTrouble>();
  readonly #deletedAtMs = new Map<string, number>();
  /** How often a container of a Pod has ended badly, and when last. */
  readonly #crashes = new Map<string, { readonly count: number; readonly atMs: number }>();
  /** What was written last. */
  #pods = new Map<string, PodRecord>();
  #set: StatefulSetRecord | undefined;

  constructor(namespace: string, name: string, desired: number) {
    this.#namespace = namespace;
    this.#name = name;
    this.#uid = `statefulset-${namespace}-${name}`;
    this.#desired = desired;
  }

  /** Somebody has edited the StatefulSet. */
  want({ desired, isNewRevision }: { readonly desired?: number; readonly isNewRevision?: boolean }): void {
    this.#desired = desired ?? this.#desired;
    if (isNewRevision === true) this.#revision++;
    this.#generation++;
  }

  trouble(uid: string, trouble: PodTrouble): void {
    this.#troubles.set(uid, trouble);
  }

  /** A container of the Pod ends with an error; it is written with the next `sync`. */
  crash(uid: string, atMs: number): void {
    this.#crashes.set(uid, { count: (this.#crashes.get(uid)?.count ?? 0) + 1, atMs });
  }

  /** What is to be written so that these are the Pods. Pods that go are first marked as deleted. */
  sync(pods: readonly ModelPod[], nowMs: number): ObjectWrite[] {
    const records = new Map(pods.map((pod) => [pod.uid, this.#podRecord(pod, nowMs)]));
    const set = this.#setRecord(pods);
    const writes: ObjectWrite[] = isDeepStrictEqual(set, this.#set) ? [] : [{ kind: "changed", object: set }];
    for (const [uid, record] of this.#pods) {
      if (records.has(uid)) continue;
      const last = { ...record, deletedAtMs: record.deletedAtMs ?? nowMs };
      writes.push({ kind: "deleted", key: record.key, last });
    }
    for (const [uid, record] of records)
      if (!isDeepStrictEqual(record, this.#pods.get(uid))) writes.push({ kind: "changed", object: record });
    this.#pods = records;
    this.#set = set;
    return writes;
  }

  #podRecord({ name, uid, node, serving, terminating }: ModelPod, nowMs: number): PodRecord {
    const trouble = this.#troubles.get(uid) ?? "none";
    if (terminating && !this.#deletedAtMs.has(uid)) this.#deletedAtMs.set(uid, nowMs);
    const revision = this.#revisions.get(uid) ?? this.#revision;
    this.#revisions.set(uid, revision);
    const crash = this.#crashes.get(uid);
    return {
      kind: "Pod",
      key: `${this.#namespace}/${name}`,
      namespace: this.#namespace,
      name,
      uid,
      phase: "Running",
      reason: undefined,
      deletedAtMs: terminating ? this.#deletedAtMs.get(uid) : undefined,
      node,
      owner: { kind: "StatefulSet", name: this.#name, uid: this.#uid },
      ready: serving,
      isNodeSilent: trouble !== "none",
      disruption: trouble === "evicted" ? EVICTED : undefined,
      restarts: crash?.count ?? 0,
      termination: crash && { container: "main", exitCode: 1, reason: "Error", atMs: crash.atMs },
      waiting: crash && !serving ? "CrashLoopBackOff" : undefined,
      revision: `${this.#name}-${revision}`,
    };
  }

  #setRecord(pods: readonly ModelPod[]): StatefulSetRecord {
    const updated = pods.filter(({ uid }) => this.#revisions.get(uid) === this.#revision).length;
    const ready = pods.filter(({ serving, terminating }) => serving && !terminating).length;
    // A Pod that is away does not begin a rollout: the current revision stays until another one is complete, with all Pods ready.
    // https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/statefulset/stateful_set_utils.go (completeRollingUpdate)
    if (updated === this.#desired && ready === this.#desired) this.#completeRevision = this.#revision;
    return {
      kind: "StatefulSet",
      key: `${this.#namespace}/${this.#name}`,
      namespace: this.#namespace,
      name: this.#name,
      uid: this.#uid,
      desired: this.#desired,
      ready,
      isDeleted: false,
      generation: this.#generation,
      observedGeneration: this.#generation,
      startOrdinal: 0,
      currentRevision: `${this.#name}-${this.#completeRevision}`,
      updateRevision: `${this.#name}-${this.#revision}`,
      updated,
      updatesOnDelete: false,
      partition: 0,
    };
  }
}
