import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planObjects } from "../../src/cluster/object-plan.ts";
import { BookStage } from "../support/book-stage.ts";
import { deployment, pod, recordedSteps, replicaSet, scopeOf, statefulSet } from "../support/workloads.ts";
import { WorkloadBook } from "../../src/cluster/workload-book.ts";

const MINUTE = 60_000;
const LEAVES = { deletionTimestamp: "2026-01-01T00:00:30Z", deletionGracePeriodSeconds: 30 };

describe("a Pod", () => {
  test("is known with its owner, up to the Deployment", () => {
    const stage = new BookStage();
    stage.put(
      statefulSet("db", 3),
      deployment("web", 2, 4),
      replicaSet("web-a", 2, "web", 4),
      replicaSet("bare", 1),
    );
    stage.put(
      pod("db-0", "StatefulSet/db"),
      pod("web-a-x", "ReplicaSet/web-a"),
      pod("bare-x", "ReplicaSet/bare"),
      pod("ds-x", "DaemonSet/ds"),
    );
    const owner = (name: string) => stage.book.podFacts(`data/${name}`, undefined)?.owner;
    expect(owner("db-0")).toMatchObject({ kind: "StatefulSet", set: { record: { name: "db" } } });
    expect(owner("web-a-x")).toMatchObject({
      kind: "ReplicaSet",
      deployment: { record: { name: "web", revision: 4 } },
    });
    expect(owner("bare-x")).toMatchObject({
      kind: "ReplicaSet",
      set: { record: { name: "bare" } },
      deployment: undefined,
    });
    expect(owner("ds-x")).toBeUndefined();
    expect(stage.book.podFacts("data/no", undefined)).toBeUndefined();
  });

  test("that is gone is known for 15 minutes, with what it was like alive and when it left", () => {
    const stage = new BookStage();
    stage.put(pod("db-0", "StatefulSet/db"));
    stage.pass(1000);
    stage.put(pod("db-0", "StatefulSet/db", LEAVES));
    stage.pass(1000);
    stage.put(pod("db-0", "StatefulSet/db", LEAVES, { phase: "Succeeded" }));
    stage.pass(1000);
    stage.remove(pod("db-0", "StatefulSet/db", LEAVES, { phase: "Succeeded" }));
    expect(stage.book.podFacts("data/db-0", "db-0-uid")?.pod).toMatchObject({
      record: { phase: "Succeeded" },
      alive: { phase: "Running" },
      changedAtMs: 1_002_000,
      leavingSinceMs: 1_001_000,
      goneAtMs: 1_003_000,
    });
    stage.pass(15 * MINUTE - 1);
    stage.put(pod("other", undefined));
    expect(stage.book.podFacts("data/db-0", undefined)).toBeDefined();
    stage.pass(1);
    stage.put(pod("third", undefined));
    expect(stage.book.podFacts("data/db-0", undefined)).toBeUndefined();
    expect(stage.book.podFacts("data/db-0", "db-0-uid")).toBeUndefined();
  });

  test("is found by its uid while another bears its name", () => {
    const stage = new BookStage();
    stage.put(pod("db-0", "StatefulSet/db", { uid: "1" }));
    // The DELETED of the first was missed.
    stage.put(pod("db-0", "StatefulSet/db", { uid: "2" }));
    const facts = stage.book.podFacts("data/db-0", "1");
    expect(facts?.pod).toMatchObject({ record: { uid: "1" }, goneAtMs: stage.nowMs });
    expect(facts?.successor?.uid).toBe("2");
    expect(stage.book.podFacts("data/db-0", "2")).toMatchObject({
      pod: { goneAtMs: undefined },
      successor: undefined,
    });
    expect(stage.book.podFacts("data/db-0", undefined)?.pod.record.uid).toBe("2");
    stage.remove(pod("db-0", "StatefulSet/db", { uid: "2" }));
    expect(stage.book.podFacts("data/db-0", undefined)?.pod.record.uid).toBe("2");
    expect(stage.book.podFacts("data/db-0", "1")?.successor).toBeUndefined();
  });

  test("that is missing in a list is gone; those of other namespaces are not", () => {
    const stage = new BookStage();
    stage.put(pod("a", undefined), pod("b", undefined));
    const [shop] = planObjects([{ need: "workloads", namespace: "shop" }]);
    if (shop) stage.book.apply(shop, { kind: "listed", objects: [] }, stage.nowMs);
    expect(stage.book.podFacts("data/a", undefined)?.pod.goneAtMs).toBeUndefined();
    stage.list("Pod", pod("b", undefined));
    expect(stage.book.podFacts("data/a", undefined)?.pod.goneAtMs).toBe(stage.nowMs);
    expect(stage.book.podFacts("data/b", undefined)?.pod.goneAtMs).toBeUndefined();
  });

  test("that only a DELETED tells of is known as that shows it", () => {
    const stage = new BookStage();
    stage.remove(pod("a", undefined, {}, { phase: "Failed", reason: "Evicted" }));
    expect(stage.book.podFacts("data/a", "a-uid")?.pod).toMatchObject({
      alive: { reason: "Evicted" },
      goneAtMs: stage.nowMs,
    });
  });

  test("that a list shows as it was has not changed", () => {
    const stage = new BookStage();
    stage.put(pod("a", undefined));
    stage.pass(1000);
    stage.list("Pod", pod("a", undefined));
    expect(stage.book.podFacts("data/a", undefined)?.pod.changedAtMs).toBe(1_000_000);
  });
});

describe("how many members a ring should have", () => {
  const pods = (...names: string[]) => names.map((name) => `data/${name}`);

  test("is what the workloads of its members want together", () => {
    const stage = new BookStage();
    stage.put(
      statefulSet("a", 3),
      statefulSet("b", 2),
      pod("a-0", "StatefulSet/a"),
      pod("b-0", "StatefulSet/b"),
    );
    stage.put(deployment("web", 5), replicaSet("web-1", 4, "web"), replicaSet("web-2", 2, "web"));
    stage.put(pod("web-1-x", "ReplicaSet/web-1"), pod("web-2-x", "ReplicaSet/web-2"));
    const desired = (...names: string[]) =>
      stage.book.ringNeeds(`r ${names.join()}`, pods(...names), stage.nowMs).desired;
    expect(desired("a-0")).toBe(3);
    expect(desired("a-0", "b-0")).toBe(5);
    expect(desired("web-1-x", "web-2-x")).toBe(5);
    expect(desired("a-0", "not-heard-of-yet")).toBe(3);
    expect(desired("not-heard-of-yet")).toBeUndefined();
    expect(desired()).toBeUndefined();
  });

  test("is not known where a Pod has no owner that says it, or its workload is not known yet", () => {
    const stage = new BookStage();
    stage.put(
      statefulSet("a", 3),
      pod("a-0", "StatefulSet/a"),
      pod("bare", undefined),
      pod("x", "DaemonSet/ds"),
    );
    stage.put(replicaSet("web-1", 4, "web"), pod("web-1-x", "ReplicaSet/web-1"));
    const desired = (...names: string[]) =>
      stage.book.ringNeeds(`r ${names.join()}`, pods(...names), stage.nowMs).desired;
    expect(desired("a-0", "bare")).toBeUndefined();
    expect(desired("a-0", "x")).toBeUndefined();
    expect(desired("a-0", "web-1-x")).toBeUndefined();
    stage.put(deployment("web", 4));
    expect(desired("a-0", "web-1-x")).toBe(7);
  });

  test("stays when a workload loses all its members, until its Pods are ready elsewhere or it is gone", () => {
    const stage = new BookStage();
    stage.put(
      statefulSet("a", 3),
      statefulSet("b", 2),
      pod("a-0", "StatefulSet/a"),
      pod("b-0", "StatefulSet/b"),
    );
    const desired = (...names: string[]) => stage.book.ringNeeds("r", pods(...names), stage.nowMs).desired;
    expect(desired("a-0", "b-0")).toBe(5);
    expect(desired("b-0")).toBe(5);
    expect(desired()).toBe(5);
    stage.put(statefulSet("a", 3, {}, { readyReplicas: 0 }));
    stage.pass(5 * MINUTE);
    expect(desired("b-0")).toBe(5);
    // Ready, and not in the ring: the Service selects others now.
    stage.put(statefulSet("a", 3, {}, { readyReplicas: 1 }));
    expect(desired("b-0")).toBe(2);
    stage.remove(statefulSet("b", 2));
    stage.pass(1);
    expect(desired()).toBeUndefined();
  });

  test("may lag a minute before a workload without members is forgotten", () => {
    const stage = new BookStage();
    stage.put(statefulSet("a", 3), pod("a-0", "StatefulSet/a"));
    const desired = (...names: string[]) => stage.book.ringNeeds("r", pods(...names), stage.nowMs).desired;
    desired("a-0");
    stage.pass(MINUTE);
    expect(desired()).toBe(3);
    stage.pass(1);
    expect(desired()).toBeUndefined();
  });

  test("is none for a workload that is being deleted", () => {
    const stage = new BookStage();
    stage.put(
      statefulSet("a", 3, {}, {}, { deletionTimestamp: "2026-01-01T00:00:00Z" }),
      pod("a-0", "StatefulSet/a"),
    );
    expect(stage.book.ringNeeds("r", pods("a-0"), stage.nowMs).desired).toBe(0);
  });
});

describe("a rollout", () => {
  const ring = (stage: BookStage) =>
    stage.book.ringNeeds("r", ["data/a-0", "data/w-x"], stage.nowMs).rolloutSinceMs;

  test.each<[string, object, object, boolean]>([
    ["is over", {}, {}, false],
    ["goes on", {}, { updateRevision: "b", updatedReplicas: 0 }, true],
    ["waits for the last Pod", {}, { updateRevision: "b", updatedReplicas: 3 }, true],
    [
      "is held by a partition",
      { updateStrategy: { rollingUpdate: { partition: 2 } } },
      { updateRevision: "b", updatedReplicas: 1 },
      false,
    ],
    [
      "goes on to a partition",
      { updateStrategy: { rollingUpdate: { partition: 2 } } },
      { updateRevision: "b", updatedReplicas: 0 },
      true,
    ],
    [
      "waits for deletions by hand",
      { updateStrategy: { type: "OnDelete" } },
      { updateRevision: "b", updatedReplicas: 2 },
      true,
    ],
    [
      "was done by hand",
      { updateStrategy: { type: "OnDelete" } },
      { updateRevision: "b", updatedReplicas: 3 },
      false,
    ],
  ])("of a StatefulSet %s", (_, spec, status, goesOn) => {
    const stage = new BookStage();
    stage.put(pod("a-0", "StatefulSet/a"), statefulSet("a", 3, spec, status));
    expect(ring(stage)).toBe(goesOn ? stage.nowMs : undefined);
  });

  test.each<[string, object, boolean]>([
    ["is over", {}, false],
    ["is complete, though a Pod is not ready", { readyReplicas: 1 }, false],
    ["has Pods of two revisions", { replicas: 4, updatedReplicas: 1 }, true],
    [
      "waits for the last Pod",
      { conditions: [{ type: "Progressing", status: "True", reason: "ReplicaSetUpdated" }] },
      true,
    ],
  ])("of a Deployment %s", (_, status, goesOn) => {
    const stage = new BookStage();
    stage.put(pod("w-x", "ReplicaSet/w"), replicaSet("w", 3, "web"), deployment("web", 3, 1, status));
    expect(ring(stage)).toBe(goesOn ? stage.nowMs : undefined);
  });

  test("goes on since it was first seen, and concerns the rings of its workload", () => {
    const stage = new BookStage();
    stage.put(pod("a-0", "StatefulSet/a"), statefulSet("a", 3));
    expect(ring(stage)).toBeUndefined();
    stage.pass(1000);
    expect(stage.put(statefulSet("a", 3, {}, { updateRevision: "b", updatedReplicas: 0 }))).toEqual(["r"]);
    stage.pass(1000);
    expect(stage.put(statefulSet("a", 3, {}, { updateRevision: "b", updatedReplicas: 1 }))).toEqual([]);
    expect(ring(stage)).toBe(1_001_000);
    expect(stage.put(statefulSet("a", 3))).toEqual(["r"]);
    expect(ring(stage)).toBeUndefined();
  });

  test("that was recorded goes on from the first change to the last ready Pod", () => {
    const book = new WorkloadBook();
    const seen: string[] = [];
    for (const [index, { scope, event }] of recordedSteps("rollout").entries()) {
      book.apply(scope, event, index);
      for (const name of ["db-0", "web-7c9d55596-xtbnp"]) {
        const key = `lab/${name}`;
        const isOn = book.ringNeeds(name, [key], index).rolloutSinceMs !== undefined;
        if (seen.findLast((line) => line.startsWith(name)) !== `${name} ${isOn}`)
          seen.push(`${name} ${isOn}`);
      }
    }
    expect(seen.filter((line) => line.startsWith("db"))).toEqual(["db-0 false", "db-0 true", "db-0 false"]);
    expect(seen.filter((line) => line.startsWith("web")).slice(-2)).toEqual([
      "web-7c9d55596-xtbnp true",
      "web-7c9d55596-xtbnp false",
    ]);
  });
});

describe("the rings that an event concerns", () => {
  test("are those with members of the Pod's workload", () => {
    const stage = new BookStage();
    stage.put(
      statefulSet("a", 3),
      statefulSet("b", 3),
      pod("a-0", "StatefulSet/a"),
      pod("b-0", "StatefulSet/b"),
    );
    stage.book.ringNeeds("r1", ["data/a-0"], stage.nowMs);
    stage.book.ringNeeds("r2", ["data/a-0", "data/b-0"], stage.nowMs);
    expect(stage.put(pod("a-0", "StatefulSet/a", LEAVES))).toEqual(["r1", "r2"]);
    expect(stage.remove(pod("b-0", "StatefulSet/b"))).toEqual(["r2"]);
    expect(stage.put(statefulSet("a", 2))).toEqual(["r1", "r2"]);
    expect(stage.put(statefulSet("a", 2, {}, { readyReplicas: 1 }))).toEqual([]);
    expect(stage.put(pod("c", undefined))).toEqual([]);
    stage.book.forgetRing("r1");
    expect(stage.put(statefulSet("a", 1))).toEqual(["r2"]);
  });
});

test("what a new plan does not watch is forgotten", () => {
  const stage = new BookStage();
  stage.put(statefulSet("a", 3), pod("a-0", "StatefulSet/a"));
  stage.book.keepOnly(planObjects([{ need: "workloads", namespace: "data" }]));
  expect(stage.book.podFacts("data/a-0", undefined)?.owner).toBeDefined();
  stage.book.keepOnly([scopeOf("Pod")]);
  expect(stage.book.podFacts("data/a-0", undefined)).toMatchObject({ owner: undefined });
  stage.book.keepOnly([]);
  expect(stage.book.podFacts("data/a-0", undefined)).toBeUndefined();
});

test("a book that missed events and then lists knows of the present what one that heard all knows", () => {
  const names = fc.constantFrom("a-0", "a-1", "b-0");
  const step = fc.record({
    name: names,
    uid: fc.constantFrom("1", "2"),
    does: fc.constantFrom("put", "leave", "remove"),
    heard: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const [all, some] = [new BookStage(), new BookStage()];
      const present = new Map<string, ReturnType<typeof pod>>();
      for (const { name, uid, does, heard } of steps) {
        const object = pod(name, "StatefulSet/a", { uid, ...(does === "leave" ? LEAVES : {}) });
        if (does === "remove") present.delete(name);
        else present.set(name, object);
        for (const stage of heard ? [all, some] : [all]) {
          if (does === "remove") stage.remove(object);
          else stage.put(object);
        }
      }
      some.list("Pod", ...present.values());
      for (const name of ["a-0", "a-1", "b-0"]) {
        const [heard, missed] = [all, some].map(({ book }) => book.podFacts(`data/${name}`, undefined)?.pod);
        const now = present.get(name)?.metadata["uid"];
        expect(heard?.goneAtMs === undefined ? heard?.record.uid : undefined).toBe(now);
        expect(missed?.goneAtMs === undefined ? missed?.record.uid : undefined).toBe(now);
      }
    }),
  );
});
