import type { ModelChange } from "./cluster-model.ts";
import type { ModelNames } from "./model-names.ts";
import type { ModelPod } from "./model-objects.ts";
import type { ApiObject, ResourceName } from "./resources.ts";

/** What is wanted of a workload, and what there is of it. */
export interface WorkloadState {
  readonly desired: number;
  /** Counts the changes of the Pods' template, from 1. */
  readonly revision: number;
  readonly pods: readonly ModelPod[];
  /** Of these the node controller says that their Pods are not ready. */
  readonly silentNodes: ReadonlySet<string>;
}

/** The workload that Pods belong to. */
export interface WorkloadOptions {
  readonly namespace: string;
  readonly name: string;
  readonly kind: "StatefulSet" | "Deployment";
}

interface Owner {
  readonly kind: string;
  readonly name: string;
}

const GRACE_SECONDS = 30;

/**
 * The Pods of a model and what owns them, as their controllers and kubelets write them: no more of each than who watches Pods may
 * look at. A write is made only of what differs from before.
 */
export class ModelWorkloads {
  readonly #options: WorkloadOptions;
  readonly #names: ModelNames;
  /** By the uid of a Pod: the revision it was made from. */
  readonly #revisions = new Map<string, number>();
  readonly #deletedMs = new Map<string, number>();
  readonly #written = new Map<string, { readonly object: ApiObject; readonly content: string }>();
  readonly #uids = new Map<string, string>();
  /** The last revision that all Pods had. */
  #settled = 1;
  #generation = 0;
  #spec = "";

  constructor(options: WorkloadOptions, names: ModelNames) {
    this.#options = options;
    this.#names = names;
  }

  /** What is written after a change: first what owns Pods, then they. */
  sync(state: WorkloadState, nowMs: number): ModelChange[] {
    const { kind } = this.#options;
    for (const pod of state.pods) {
      if (!this.#revisions.has(pod.uid)) this.#revisions.set(pod.uid, state.revision);
      if (pod.terminating && !this.#deletedMs.has(pod.uid)) this.#deletedMs.set(pod.uid, nowMs);
    }
    const spec = `${state.desired} ${state.revision}`;
    if (spec !== this.#spec) this.#generation += 1;
    this.#spec = spec;
    const isSettled =
      this.#ready(state.pods) === state.desired &&
      state.pods.every((pod) => this.#revisionOf(pod) === state.revision);
    if (isSettled) this.#settled = state.revision;
    const owners = kind === "StatefulSet" ? [this.#statefulSet(state)] : this.#deployment(state);
    const objects = [...owners, ...state.pods.map((pod) => this.#pod(pod, state.silentNodes))];
    return this.#write(objects);
  }

  #write(objects: readonly ApiObject[]): ModelChange[] {
    const ids = new Set(objects.map(idOf));
    const changes: ModelChange[] = [];
    for (const [id, { object }] of this.#written) {
      // Another Pod of the name may be there already.
      if (ids.has(id)) continue;
      this.#written.delete(id);
      const { namespace = "", name } = object.metadata;
      changes.push({ remove: { source: sourceOf(object.kind), namespace, name } });
    }
    for (const object of objects) {
      const content = JSON.stringify(object);
      if (this.#written.get(idOf(object))?.content === content) continue;
      this.#written.set(idOf(object), { object, content });
      changes.push({ put: object });
    }
    return changes;
  }

  #statefulSet({ desired, revision, pods }: WorkloadState): ApiObject {
    const { name } = this.#options;
    const status = {
      observedGeneration: this.#generation,
      replicas: pods.length,
      readyReplicas: this.#ready(pods),
      updatedReplicas: this.#ofRevision(pods, revision).length,
      currentRevision: hashOf("StatefulSet", name, this.#settled),
      updateRevision: hashOf("StatefulSet", name, revision),
    };
    const spec = {
      replicas: desired,
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 0 } },
    };
    return this.#object("StatefulSet", name, { generation: this.#generation }, spec, status);
  }

  #deployment({ desired, revision, pods }: WorkloadState): ApiObject[] {
    const { name } = this.#options;
    const isRolling = this.#settled !== revision;
    const alive = pods.filter(({ terminating }) => !terminating);
    const reason = isRolling ? "ReplicaSetUpdated" : "NewReplicaSetAvailable";
    const status = {
      observedGeneration: this.#generation,
      replicas: alive.length,
      readyReplicas: this.#ready(pods),
      updatedReplicas: this.#ofRevision(alive, revision).length,
      conditions: [{ type: "Progressing", status: "True", reason }],
    };
    const meta = { generation: this.#generation, annotations: annotationsOf(revision) };
    const sets = Array.from({ length: revision }, (_, index) => {
      const of = this.#ofRevision(alive, index + 1);
      return this.#replicaSet(index + 1, index + 1 === revision && !isRolling ? desired : of.length, of);
    });
    return [this.#object("Deployment", name, meta, { replicas: desired }, status), ...sets];
  }

  #replicaSet(revision: number, desired: number, pods: readonly ModelPod[]): ApiObject {
    const { name } = this.#options;
    const owner = this.#ownerReference({ kind: "Deployment", name });
    const meta = { generation: 1, annotations: annotationsOf(revision), ownerReferences: [owner] };
    const status = { observedGeneration: 1, replicas: pods.length, readyReplicas: this.#ready(pods) };
    return this.#object(
      "ReplicaSet",
      hashOf("Deployment", name, revision),
      meta,
      { replicas: desired },
      status,
    );
  }

  #pod(pod: ModelPod, silentNodes: ReadonlySet<string>): ApiObject {
    const { kind, name } = this.#options;
    const hash = hashOf(kind, name, this.#revisionOf(pod));
    const owner = kind === "StatefulSet" ? { kind, name } : { kind: "ReplicaSet", name: hash };
    const label = kind === "StatefulSet" ? "controller-revision-hash" : "pod-template-hash";
    const deletedMs = this.#deletedMs.get(pod.uid);
    const meta = {
      uid: pod.uid,
      ...(deletedMs !== undefined && {
        deletionTimestamp: new Date(deletedMs + GRACE_SECONDS * 1000).toISOString(),
        deletionGracePeriodSeconds: GRACE_SECONDS,
      }),
      labels: { [label]: kind === "StatefulSet" ? hash : hash.slice(name.length + 1) },
      ownerReferences: [this.#ownerReference(owner)],
    };
    const status = {
      phase: "Running",
      conditions: conditionsOf(pod, silentNodes.has(pod.node)),
      podIP: pod.address,
    };
    return this.#object("Pod", pod.name, meta, { nodeName: pod.node }, status);
  }

  #object(kind: string, name: string, meta: object, spec: object, status: object): ApiObject {
    const { namespace } = this.#options;
    const apiVersion = kind === "Pod" ? "v1" : "apps/v1";
    const metadata = { name, namespace, uid: this.#uid(kind, name), resourceVersion: "", ...meta };
    return { kind, apiVersion, metadata, spec, status };
  }

  #ownerReference({ kind, name }: Owner): object {
    return { apiVersion: "apps/v1", kind, name, uid: this.#uid(kind, name), controller: true };
  }

  #uid(kind: string, name: string): string {
    // Pods have uids of their own.
    if (kind === "Pod") return "";
    const id = `${kind} ${name}`;
    const uid = this.#uids.get(id) ?? this.#names.uid();
    this.#uids.set(id, uid);
    return uid;
  }

  #revisionOf({ uid }: ModelPod): number {
    return this.#revisions.get(uid) ?? 1;
  }

  #ofRevision(pods: readonly ModelPod[], revision: number): ModelPod[] {
    return pods.filter((pod) => this.#revisionOf(pod) === revision);
  }

  #ready(pods: readonly ModelPod[]): number {
    return pods.filter(({ serving, terminating }) => serving && !terminating).length;
  }
}

function conditionsOf({ serving }: ModelPod, isNodeSilent: boolean): object[] {
  if (serving) return ["ContainersReady", "Ready"].map((type) => ({ type, status: "True" }));
  if (isNodeSilent) {
    return [
      { type: "ContainersReady", status: "True" },
      { type: "Ready", status: "False" },
    ];
  }
  const reason = "ContainersNotReady";
  return ["ContainersReady", "Ready"].map((type) => ({ type, status: "False", reason }));
}

function annotationsOf(revision: number): object {
  return { "deployment.kubernetes.io/revision": String(revision) };
}

/** As the names of its Pods have it for the first revision of a Deployment. */
function hashOf(kind: "StatefulSet" | "Deployment", name: string, revision: number): string {
  return kind === "StatefulSet" ? `${name}-688dfcf4b${revision}` : `${name}-${4 + revision}d4f8c7b9`;
}

function idOf({ kind, metadata }: ApiObject): string {
  return `${kind} ${metadata.name}`;
}

function sourceOf(kind: string): ResourceName {
  return `${kind.toLowerCase()}s` as ResourceName;
}
