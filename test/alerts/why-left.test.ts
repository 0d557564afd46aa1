import { describe, expect, test } from "vitest";
import { whyLeft } from "../../src/alerts/why-left.ts";
import { WorkloadBook } from "../../src/cluster/workload-book.ts";
import type { Member } from "../../src/ring/ring.ts";
import type { ApiObject } from "../../src/simulator/resources.ts";
import { BookStage } from "../support/book-stage.ts";
import {
  conditions,
  deployment,
  disruption,
  type Meta,
  pod,
  recordedSteps,
  replicaSet,
  statefulSet,
} from "../support/workloads.ts";

const MINUTE = 60_000;

function member(key: string, more: Partial<Member> = {}): Member {
  return {
    key,
    name: key.slice(key.indexOf("/") + 1),
    uid: undefined,
    addresses: ["10.0.0.1"],
    zone: undefined,
    node: undefined,
    ready: true,
    serving: true,
    terminating: false,
    ...more,
  };
}

/** `reason: evidence` for a member that left. */
function why(stage: BookStage, name: string, uid: string | undefined, listed?: Partial<Member>): string {
  const key = `data/${name}`;
  const facts = {
    listed: listed && member(key, listed),
    pod: stage.book.podFacts(key, uid),
    namedSet: stage.book.namedSet(key),
  };
  const { reason, evidence } = whyLeft(member(key, { uid }), facts, stage.nowMs);
  return `${reason}: ${evidence}`;
}

const LEAVES: Meta = { deletionTimestamp: "2026-01-01T00:00:30Z", deletionGracePeriodSeconds: 30 };
const SILENT = { conditions: conditions({ Ready: false, ContainersReady: true }) };
const UNREADY = {
  conditions: conditions({ Ready: "ContainersNotReady", ContainersReady: "ContainersNotReady" }),
};

/** A Pod of a StatefulSet of revision `a`. */
function dbPod(ordinal: number, meta: Meta = {}, status: object = {}): ApiObject {
  return pod(
    `db-${ordinal}`,
    "StatefulSet/db",
    { labels: { "controller-revision-hash": "a" }, ...meta },
    status,
  );
}

/** A Pod of `db` that lived, is deleted, and is gone. */
function deleteDb(stage: BookStage, ordinal: number, status: object = {}): void {
  stage.put(dbPod(ordinal, {}, status));
  stage.put(dbPod(ordinal, LEAVES, status));
  stage.remove(dbPod(ordinal, LEAVES, { phase: "Succeeded" }));
}

describe("a Pod whose StatefulSet does not want its ordinal", () => {
  test.each([
    [3, {}, 2, "deleted: the Pod was deleted"],
    [3, {}, 3, "scaledDown: ordinal 3 of a StatefulSet with 3 desired replicas"],
    [1, {}, 1, "scaledDown: ordinal 1 of a StatefulSet with 1 desired replica"],
    [0, {}, 0, "scaledDown: ordinal 0 of a StatefulSet with 0 desired replicas"],
    [3, { ordinals: { start: 5 } }, 7, "deleted: the Pod was deleted"],
    [
      3,
      { ordinals: { start: 5 } },
      8,
      "scaledDown: ordinal 8 of a StatefulSet with 3 desired replicas from ordinal 5",
    ],
    [3, { ordinals: { start: 5 } }, 5, "deleted: the Pod was deleted"],
    [
      3,
      { ordinals: { start: 5 } },
      4,
      "scaledDown: ordinal 4 of a StatefulSet with 3 desired replicas from ordinal 5",
    ],
  ])("of %j desired replicas %j, ordinal %j: %s", (desired, spec, ordinal, expected) => {
    const stage = new BookStage();
    stage.put(statefulSet("db", desired, spec));
    deleteDb(stage, ordinal);
    expect(why(stage, `db-${ordinal}`, `db-${ordinal}-uid`)).toBe(expected);
  });

  test("was scaled down whatever else has happened to it", () => {
    const stage = new BookStage();
    stage.put(statefulSet("db", 1, {}, { updateRevision: "b" }));
    deleteDb(stage, 2, { conditions: [disruption("EvictionByEvictionAPI")] });
    expect(why(stage, "db-2", "db-2-uid")).toMatch(/^scaledDown/);
  });

  test("is known by its name alone when it left before anyone watched", () => {
    const stage = new BookStage();
    stage.put(statefulSet("db", 3), statefulSet("db-1", 3));
    expect(why(stage, "db-3", "x")).toBe("scaledDown: ordinal 3 of a StatefulSet with 3 desired replicas");
    expect(why(stage, "db-2", "x")).toBe("unknown: no Pod of this member is known");
    expect(why(stage, "db", "x")).toBe("unknown: no Pod of this member is known");
    expect(why(stage, "db-1-3", "x")).toMatch(/^scaledDown/);
    stage.put(statefulSet("db", 3, {}, {}, { deletionTimestamp: "2026-01-01T00:00:00Z" }));
    expect(why(stage, "db-3", "x")).toMatch(/^unknown/);
  });

  test("goes with its StatefulSet when that is deleted, also above the last that was wanted", () => {
    const stage = new BookStage();
    stage.put(statefulSet("db", 1));
    stage.put(dbPod(2), dbPod(2, LEAVES));
    stage.remove(statefulSet("db", 1));
    expect(why(stage, "db-2", "db-2-uid")).toBe("deleted: StatefulSet db was deleted");
  });

  test("is none of a Deployment, though its name ends with digits", () => {
    const stage = new BookStage();
    stage.put(statefulSet("db", 3), deployment("db", 3), replicaSet("db-7", 3, "db"));
    stage.put(pod("db-7-12345", "ReplicaSet/db-7", LEAVES));
    expect(why(stage, "db-7-12345", undefined)).toBe("deleted: the Pod was deleted");
  });
});

describe("a Pod that was sent away", () => {
  test.each([
    ["EvictionByEvictionAPI", {}, "evicted: evicted through the eviction API, as a drain does"],
    ["PreemptionByScheduler", {}, "evicted: preempted by a Pod of higher priority"],
    ["TerminationByKubelet", {}, "evicted: ended by the kubelet of node-1: pressure, or a shutdown"],
    ["DeletionByPodGC", {}, "nodeLost: node-1 does not exist any more"],
    ["DeletionByTaintManager", {}, "evicted: deleted by a NoExecute taint of node-1"],
    ["DeletionByTaintManager", SILENT, "nodeLost: deleted after node-1 had fallen silent"],
    ["OfAFutureSort", {}, "deleted: the Pod was deleted"],
  ])("by %s %j: %s", (reason, status: { conditions?: object[] }, expected) => {
    const stage = new BookStage();
    stage.put(statefulSet("db", 3));
    deleteDb(stage, 1, { conditions: [...(status.conditions ?? []), disruption(reason)] });
    expect(why(stage, "db-1", "db-1-uid")).toBe(expected);
  });

  test("stays where the deletion was refused, and may be unready for a reason of its own", () => {
    const stage = new BookStage();
    const refused = [...conditions({ Ready: "ContainersNotReady" }), disruption("EvictionByEvictionAPI")];
    stage.put(statefulSet("db", 3), dbPod(1, {}, { conditions: refused }));
    expect(why(stage, "db-1", "db-1-uid")).toBe("unready: the Pod is not ready");
  });

  test.each([
    ["Evicted", "evicted: the Pod was ended by its node: Evicted"],
    ["NodeShutdown", "evicted: the Pod was ended by its node: NodeShutdown"],
    ["Preempting", "evicted: the Pod was ended by its node: Preempting"],
    ["NodeLost", "nodeLost: the Pod has failed: NodeLost"],
    ["UnexpectedAdmissionError", "crashed: the Pod has failed: UnexpectedAdmissionError"],
    [undefined, "crashed: the Pod has failed: no container tells how"],
  ])("as Failed for %s: %s", (reason, expected) => {
    const stage = new BookStage();
    stage.put(statefulSet("db", 3), dbPod(1, {}, { phase: "Failed", reason }));
    expect(why(stage, "db-1", "db-1-uid")).toBe(expected);
    stage.remove(dbPod(1, LEAVES, { phase: "Failed", reason }));
    expect(why(stage, "db-1", "db-1-uid")).toBe(expected);
  });

  test("by its node is not taken for one of a rollout, though its revision is old", () => {
    const stage = new BookStage();
    stage.put(statefulSet("db", 3, {}, { updateRevision: "b" }));
    deleteDb(stage, 1, { conditions: [disruption("EvictionByEvictionAPI")] });
    expect(why(stage, "db-1", "db-1-uid")).toMatch(/^evicted/);
  });
});

describe("a Pod on a silent node", () => {
  const LOST = "nodeLost: node-1 is silent: only the node controller says that the Pod is not ready";

  test("is lost while it is there, while it waits for deletion, and after it", () => {
    const stage = new BookStage();
    stage.put(statefulSet("db", 3), dbPod(1, {}, SILENT));
    expect(why(stage, "db-1", "db-1-uid")).toBe(LOST);
    stage.put(dbPod(1, LEAVES, SILENT));
    expect(why(stage, "db-1", "db-1-uid")).toBe(LOST);
    stage.remove(dbPod(1, LEAVES, { phase: "Succeeded", conditions: conditions({ Ready: "PodCompleted" }) }));
    expect(why(stage, "db-1", "db-1-uid")).toBe(LOST);
  });

  test("is not, when the node was heard again before the deletion", () => {
    const stage = new BookStage();
    stage.put(statefulSet("db", 3), dbPod(1, {}, SILENT));
    deleteDb(stage, 1);
    expect(why(stage, "db-1", "db-1-uid")).toBe("deleted: the Pod was deleted");
  });
});

describe("a Pod of a StatefulSet that is deleted", () => {
  const ROLLOUT = { updateRevision: "b", updatedReplicas: 0 };

  test("during a rollout leaves for it, if its revision is not the new one", () => {
    const stage = new BookStage();
    stage.put(statefulSet("db", 3, {}, ROLLOUT));
    deleteDb(stage, 2);
    expect(why(stage, "db-2", "db-2-uid")).toBe(
      "rollout: revision a of db-2 is not b, to which its StatefulSet updates",
    );
  });

  test("during a rollout was deleted by someone, if its revision is the new one", () => {
    const stage = new BookStage();
    stage.put(statefulSet("db", 3, {}, ROLLOUT));
    const labels = { "controller-revision-hash": "b" };
    stage.put(dbPod(2, { labels }));
    stage.remove(dbPod(2, { ...LEAVES, labels }));
    expect(why(stage, "db-2", "db-2-uid")).toBe("deleted: the Pod was deleted");
  });

  test("is judged by what took its place", () => {
    const stage = new BookStage();
    stage.put(statefulSet("db", 3, {}, ROLLOUT));
    deleteDb(stage, 2);
    stage.put(dbPod(2, { uid: "new", labels: { "controller-revision-hash": "b" } }, UNREADY));
    expect(why(stage, "db-2", "db-2-uid")).toBe("rollout: db-2 is back with revision b, was a");
    stage.put(dbPod(2, { uid: "newer" }, UNREADY));
    expect(why(stage, "db-2", "db-2-uid")).toBe("deleted: the Pod was deleted and made anew");
  });

  test.each([
    [0, {}, "rollout"],
    [2, {}, "deleted"],
    [1, {}, "rollout"],
    [2, { ordinals: { start: 1 } }, "deleted"],
    [1, { ordinals: { start: 1 } }, "deleted"],
    [0, { ordinals: { start: 1 } }, "rollout"],
  ])("below a partition of %j %j: db-1: %s", (partition, spec, expected) => {
    const stage = new BookStage();
    stage.put(statefulSet("db", 3, { updateStrategy: { rollingUpdate: { partition } }, ...spec }, ROLLOUT));
    deleteDb(stage, 1);
    expect(why(stage, "db-1", "db-1-uid").split(":")[0]).toBe(expected);
  });

  test("goes for a reason not known yet while the controller has not said what it makes of a change", () => {
    const stage = new BookStage();
    stage.put(statefulSet("db", 3, {}, {}, { generation: 2 }));
    deleteDb(stage, 2);
    expect(why(stage, "db-2", "db-2-uid")).toBe("unknown: StatefulSet db has just been changed");
    stage.put(statefulSet("db", 3, {}, { ...ROLLOUT, observedGeneration: 2 }, { generation: 2 }));
    expect(why(stage, "db-2", "db-2-uid")).toMatch(/^rollout/);
  });

  test("was deleted whatever the controller makes of a change, if it is back with its revision", () => {
    const stage = new BookStage();
    stage.put(statefulSet("db", 3, {}, {}, { generation: 2 }));
    deleteDb(stage, 2);
    stage.put(dbPod(2, { uid: "new" }, UNREADY));
    expect(why(stage, "db-2", "db-2-uid")).toBe("deleted: the Pod was deleted and made anew");
  });

  test("goes with it when that is deleted, or another one of the same name took its place", () => {
    const stage = new BookStage();
    stage.put(statefulSet("db", 3), dbPod(2), dbPod(2, LEAVES));
    stage.remove(statefulSet("db", 3));
    expect(why(stage, "db-2", "db-2-uid")).toBe("deleted: StatefulSet db was deleted");
    stage.put(statefulSet("db", 1, {}, {}, { uid: "other" }));
    expect(why(stage, "db-2", "db-2-uid")).toBe("deleted: StatefulSet db was deleted");
  });

  test("whose container kept crashing, crashed; one that is still ready did not", () => {
    const stage = new BookStage();
    stage.put(statefulSet("db", 3));
    const state = { waiting: { reason: "CrashLoopBackOff" } };
    const lastState = {
      terminated: { exitCode: 137, reason: "OOMKilled", finishedAt: new Date(stage.nowMs).toISOString() },
    };
    const containerStatuses = [{ name: "app", restartCount: 4, state, lastState }];
    deleteDb(stage, 1, { ...UNREADY, containerStatuses });
    expect(why(stage, "db-1", "db-1-uid")).toBe(
      "crashed: container app ended with exit code 137 (OOMKilled), 4 restarts",
    );
    deleteDb(stage, 2, { containerStatuses });
    expect(why(stage, "db-2", "db-2-uid")).toBe("deleted: the Pod was deleted");
  });

  test("and is Failed only then, did not crash: so ends who does not heed its signal", () => {
    const stage = new BookStage();
    stage.put(statefulSet("db", 3), dbPod(1), dbPod(1, LEAVES));
    const killed = {
      terminated: { exitCode: 137, reason: "Error", finishedAt: new Date(stage.nowMs).toISOString() },
    };
    const status = { ...UNREADY, phase: "Failed", containerStatuses: [{ name: "app", state: killed }] };
    stage.put(dbPod(1, LEAVES, status));
    expect(why(stage, "db-1", "db-1-uid")).toBe("deleted: the Pod was deleted");
    stage.remove(dbPod(1, LEAVES, status));
    expect(why(stage, "db-1", "db-1-uid")).toBe("deleted: the Pod was deleted");
  });

  test("that was gone at once is said to be gone", () => {
    const stage = new BookStage();
    stage.put(statefulSet("db", 3), dbPod(1));
    stage.remove(dbPod(1));
    expect(why(stage, "db-1", "db-1-uid")).toBe("deleted: the Pod is gone");
  });
});

describe("a Pod of a Deployment that is deleted", () => {
  const webPod = (meta: Meta = {}): ApiObject => pod("web-a-x", "ReplicaSet/web-a", meta);
  function leave(stage: BookStage): void {
    stage.put(webPod());
    stage.put(webPod(LEAVES));
    stage.remove(webPod(LEAVES));
  }

  test("leaves for a rollout if its ReplicaSet is of an older revision", () => {
    const stage = new BookStage();
    stage.put(deployment("web", 4, 7), replicaSet("web-a", 4, "web", 7));
    leave(stage);
    expect(why(stage, "web-a-x", undefined)).toBe("deleted: the Pod was deleted");
    stage.put(deployment("web", 4, 8));
    expect(why(stage, "web-a-x", undefined)).toBe(
      "rollout: its ReplicaSet is of revision 7, Deployment web of 8",
    );
  });

  test("leaves for a rollout also if the Deployment became smaller meanwhile, but not if it wants none", () => {
    const stage = new BookStage();
    stage.put(deployment("web", 4, 8), replicaSet("web-a", 4, "web", 7), deployment("web", 2, 8));
    leave(stage);
    expect(why(stage, "web-a-x", undefined)).toMatch(/^rollout/);
    stage.put(deployment("web", 0, 8));
    expect(why(stage, "web-a-x", undefined)).toBe("scaledDown: Deployment web has 0 desired replicas");
  });

  test.each([
    [0, "scaledDown"],
    [2 * MINUTE, "scaledDown"],
    [2 * MINUTE + 1, "deleted"],
    [-MINUTE / 2, "scaledDown"],
    [-MINUTE / 2 - 1, "deleted"],
  ])("%j ms after the desired replicas fell: %s", (ms, expected) => {
    const stage = new BookStage();
    const fall = (): unknown => stage.put(deployment("web", 2));
    stage.put(deployment("web", 4), replicaSet("web-a", 4, "web"));
    stage.put(webPod());
    if (ms >= 0) fall();
    stage.pass(Math.abs(ms));
    if (ms >= 0) leave(stage);
    else {
      stage.pass(ms);
      leave(stage);
      stage.pass(-ms);
      fall();
    }
    expect(why(stage, "web-a-x", undefined).split(":")[0]).toBe(expected);
  });

  test("left for the first of two falls as well as for the second", () => {
    const stage = new BookStage();
    stage.put(deployment("web", 4), replicaSet("web-a", 4, "web"));
    stage.put(deployment("web", 3));
    leave(stage);
    stage.pass(MINUTE);
    stage.put(deployment("web", 1));
    expect(why(stage, "web-a-x", undefined)).toBe(
      "scaledDown: Deployment web went from 4 to 3 desired replicas",
    );
  });

  test("did not leave for what its ReplicaSet alone was told", () => {
    const stage = new BookStage();
    stage.put(deployment("web", 4), replicaSet("web-a", 4, "web"), replicaSet("web-a", 3, "web"));
    leave(stage);
    expect(why(stage, "web-a-x", undefined)).toBe("deleted: the Pod was deleted");
  });

  test("of a ReplicaSet made by hand leaves when that becomes smaller", () => {
    const stage = new BookStage();
    stage.put(replicaSet("web-a", 4), replicaSet("web-a", 3));
    leave(stage);
    expect(why(stage, "web-a-x", undefined)).toBe(
      "scaledDown: ReplicaSet web-a went from 4 to 3 desired replicas",
    );
  });

  test("goes with it when that is deleted", () => {
    const stage = new BookStage();
    stage.put(deployment("web", 4), replicaSet("web-a", 4, "web"));
    leave(stage);
    stage.remove(deployment("web", 4));
    expect(why(stage, "web-a-x", undefined)).toBe("deleted: Deployment web was deleted");
  });
});

describe("a Pod that is still there", () => {
  const ended = (atMs: number, exitCode = 1) => ({
    ...UNREADY,
    containerStatuses: [
      {
        name: "app",
        restartCount: 1,
        lastState: { terminated: { exitCode, reason: "Error", finishedAt: new Date(atMs).toISOString() } },
      },
    ],
  });

  test.each<[string, object, Partial<Member> | undefined, string]>([
    ["is not ready", UNREADY, undefined, "unready: the Pod is not ready"],
    [
      "waits",
      { ...UNREADY, containerStatuses: [{ state: { waiting: { reason: "ImagePullBackOff" } } }] },
      undefined,
      "unready: the Pod is not ready: ImagePullBackOff",
    ],
    [
      "has succeeded",
      { ...UNREADY, phase: "Succeeded" },
      undefined,
      "unready: the Pod has ended with success",
    ],
    ["is ready", {}, undefined, "unknown: the Pod is ready: the Service may select others now"],
    ["is ready, as far as it is known", {}, { serving: false }, "unready: the Pod is not ready"],
    [
      "is not known to leave",
      {},
      { terminating: true },
      "unknown: it is terminating, and its Pod does not tell why",
    ],
    [
      "loops",
      {
        ...UNREADY,
        containerStatuses: [{ restartCount: 9, state: { waiting: { reason: "CrashLoopBackOff" } } }],
      },
      undefined,
      "crashed: a container is restarted again and again, 9 restarts",
    ],
    [
      "crashed just now",
      ended(1_000_000),
      undefined,
      "crashed: container app ended with exit code 1, 1 restart",
    ],
    [
      "crashed nearly ten minutes ago",
      ended(1_000_000 - 10 * MINUTE + 1),
      undefined,
      "crashed: container app ended with exit code 1, 1 restart",
    ],
    ["crashed ten minutes ago", ended(1_000_000 - 10 * MINUTE), undefined, "unready: the Pod is not ready"],
    ["was restarted in peace", ended(1_000_000, 0), undefined, "unready: the Pod is not ready"],
  ])("and %s", (_, status, listed, expected) => {
    const stage = new BookStage();
    stage.put(statefulSet("db", 3), dbPod(1, {}, status));
    expect(why(stage, "db-1", "db-1-uid", listed)).toBe(expected);
  });

  test("is not unready for being of an old revision", () => {
    const stage = new BookStage();
    stage.put(statefulSet("db", 3, {}, { updateRevision: "b" }), dbPod(1, {}, UNREADY));
    expect(why(stage, "db-1", "db-1-uid")).toBe("unready: the Pod is not ready");
  });
});

test.each([
  [undefined, "unknown: no Pod of this member is known"],
  [{ serving: false, ready: false }, "unready: it is listed as not serving"],
  [{ terminating: true, ready: false }, "unknown: it is terminating, and its Pod does not tell why"],
])("a member without a known Pod, listed as %j: %s", (listed, expected) => {
  expect(why(new BookStage(), "db-1", "x", listed)).toBe(expected);
});

describe("in what a real control plane said", () => {
  /** Who left, by all Pods that the story shows going, and why in the end. */
  function departures(name: string): Record<string, string> {
    const book = new WorkloadBook();
    const gone = new Map<string, string>();
    let nowMs = Date.UTC(2026, 10, 22);
    for (const { scope, event } of recordedSteps(name)) {
      book.apply(scope, event, (nowMs += 10));
      if (event.kind === "deleted" && event.last.kind === "Pod")
        gone.set(`${event.key} ${event.last.uid}`, event.key);
    }
    const entries = [...gone].map(([id, key]) => {
      const facts = {
        listed: undefined,
        pod: book.podFacts(key, id.split(" ")[1]),
        namedSet: book.namedSet(key),
      };
      return [key.slice(4), whyLeft(member(key), facts, nowMs).reason];
    });
    return Object.fromEntries(entries) as Record<string, string>;
  }

  test.each<[string, Record<string, string>]>([
    [
      "scale-down",
      {
        "db-4": "scaledDown",
        "db-3": "scaledDown",
        "web-76cccb9899-6k52r": "scaledDown",
        "web-76cccb9899-wdcjt": "scaledDown",
      },
    ],
    [
      "rollout",
      {
        "db-0": "rollout",
        "db-1": "rollout",
        "db-2": "rollout",
        "web-76cccb9899-slkh9": "rollout",
        "web-76cccb9899-kgmhq": "rollout",
      },
    ],
    ["deleted", { "db-1": "deleted", "web-7c9d55596-m7w8s": "deleted" }],
    ["pod-failed", { "db-0": "crashed" }],
    ["node-lost", { "db-1": "nodeLost", "web-7c9d55596-xtbnp": "nodeLost" }],
    ["not-ready", {}],
    [
      "workload-deleted",
      {
        "db-0": "deleted",
        "db-1": "deleted",
        "db-2": "deleted",
        "web-7c9d55596-jsqf2": "deleted",
        "web-7c9d55596-qmnqc": "deleted",
      },
    ],
  ])("%s: %j", (name, expected) => {
    expect(departures(name)).toEqual(expected);
  });

  test("a readiness probe that fails makes a Pod unready, and a silent node makes it lost, before either is over", () => {
    const reasons = (name: string, key: string): string[] => {
      const book = new WorkloadBook();
      return recordedSteps(name).map(({ scope, event }, index) => {
        book.apply(scope, event, index);
        const facts = { listed: undefined, pod: book.podFacts(key, undefined), namedSet: undefined };
        return whyLeft(member(key), facts, index).reason;
      });
    };
    expect(reasons("not-ready", "lab/db-2")).toContain("unready");
    expect(reasons("not-ready", "lab/db-2").at(-1)).toBe("unknown");
    expect(
      reasons("node-lost", "lab/db-1").filter((reason, index, all) => reason !== all[index - 1]),
    ).toEqual(["unknown", "nodeLost", "unready", "unknown"]);
  });

  test("the first Pod of a rollout is never taken for one that was deleted or scaled down", () => {
    const book = new WorkloadBook();
    const reasons = new Set<string>();
    let uid: string | undefined;
    for (const [index, { scope, event }] of recordedSteps("rollout").entries()) {
      book.apply(scope, event, index);
      uid ??= book.podFacts("lab/db-2", undefined)?.pod.record.uid;
      const facts = { listed: undefined, pod: book.podFacts("lab/db-2", uid), namedSet: undefined };
      reasons.add(whyLeft(member("lab/db-2"), facts, index).reason);
    }
    expect(reasons).toEqual(new Set(["unknown", "rollout"]));
  });
});
