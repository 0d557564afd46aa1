import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeNamespace } from "../../src/cluster/decode-namespace.ts";
import { decodePod } from "../../src/cluster/decode-pod.ts";
import { decodeRecord } from "../../src/cluster/decode-record.ts";
import { decodeDeployment, decodeReplicaSet, decodeStatefulSet } from "../../src/cluster/decode-workload.ts";
import {
  conditions,
  deployment,
  disruption,
  namespace,
  pod,
  recordedSteps,
  replicaSet,
  statefulSet,
} from "../support/workloads.ts";

describe("a Pod's record", () => {
  test("keeps what tells why it leaves, and nothing else", () => {
    const read = decodePod(
      pod(
        "db-1",
        "StatefulSet/db",
        { uid: "u1", labels: { app: "db", "controller-revision-hash": "db-7f" } },
        {
          reason: "Evicted",
          phase: "Failed",
          conditions: [
            ...conditions({ Ready: "PodFailed", ContainersReady: "PodFailed" }),
            disruption("TerminationByKubelet"),
          ],
          containerStatuses: [
            { name: "app", restartCount: 2, state: { waiting: { reason: "CrashLoopBackOff" } } },
          ],
        },
      ),
    );
    expect(read).toEqual({
      kind: "Pod",
      key: "data/db-1",
      namespace: "data",
      name: "db-1",
      uid: "u1",
      phase: "Failed",
      reason: "Evicted",
      deletedAtMs: undefined,
      node: "node-1",
      owner: { kind: "StatefulSet", name: "db", uid: "db-uid" },
      ready: false,
      isNodeSilent: false,
      disruption: "TerminationByKubelet",
      restarts: 2,
      termination: undefined,
      waiting: "CrashLoopBackOff",
      revision: "db-7f",
    });
  });

  test("tells when its deletion was asked for, not when its grace ends", () => {
    const at = (seconds: number | undefined) =>
      decodePod(
        pod("a", undefined, {
          deletionTimestamp: "2026-01-01T00:00:30Z",
          deletionGracePeriodSeconds: seconds,
        }),
      )?.deletedAtMs;
    expect(at(30)).toBe(Date.UTC(2026, 0, 1));
    expect(at(0)).toBe(Date.UTC(2026, 0, 1, 0, 0, 30));
    expect(at(undefined)).toBe(Date.UTC(2026, 0, 1, 0, 0, 30));
  });

  test.each([
    [{ Ready: true, ContainersReady: true }, false],
    [{ Ready: false, ContainersReady: true }, true],
    [{ Ready: "ReadinessGatesNotReady", ContainersReady: true }, false],
    [{ Ready: "ContainersNotReady", ContainersReady: "ContainersNotReady" }, false],
    [{ Ready: false, ContainersReady: false }, false],
    [{}, false],
  ])("with conditions %j tells that its node is silent: %j", (said, silent) => {
    expect(decodePod(pod("a", undefined, {}, { conditions: conditions(said) }))?.isNodeSilent).toBe(silent);
  });

  test("does not count a DisruptionTarget condition that is False", () => {
    const off = { ...disruption("EvictionByEvictionAPI"), status: "False" };
    expect(decodePod(pod("a", undefined, {}, { conditions: [off] }))?.disruption).toBeUndefined();
  });

  test("has the latest end of all containers, the sum of their restarts, and its template's hash", () => {
    const ended = (exitCode: number, finishedAt: string, reason = "Error") => ({
      terminated: { exitCode, reason, finishedAt },
    });
    const read = decodePod(
      pod(
        "a",
        "ReplicaSet/web-1",
        { labels: { "pod-template-hash": "76cc" } },
        {
          containerStatuses: [
            {
              name: "app",
              restartCount: 3,
              lastState: ended(1, "2026-01-01T00:00:01Z"),
              state: { running: {} },
            },
            {
              name: "proxy",
              restartCount: 1,
              lastState: ended(0, "2026-01-01T00:00:02Z"),
              state: ended(137, "2026-01-01T00:00:09Z", "OOMKilled"),
            },
          ],
        },
      ),
    );
    expect(read).toMatchObject({
      restarts: 4,
      revision: "76cc",
      waiting: undefined,
      termination: {
        container: "proxy",
        exitCode: 137,
        reason: "OOMKilled",
        atMs: Date.UTC(2026, 0, 1, 0, 0, 9),
      },
    });
  });

  test("has for owner the one that manages it", () => {
    const owners = [
      { kind: "Node", name: "n", uid: "1" },
      { kind: "DaemonSet", name: "d", uid: "2", controller: true },
    ];
    expect(decodePod(pod("a", undefined, { ownerReferences: owners }))?.owner).toEqual({
      kind: "DaemonSet",
      name: "d",
      uid: "2",
    });
    expect(decodePod(pod("a", undefined))?.owner).toBeUndefined();
  });
});

describe("a workload's record", () => {
  test("of a StatefulSet", () => {
    const spec = {
      ordinals: { start: 3 },
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 2 } },
    };
    expect(
      decodeStatefulSet(
        statefulSet("db", 5, spec, { updatedReplicas: 1, readyReplicas: 4, updateRevision: "b" }),
      ),
    ).toEqual({
      kind: "StatefulSet",
      key: "data/db",
      namespace: "data",
      name: "db",
      uid: "db-uid",
      desired: 5,
      ready: 4,
      isDeleted: false,
      generation: 1,
      observedGeneration: 1,
      startOrdinal: 3,
      currentRevision: "a",
      updateRevision: "b",
      updated: 1,
      updatesOnDelete: false,
      partition: 2,
    });
    expect(decodeStatefulSet(statefulSet("db", 1, { updateStrategy: { type: "OnDelete" } }))).toMatchObject({
      startOrdinal: 0,
      partition: 0,
      updatesOnDelete: true,
    });
  });

  test("of a Deployment and its ReplicaSets", () => {
    expect(decodeDeployment(deployment("web", 4, 7))).toMatchObject({
      key: "data/web",
      desired: 4,
      total: 4,
      updated: 4,
      revision: 7,
      progressing: "NewReplicaSetAvailable",
    });
    expect(decodeReplicaSet(replicaSet("web-a", 4, "web", 6))).toMatchObject({
      desired: 4,
      deployment: "web",
      revision: 6,
    });
    expect(decodeReplicaSet(replicaSet("bare", 1))?.deployment).toBeUndefined();
    expect(decodeDeployment(deployment("web", 1, 1, {}, { annotations: {} }))?.revision).toBeUndefined();
    expect(decodeDeployment(deployment("web", 0))?.desired).toBe(0);
  });

  test("tells that it is being deleted", () => {
    expect(
      decodeDeployment(deployment("web", 1, 1, {}, { deletionTimestamp: "2026-01-01T00:00:00Z" }))?.isDeleted,
    ).toBe(true);
  });
});

test("a Namespace's record has its labels", () => {
  expect(decodeNamespace(namespace("data", { team: "a" }))).toMatchObject({
    key: "data",
    namespace: undefined,
    labels: { team: "a" },
  });
  expect(decodeNamespace({ metadata: { name: "bare" } })?.labels).toEqual({});
});

test("real objects are read whole", () => {
  const objects = recordedSteps("rollout").flatMap(({ event }) =>
    event.kind === "changed" ? [event.object] : [],
  );
  const pods = objects.filter((object) => object.kind === "Pod");
  expect(new Set(pods.map(({ owner }) => owner?.kind))).toEqual(new Set(["StatefulSet", "ReplicaSet"]));
  expect(pods.every(({ uid, revision }) => uid !== undefined && revision !== undefined)).toBe(true);
  const sets = objects.filter((object) => object.kind === "ReplicaSet");
  expect(new Set(sets.map(({ deployment, revision }) => `${deployment} ${revision}`))).toEqual(
    new Set(["web 1", "web 2"]),
  );
});

test("whatever an object holds, reading it gives a record or nothing", () => {
  const real = [
    pod("a", "StatefulSet/db"),
    statefulSet("db", 3),
    deployment("web", 1),
    replicaSet("w", 1),
    namespace("n"),
  ];
  const fields = ["metadata", "spec", "status"] as const;
  fc.assert(
    fc.property(
      fc.constantFrom(...real),
      fc.constantFrom(...fields),
      fc.string(),
      fc.jsonValue(),
      (object, field, key, value) => {
        const part = object[field] as object;
        const names = [...Object.keys(part), key];
        for (const name of names) {
          const broken = { ...object, [field]: { ...part, [name]: value } };
          expect(() => decodeRecord(object.kind as "Pod", broken)).not.toThrow();
        }
        expect(() => decodeRecord(object.kind as "Pod", { ...object, [field]: value })).not.toThrow();
      },
    ),
  );
  expect(decodeRecord("Pod", null)).toBeUndefined();
});
