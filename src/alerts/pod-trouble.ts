import type { PodRecord, Termination } from "../cluster/decode-pod.ts";
import type { PodFacts } from "../cluster/workload-book.ts";
import type { Departure } from "./surroundings.ts";

/** A container that ended longer ago has nothing to do with what is now. */
const CRASH_RECENT_MS = 10 * 60_000;

/** Whole Pods that the kubelet has given up, before anyone deleted them. */
const EVICTED_PODS: ReadonlySet<string> = new Set([
  "Evicted",
  "Preempting",
  "NodeShutdown",
  "Shutdown",
  "Terminated",
]);

/** A Pod that ended before anyone asked for its deletion. */
export function failed({ pod }: PodFacts): Departure | undefined {
  // A Pod that is being deleted ends as Failed or Succeeded too.
  const alive = pod.alive;
  if (alive?.phase !== "Failed") return undefined;
  const { reason, termination } = alive;
  if (reason === "NodeLost") return { reason: "nodeLost", evidence: `the Pod has failed: ${reason}` };
  if (reason !== undefined && EVICTED_PODS.has(reason)) {
    return { reason: "evicted", evidence: `the Pod was ended by its node: ${reason}` };
  }
  // Not taken from DisruptionTarget where the kubelet gives a reason of its own.
  const disruption = alive.disruption === undefined ? undefined : disruptionVerdict(alive.disruption, alive);
  if (disruption !== undefined) return disruption;
  const what = termination === undefined ? (reason ?? "no container tells how") : endOf(termination);
  return { reason: "crashed", evidence: `the Pod has failed: ${what}` };
}

/**
 * A Pod on its way out that says who sends it. The condition is set before the deletion: on a Pod that stays, the deletion was refused.
 */
export function disrupted({ pod }: PodFacts): Departure | undefined {
  const { record, alive } = pod;
  const disruption = record.disruption ?? alive?.disruption;
  if (disruption !== undefined) return disruptionVerdict(disruption, alive ?? record);
  if (record.reason === "NodeLost") return { reason: "nodeLost", evidence: "the Pod's status: NodeLost" };
  return undefined;
}

// https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions
function disruptionVerdict(disruption: string, alive: PodRecord): Departure | undefined {
  const node = alive.node ?? "its node";
  switch (disruption) {
    case "EvictionByEvictionAPI":
      return { reason: "evicted", evidence: "evicted through the eviction API, as a drain does" };
    case "PreemptionByScheduler":
    case "PreemptionByKubeScheduler":
      return { reason: "evicted", evidence: "preempted by a Pod of higher priority" };
    case "TerminationByKubelet":
      return { reason: "evicted", evidence: `ended by the kubelet of ${node}: pressure, or a shutdown` };
    case "DeletionByPodGC":
      return { reason: "nodeLost", evidence: `${node} does not exist any more` };
    case "DeletionByTaintManager":
      return alive.isNodeSilent
        ? { reason: "nodeLost", evidence: `deleted after ${node} had fallen silent` }
        : { reason: "evicted", evidence: `deleted by a NoExecute taint of ${node}` };
    default:
      return undefined;
  }
}

/** A Pod whose node has not been heard for too long: nobody knows how it is. */
export function silentNode({ pod }: PodFacts): Departure | undefined {
  const last = pod.alive ?? pod.record;
  if (!last.isNodeSilent) return undefined;
  return {
    reason: "nodeLost",
    evidence: `${last.node ?? "its node"} is silent: only the node controller says that the Pod is not ready`,
  };
}

/** A container that ends badly and has not been ready since. */
export function crashing(pod: PodRecord | undefined, atMs: number): Departure | undefined {
  if (pod === undefined || pod.ready) return undefined;
  const { termination, waiting, restarts } = pod;
  const isRecent = termination?.atMs !== undefined && atMs - termination.atMs < CRASH_RECENT_MS;
  if (waiting !== "CrashLoopBackOff" && !(isRecent && termination.exitCode !== 0)) return undefined;
  const how = termination === undefined ? "a container is restarted again and again" : endOf(termination);
  return { reason: "crashed", evidence: `${how}, ${restarts} ${restarts === 1 ? "restart" : "restarts"}` };
}

function endOf({ container, exitCode, reason }: Termination): string {
  const why = reason === undefined || reason === "Error" ? "" : ` (${reason})`;
  return `container ${container} ended with exit code ${exitCode}${why}`;
}
