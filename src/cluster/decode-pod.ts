import { asObject, asText, type JsonObject } from "./object-fields.ts";
import { asList, asNumber, asTimeMs, conditionsOf, type Owner, recordMeta } from "./record-meta.ts";

/** How a container ended. */
export interface Termination {
  readonly container: string;
  readonly exitCode: number;
  /** Like `OOMKilled` or `Error`. */
  readonly reason: string | undefined;
  /** Epoch milliseconds of its node's clock. */
  readonly atMs: number | undefined;
}

/** What is kept of a Pod: enough to say why it is not in a ring any more. */
export interface PodRecord {
  readonly kind: "Pod";
  /** `namespace/name` */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string | undefined;
  /** `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`. */
  readonly phase: string;
  /** Of the whole Pod, like `Evicted` or `NodeLost`. */
  readonly reason: string | undefined;
  /** When its deletion was asked for, in epoch milliseconds of the API server's clock. */
  readonly deletedAtMs: number | undefined;
  readonly node: string | undefined;
  readonly owner: Owner | undefined;
  readonly ready: boolean;
  /**
   * The node controller, and not the kubelet, says that it is not ready: a kubelet takes `ContainersReady` along, and gives a reason.
   * https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/util/node/controller_utils.go (MarkPodsNotReady)
   */
  readonly isNodeSilent: boolean;
  /** The reason of a `DisruptionTarget` condition: https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions */
  readonly disruption: string | undefined;
  /** Of all containers. */
  readonly restarts: number;
  /** The latest of any container. */
  readonly termination: Termination | undefined;
  /** Why a container does not run, like `CrashLoopBackOff` or `ImagePullBackOff`. */
  readonly waiting: string | undefined;
  /** Which template it was made from: `controller-revision-hash` of a StatefulSet's Pods, `pod-template-hash` of a ReplicaSet's. */
  readonly revision: string | undefined;
}

/** Reads a core/v1 Pod; undefined when it has no name or namespace. */
export function decodePod(value: unknown): PodRecord | undefined {
  const object = asObject(value);
  const meta = recordMeta(object);
  if (meta?.namespace === undefined) return undefined;
  const { key, namespace, name, uid, labels, owner, deletedAtMs } = meta;
  const status = asObject(object?.["status"]);
  const conditions = conditionsOf(status);
  const disruption = conditions.get("DisruptionTarget");
  const containers = asList(status?.["containerStatuses"]).map(asObject);
  return {
    kind: "Pod",
    key,
    namespace,
    name,
    uid,
    phase: asText(status?.["phase"]) ?? "Unknown",
    reason: asText(status?.["reason"]),
    deletedAtMs,
    node: asText(asObject(object?.["spec"])?.["nodeName"]),
    owner,
    ready: isTrue(conditions.get("Ready")),
    isNodeSilent: isNodeSilent(conditions),
    disruption: isTrue(disruption) ? asText(disruption?.["reason"]) : undefined,
    restarts: containers.reduce((sum, container) => sum + (asNumber(container?.["restartCount"]) ?? 0), 0),
    termination: lastTermination(containers),
    waiting: containers
      .map((container) => reasonOf(asObject(container?.["state"])?.["waiting"]))
      .find(Boolean),
    revision: asText(labels?.["controller-revision-hash"]) ?? asText(labels?.["pod-template-hash"]),
  };
}

function isTrue(condition: JsonObject | undefined): boolean {
  return condition?.["status"] === "True";
}

function isNodeSilent(conditions: ReadonlyMap<string, JsonObject>): boolean {
  const ready = conditions.get("Ready");
  return (
    ready !== undefined &&
    !isTrue(ready) &&
    asText(ready["reason"]) === undefined &&
    isTrue(conditions.get("ContainersReady"))
  );
}

function lastTermination(containers: readonly (JsonObject | undefined)[]): Termination | undefined {
  let last: Termination | undefined;
  for (const container of containers) {
    for (const field of ["lastState", "state"]) {
      const terminated = asObject(asObject(container?.[field])?.["terminated"]);
      if (terminated === undefined) continue;
      const termination: Termination = {
        container: asText(container?.["name"]) ?? "",
        exitCode: asNumber(terminated["exitCode"]) ?? 0,
        reason: asText(terminated["reason"]),
        atMs: asTimeMs(terminated["finishedAt"]),
      };
      if (last === undefined || (termination.atMs ?? 0) >= (last.atMs ?? 0)) last = termination;
    }
  }
  return last;
}

function reasonOf(value: unknown): string | undefined {
  return asText(asObject(value)?.["reason"]);
}
