import { asObject, asText, type JsonObject } from "./object-fields.ts";
import { asNumber, conditionsOf, recordMeta, type RecordMeta } from "./record-meta.ts";

interface WorkloadCommon {
  /** `namespace/name` */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string | undefined;
  /** How many Pods there should be. */
  readonly desired: number;
  readonly ready: number;
  readonly isDeleted: boolean;
  /** Rises with each change of what is wanted; what the controller says is about `observedGeneration`. */
  readonly generation: number;
  readonly observedGeneration: number;
}

/** What is kept of a StatefulSet. */
export interface StatefulSetRecord extends WorkloadCommon {
  readonly kind: "StatefulSet";
  /** The ordinal of its first Pod. */
  readonly startOrdinal: number;
  readonly currentRevision: string | undefined;
  /** The one that its Pods are to have. */
  readonly updateRevision: string | undefined;
  /** Pods of `updateRevision`. */
  readonly updated: number;
  readonly updatesOnDelete: boolean;
  /** So many of its first Pods keep the revision they have. */
  readonly partition: number;
}

/** What is kept of a Deployment. */
export interface DeploymentRecord extends WorkloadCommon {
  readonly kind: "Deployment";
  /** Pods of all revisions. */
  readonly total: number;
  /** Pods of the latest template. */
  readonly updated: number;
  /** Counts its rollouts; each of its ReplicaSets bears the number of the last one it was made or taken up for. */
  readonly revision: number | undefined;
  /** The reason of its `Progressing` condition, like `NewReplicaSetAvailable`. */
  readonly progressing: string | undefined;
}

/** What is kept of a ReplicaSet. */
export interface ReplicaSetRecord extends WorkloadCommon {
  readonly kind: "ReplicaSet";
  /** The name of the Deployment that it belongs to; undefined for one made by hand. */
  readonly deployment: string | undefined;
  /** See `DeploymentRecord`. */
  readonly revision: number | undefined;
}

// https://kubernetes.io/docs/reference/labels-annotations-taints/#deployment-kubernetes-io-revision
const REVISION = "deployment.kubernetes.io/revision";

/** Reads an apps/v1 StatefulSet; undefined when it has no name or namespace. */
export function decodeStatefulSet(value: unknown): StatefulSetRecord | undefined {
  const parts = partsOf(value);
  if (parts === undefined) return undefined;
  const { common, spec, status } = parts;
  const strategy = asObject(spec?.["updateStrategy"]);
  return {
    kind: "StatefulSet",
    ...common,
    startOrdinal: asNumber(asObject(spec?.["ordinals"])?.["start"]) ?? 0,
    currentRevision: asText(status?.["currentRevision"]),
    updateRevision: asText(status?.["updateRevision"]),
    updated: asNumber(status?.["updatedReplicas"]) ?? 0,
    updatesOnDelete: strategy?.["type"] === "OnDelete",
    partition: asNumber(asObject(strategy?.["rollingUpdate"])?.["partition"]) ?? 0,
  };
}

/** Reads an apps/v1 Deployment; undefined when it has no name or namespace. */
export function decodeDeployment(value: unknown): DeploymentRecord | undefined {
  const parts = partsOf(value);
  if (parts === undefined) return undefined;
  const { meta, common, status } = parts;
  return {
    kind: "Deployment",
    ...common,
    total: asNumber(status?.["replicas"]) ?? 0,
    updated: asNumber(status?.["updatedReplicas"]) ?? 0,
    revision: revisionOf(meta),
    progressing: asText(conditionsOf(status).get("Progressing")?.["reason"]),
  };
}

/** Reads an apps/v1 ReplicaSet; undefined when it has no name or namespace. */
export function decodeReplicaSet(value: unknown): ReplicaSetRecord | undefined {
  const parts = partsOf(value);
  if (parts === undefined) return undefined;
  const { meta, common } = parts;
  return {
    kind: "ReplicaSet",
    ...common,
    deployment: meta.owner?.kind === "Deployment" ? meta.owner.name : undefined,
    revision: revisionOf(meta),
  };
}

interface Parts {
  readonly meta: RecordMeta;
  readonly common: WorkloadCommon;
  readonly spec: JsonObject | undefined;
  readonly status: JsonObject | undefined;
}

function partsOf(value: unknown): Parts | undefined {
  const object = asObject(value);
  const meta = recordMeta(object);
  if (meta?.namespace === undefined) return undefined;
  const { key, namespace, name, uid, generation } = meta;
  const spec = asObject(object?.["spec"]);
  const status = asObject(object?.["status"]);
  const common: WorkloadCommon = {
    key,
    namespace,
    name,
    uid,
    // The API server fills in the default, so that it is always there.
    desired: asNumber(spec?.["replicas"]) ?? 1,
    ready: asNumber(status?.["readyReplicas"]) ?? 0,
    isDeleted: meta.deletedAtMs !== undefined,
    generation,
    observedGeneration: asNumber(status?.["observedGeneration"]) ?? 0,
  };
  return { meta, common, spec, status };
}

function revisionOf({ annotations }: RecordMeta): number | undefined {
  const revision = Number(asText(annotations?.[REVISION]));
  return Number.isSafeInteger(revision) ? revision : undefined;
}
