import { decodeNamespace, type NamespaceRecord } from "./decode-namespace.ts";
import { decodePod, type PodRecord } from "./decode-pod.ts";
import {
  decodeDeployment,
  decodeReplicaSet,
  decodeStatefulSet,
  type DeploymentRecord,
  type ReplicaSetRecord,
  type StatefulSetRecord,
} from "./decode-workload.ts";
import type { ObjectKind } from "./object-plan.ts";

/** What is kept of a thing that owns Pods. */
export type WorkloadRecord = StatefulSetRecord | DeploymentRecord | ReplicaSetRecord;

/** What is kept of any other object than a slice. */
export type ObjectRecord = NamespaceRecord | PodRecord | WorkloadRecord;

const DECODERS: Readonly<Record<ObjectKind, (value: unknown) => ObjectRecord | undefined>> = {
  Namespace: decodeNamespace,
  Pod: decodePod,
  StatefulSet: decodeStatefulSet,
  Deployment: decodeDeployment,
  ReplicaSet: decodeReplicaSet,
};

/** Reads an object of this kind; undefined when it has no name, which only damage on the way can bring about. */
export function decodeRecord(kind: ObjectKind, value: unknown): ObjectRecord | undefined {
  return DECODERS[kind](value);
}
