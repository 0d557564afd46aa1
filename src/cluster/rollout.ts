import type { WorkloadRecord } from "./decode-record.ts";
import type { DeploymentRecord, StatefulSetRecord } from "./decode-workload.ts";

/**
 * What a Deployment's `Progressing` condition says between the change of the template and the last ready Pod; scaling does not
 * bring it back: https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/deployment/progress.go
 */
const IN_PROGRESS: ReadonlySet<string | undefined> = new Set([
  "NewReplicaSetCreated",
  "FoundNewReplicaSet",
  "ReplicaSetUpdated",
]);

/** True while Pods of an older revision are being replaced, or their successors are not ready yet. */
export function isRollingOut(record: WorkloadRecord): boolean {
  if (record.kind === "StatefulSet") return isSetRollingOut(record);
  return record.kind === "Deployment" && isDeploymentRollingOut(record);
}

function isSetRollingOut(set: StatefulSetRecord): boolean {
  const { updateRevision, currentRevision, updated, desired, partition, updatesOnDelete } = set;
  if (updateRevision === undefined || updateRevision === currentRevision) return false;
  // The controller ends only a rollout that is complete, by making the update revision the current one; else we have to count:
  // https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/statefulset/stateful_set_utils.go (completeRollingUpdate)
  return (partition === 0 && !updatesOnDelete) || updated < desired - partition;
}

function isDeploymentRollingOut({ total, updated, progressing }: DeploymentRecord): boolean {
  return total > updated || IN_PROGRESS.has(progressing);
}
