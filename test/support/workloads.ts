import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { decodeEvent } from "../../src/cluster/decode-event.ts";
import { ObjectIntake, type ObjectEvent } from "../../src/cluster/object-intake.ts";
import { type ObjectKind, type ObjectScope, planObjects } from "../../src/cluster/object-plan.ts";
import { silentLogger } from "../../src/runtime/logger.ts";
import type { ApiObject } from "../../src/simulator/resources.ts";

const RECORDED = new URL("../fixtures/workloads/", import.meta.url);

/** The scope of all objects of a kind. */
export function scopeOf(kind: ObjectKind): ObjectScope {
  const needs = ["namespaceLabels", "workloads"] as const;
  const plan = planObjects(needs.map((need) => ({ need, namespace: undefined })));
  return plan.find((scope) => scope.kind === kind) as ObjectScope;
}

/** One event of a recorded story, as a reflector would hand it over. */
export interface RecordedStep {
  readonly scope: ObjectScope;
  readonly event: ObjectEvent;
}

/** A recorded story: see test/fixtures/workloads/README.md. */
export function recordedSteps(name: string): RecordedStep[] {
  const lines = gunzipSync(readFileSync(new URL(`${name}.jsonl.gz`, RECORDED)))
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "");
  const intakes = new Map<string, { readonly scope: ObjectScope; readonly intake: ObjectIntake }>();
  return lines.flatMap((line) => {
    const { kind } = (JSON.parse(line) as { object: { kind: ObjectKind } }).object;
    const known = intakes.get(kind) ?? {
      scope: scopeOf(kind),
      intake: new ObjectIntake({ scope: scopeOf(kind), logger: silentLogger }),
    };
    intakes.set(kind, known);
    const change = decodeEvent(Buffer.from(line));
    if (!("object" in change)) throw new Error(`no change: ${line}`);
    const taken = known.intake.take(change);
    return taken.kind === "event" ? { scope: known.scope, event: taken.event } : [];
  });
}

/** Fields of an object's `metadata` that a test says itself. */
export interface Meta {
  readonly uid?: string;
  readonly labels?: Record<string, string>;
  readonly [field: string]: unknown;
}

function object(kind: ObjectKind, name: string, meta: Meta, rest: object): ApiObject {
  const apiVersion = kind === "Pod" || kind === "Namespace" ? "v1" : "apps/v1";
  const place = kind === "Namespace" ? {} : { namespace: "data" };
  return { kind, apiVersion, metadata: { name, ...place, uid: `${name}-uid`, ...meta }, ...rest };
}

/** A Namespace. */
export function namespace(name: string, labels: Record<string, string> = {}): ApiObject {
  return object("Namespace", name, { labels }, { spec: {}, status: { phase: "Active" } });
}

/** A ready Pod of the namespace `data`, owned by `owner` (`StatefulSet/db`). */
export function pod(
  name: string,
  owner: string | undefined,
  meta: Meta = {},
  status: object = {},
): ApiObject {
  const [kind, ownerName] = owner?.split("/") ?? [];
  const ownerReferences =
    owner === undefined ? [] : [{ kind, name: ownerName, uid: `${ownerName}-uid`, controller: true }];
  return object(
    "Pod",
    name,
    { ownerReferences, ...meta },
    {
      spec: { nodeName: "node-1" },
      status: { phase: "Running", conditions: conditions({ Ready: true, ContainersReady: true }), ...status },
    },
  );
}

/** `conditions` of a status: true, false, or false for a reason. */
export function conditions(said: Readonly<Record<string, boolean | string>>): object[] {
  return Object.entries(said).map(([type, value]) => ({
    type,
    status: value === true ? "True" : "False",
    ...(typeof value === "string" ? { reason: value } : {}),
  }));
}

/** A condition `DisruptionTarget`. */
export function disruption(reason: string): object {
  return { type: "DisruptionTarget", status: "True", reason };
}

/** A StatefulSet of the namespace `data` in peace, but for what is said. */
export function statefulSet(
  name: string,
  replicas: number,
  spec: object = {},
  status: object = {},
  meta: Meta = {},
): ApiObject {
  return object(
    "StatefulSet",
    name,
    { generation: 1, ...meta },
    {
      spec: { replicas, ...spec },
      status: {
        observedGeneration: 1,
        replicas,
        readyReplicas: replicas,
        updatedReplicas: replicas,
        currentRevision: "a",
        updateRevision: "a",
        ...status,
      },
    },
  );
}

/** A Deployment of the namespace `data` at its rollout number `revision`. */
export function deployment(
  name: string,
  replicas: number,
  revision = 1,
  status: object = {},
  meta: Meta = {},
): ApiObject {
  const annotations = { "deployment.kubernetes.io/revision": String(revision) };
  return object(
    "Deployment",
    name,
    { generation: 1, annotations, ...meta },
    {
      spec: { replicas },
      status: {
        observedGeneration: 1,
        replicas,
        readyReplicas: replicas,
        updatedReplicas: replicas,
        conditions: [{ type: "Progressing", status: "True", reason: "NewReplicaSetAvailable" }],
        ...status,
      },
    },
  );
}

/** A ReplicaSet of the namespace `data`, owned by a Deployment, if one is named. */
export function replicaSet(name: string, replicas: number, owner?: string, revision = 1): ApiObject {
  const annotations = { "deployment.kubernetes.io/revision": String(revision) };
  const ownerReferences =
    owner === undefined ? [] : [{ kind: "Deployment", name: owner, uid: `${owner}-uid`, controller: true }];
  return object(
    "ReplicaSet",
    name,
    { generation: 1, annotations, ownerReferences },
    {
      spec: { replicas },
      status: { observedGeneration: 1, replicas, readyReplicas: replicas },
    },
  );
}
