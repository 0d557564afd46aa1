import type { PodRecord } from "../cluster/decode-pod.ts";
import type { DeploymentRecord, StatefulSetRecord } from "../cluster/decode-workload.ts";
import type { Known } from "../cluster/recent-shelf.ts";
import type { PodFacts, PodOwner } from "../cluster/workload-book.ts";
import type { Member } from "../ring/ring.ts";
import { crashing, disrupted, failed, silentNode } from "./pod-trouble.ts";
import type { Departure } from "./surroundings.ts";

/** What can be known of a member that left. */
export interface LeaveFacts {
  /** The member as its ring lists it now, when it still does: not counted any more, because it does not serve or is terminating. */
  readonly listed: Member | undefined;
  /** Of the Pod with the member's uid; undefined where Pods are not watched, or it is none. */
  readonly pod: PodFacts | undefined;
  /** The StatefulSet that there is for a Pod of this name, be the Pod known or not. */
  readonly namedSet: StatefulSetRecord | undefined;
}

/** A Pod that is gone, or about to go, and what of it is known. */
interface Leaving {
  readonly pod: Known<PodRecord>;
  readonly successor: PodRecord | undefined;
  readonly owner: PodOwner | undefined;
}

/** A scale-down and the deletion that comes of it are heard from different watches, in any order … */
const HEARD_EARLIER_MS = 30_000;
/** … and a controller takes its time over hundreds of Pods. */
const FALL_WORKS_MS = 120_000;

const TERMINATING = "it is terminating, and its Pod does not tell why";

/**
 * Says why a member left its ring. `member`: as it was counted last. The order of the questions, and what cannot be told apart, is in
 * docs/decisions/0004-why-a-member-left.md. The answer may change while more is heard: ask again when the change is told.
 */
export function whyLeft(member: Member, facts: LeaveFacts, nowMs: number): Departure {
  const { listed, pod: known, namedSet } = facts;
  if (known === undefined) return surplusOrdinal(podName(member), namedSet) ?? withoutPod(listed);
  const isLeaving = known.pod.leavingSinceMs !== undefined;
  return (
    surplusOrdinal(known.pod.record.name, ownSet(known.owner)) ??
    failed(known) ??
    (isLeaving ? disrupted(known) : undefined) ??
    silentNode(known) ??
    (isLeaving ? whyDeleted(known, nowMs) : whyAlive(known.pod.record, listed, nowMs))
  );
}

/** A member's key is that of its Pod, if it has one. */
function podName({ key }: Member): string {
  return key.slice(key.indexOf("/") + 1);
}

function ownSet(owner: PodOwner | undefined): StatefulSetRecord | undefined {
  return owner?.kind === "StatefulSet" && !isGoing(owner.set) ? owner.set.record : undefined;
}

function withoutPod(listed: Member | undefined): Departure {
  if (listed?.terminating === true) return { reason: "unknown", evidence: TERMINATING };
  if (listed?.serving === false) return { reason: "unready", evidence: "it is listed as not serving" };
  return { reason: "unknown", evidence: "no Pod of this member is known" };
}

/** Nothing else counts for a name that its StatefulSet does not want: it will not be back. */
function surplusOrdinal(name: string, set: StatefulSetRecord | undefined): Departure | undefined {
  const ordinal = ordinalOf(name);
  if (ordinal === undefined || set === undefined) return undefined;
  const { desired, startOrdinal } = set;
  if (startOrdinal <= ordinal && ordinal < startOrdinal + desired) return undefined;
  const replicas = `${desired} desired ${desired === 1 ? "replica" : "replicas"}`;
  const from = startOrdinal === 0 ? "" : ` from ordinal ${startOrdinal}`;
  return { reason: "scaledDown", evidence: `ordinal ${ordinal} of a StatefulSet with ${replicas}${from}` };
}

function whyDeleted(leaving: Leaving, nowMs: number): Departure {
  return (
    ownerGone(leaving) ??
    scaledToNone(leaving) ??
    rolledOut(leaving) ??
    scaledDown(leaving) ??
    crashing(leaving.pod.alive, leaving.pod.leavingSinceMs ?? nowMs) ??
    deleted(leaving)
  );
}

function ownerGone({ owner }: Leaving): Departure | undefined {
  const set = owner?.kind === "ReplicaSet" ? (owner.deployment ?? owner.set) : owner?.set;
  if (set === undefined || !isGoing(set)) return undefined;
  return { reason: "deleted", evidence: `${set.record.kind} ${set.record.name} was deleted` };
}

function scaledToNone({ owner }: Leaving): Departure | undefined {
  const set = owner?.kind === "ReplicaSet" ? (owner.deployment ?? owner.set) : undefined;
  if (set?.record.desired !== 0) return undefined;
  return { reason: "scaledDown", evidence: `${set.record.kind} ${set.record.name} has 0 desired replicas` };
}

function rolledOut({ pod, successor, owner }: Leaving): Departure | undefined {
  if (owner?.kind === "ReplicaSet") return replacedRevision(owner);
  if (owner?.kind !== "StatefulSet") return undefined;
  const { revision, name } = pod.record;
  const { updateRevision } = owner.set.record;
  if (revision === undefined) return undefined;
  // What took its place is the best witness.
  if (successor !== undefined) {
    if (successor.revision === undefined || successor.revision === revision) return undefined;
    return {
      reason: "rollout",
      evidence: `${name} is back with revision ${successor.revision}, was ${revision}`,
    };
  }
  if (updateRevision === undefined || revision === updateRevision || isHeldBack(name, owner.set.record))
    return undefined;
  return {
    reason: "rollout",
    evidence: `revision ${revision} of ${name} is not ${updateRevision}, to which its StatefulSet updates`,
  };
}

/** https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#partitions */
function isHeldBack(name: string, { partition, startOrdinal }: StatefulSetRecord): boolean {
  return (ordinalOf(name) ?? 0) < startOrdinal + partition;
}

function replacedRevision({
  set,
  deployment,
}: Extract<PodOwner, { kind: "ReplicaSet" }>): Departure | undefined {
  const [had, latest] = [set.record.revision, deployment?.record.revision];
  if (had === undefined || latest === undefined || had >= latest) return undefined;
  return {
    reason: "rollout",
    evidence: `its ReplicaSet is of revision ${had}, Deployment ${nameOf(deployment)} of ${latest}`,
  };
}

function scaledDown({ pod, owner }: Leaving): Departure | undefined {
  if (owner?.kind !== "ReplicaSet") return undefined;
  const leftMs = pod.leavingSinceMs ?? pod.changedAtMs;
  const fall = owner.falls.findLast(
    ({ atMs }) => atMs - HEARD_EARLIER_MS <= leftMs && leftMs <= atMs + FALL_WORKS_MS,
  );
  if (fall === undefined) return undefined;
  const { kind, name } = (owner.deployment ?? owner.set).record;
  return {
    reason: "scaledDown",
    evidence: `${kind} ${name} went from ${fall.from} to ${fall.to} desired replicas`,
  };
}

function deleted({ pod, owner, successor }: Leaving): Departure {
  if (owner?.kind === "StatefulSet" && successor === undefined) {
    const { generation, observedGeneration, name } = owner.set.record;
    // The first Pod of a rollout goes before the status shows the revision that it goes for.
    if (generation > observedGeneration) {
      return { reason: "unknown", evidence: `StatefulSet ${name} has just been changed` };
    }
  }
  const made = successor === undefined ? "" : " and made anew";
  const seen = pod.record.deletedAtMs === undefined ? "the Pod is gone" : "the Pod was deleted";
  return { reason: "deleted", evidence: `${seen}${made}` };
}

function whyAlive(pod: PodRecord, listed: Member | undefined, nowMs: number): Departure {
  const crash = crashing(pod, nowMs);
  if (crash !== undefined) return crash;
  // The slice and the Pod are heard from different watches: one may be ahead.
  if (listed?.terminating === true) return { reason: "unknown", evidence: TERMINATING };
  if (pod.phase === "Succeeded") return { reason: "unready", evidence: "the Pod has ended with success" };
  if (pod.ready && listed?.serving !== false) {
    return { reason: "unknown", evidence: "the Pod is ready: the Service may select others now" };
  }
  const waiting = pod.waiting === undefined ? "" : `: ${pod.waiting}`;
  return { reason: "unready", evidence: `the Pod is not ready${waiting}` };
}

function isGoing({ goneAtMs, record }: Known<{ readonly isDeleted: boolean }>): boolean {
  return goneAtMs !== undefined || record.isDeleted;
}

function nameOf(deployment: Known<DeploymentRecord> | undefined): string {
  return deployment?.record.name ?? "";
}

/** The number that ends a StatefulSet Pod's name. */
function ordinalOf(name: string): number | undefined {
  const ordinal = /-(\d+)$/.exec(name)?.[1];
  return ordinal === undefined ? undefined : Number(ordinal);
}
