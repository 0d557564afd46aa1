import { beforeEach, describe, expect, test } from "vitest";
import type { Slice, Source } from "../../src/cluster/slice.ts";
import { Agenda } from "../../src/rehearsal/agenda.ts";
import { RingVerbs } from "../../src/rehearsal/ring-verbs.ts";
import type { SliceWrite } from "../../src/rehearsal/slice-truth.ts";
import { StagedRing, type StagedRingOptions, StageError } from "../../src/rehearsal/staged-ring.ts";
import type { ObjectWrite } from "../../src/rehearsal/stand-in-api.ts";
import { ModelNames } from "../../src/simulator/model-names.ts";

let nowMs = 0;
let objects: ObjectWrite[] = [];
let writes: { source: Source; write: SliceWrite }[] = [];

beforeEach(() => {
  nowMs = 0;
  writes = [];
  objects = [];
});

function staged(count: number, options: Partial<StagedRingOptions> = {}): StagedRing {
  const common = { namespace: "data", service: "c", labels: {}, zones: [], nodes: undefined };
  const pods = Array.from({ length: count }, (_none, ordinal) => ({ name: `c-${ordinal}` }));
  return new StagedRing(
    { ...common, pods, publishNotReadyAddresses: false, absent: false, ...options },
    {
      nowMs: () => nowMs,
      names: new ModelNames(undefined),
      write: (source, some) => writes.push(...some.map((write) => ({ source, write }))),
      writeObjects: (some) => objects.push(...some),
    },
  );
}

/** What was written of slices since the last call. */
function slices(source: Source = "endpointslices"): (Slice | string)[] {
  const list = writes.filter((one) => one.source === source);
  writes = writes.filter((one) => one.source !== source);
  return list.map(({ write }) => (write.kind === "changed" ? write.slice : `deleted ${write.key}`));
}

/** `c-0 R` ready, `N` not ready, `T` terminating. */
function state({ pods }: StagedRing): string {
  return pods
    .map(({ name, serving, terminating }) => `${name} ${terminating ? "T" : ""}${serving ? "R" : "N"}`)
    .join(", ");
}

describe("StagedRing", () => {
  test("writes a slice and an Endpoints object, as the decoders read them", () => {
    staged(2, { zones: ["a", "b"], labels: { tier: "storage" } });
    expect(slices()).toMatchObject([
      {
        namespace: "data",
        service: "c",
        serviceLabels: { tier: "storage" },
        endpoints: [
          { target: "data/c-0", hostname: "c-0", zone: "a", node: "node-0", ready: true },
          { target: "data/c-1", hostname: "c-1", zone: "b", node: "node-1", ready: true },
        ],
      },
    ]);
    expect(slices("endpoints")).toMatchObject([{ key: "data/c", endpoints: [{ target: "data/c-0" }, {}] }]);
  });

  test("knows no zone where none is given", () => {
    staged(1);
    expect(slices()).toMatchObject([{ endpoints: [{ zone: undefined, node: "node-0" }] }]);
  });

  test("lets Pods take turns on nodes, and nodes in zones", () => {
    const homes = staged(4, { nodes: 3, zones: ["a", "b"] }).pods.map(({ node, zone }) => `${node} ${zone}`);
    expect(homes).toEqual(["node-0 a", "node-1 b", "node-2 a", "node-0 a"]);
  });

  test("knows the zone of a node from the first Pod on it", () => {
    const pods = [
      { name: "c-0", node: "n", zone: "b" },
      { name: "c-1", node: "n" },
    ];
    expect(staged(0, { pods, zones: ["a"] }).pods.map(({ zone }) => zone)).toEqual(["b", "b"]);
  });

  test("puts 100 endpoints into a slice, and deletes one that loses its last", () => {
    const ring = staged(201);
    expect(slices().map((slice) => typeof slice === "object" && slice.endpoints.length)).toEqual([
      100, 100, 1,
    ]);
    ring.remove(["c-200"]);
    expect(slices()).toEqual([expect.stringMatching(/^deleted data\/c-/)]);
  });

  test("gives a Pod that comes back a new uid, another address and its old node", () => {
    const ring = staged(1, { zones: ["a", "b"], pods: [{ name: "c-0", node: "n9", zone: "b" }] });
    const [before] = ring.pods;
    ring.remove(["c-0"]);
    ring.add([{ name: "c-0" }]);
    const [after] = ring.pods;
    expect(after).toMatchObject({ node: "n9", zone: "b" });
    expect([after?.uid === before?.uid, after?.address === before?.address]).toEqual([false, false]);
  });

  test("keeps the uid of a Pod that moves, and not of one that is replaced", () => {
    const ring = staged(1);
    const [{ uid, address } = { uid: "", address: "" }] = ring.pods;
    ring.move(["c-0"]);
    expect(ring.pods[0]).toMatchObject({ uid });
    expect(ring.pods[0]?.address).not.toBe(address);
    ring.replace(["c-0"]);
    expect(ring.pods[0]?.uid).not.toBe(uid);
  });

  test("deletes a Service with its slices, and leaves its Pods to the next one", () => {
    const ring = staged(1);
    slices();
    ring.deleteService();
    ring.set(["c-0"], { serving: false }, "make not ready");
    expect(slices()).toEqual([expect.stringMatching(/^deleted data\/c-/)]);
    ring.createService();
    expect(slices()).toMatchObject([{ endpoints: [{ target: "data/c-0", ready: false }] }]);
  });

  test("writes an empty slice for a Service without Pods, and nothing for an absent one", () => {
    staged(0);
    expect(slices()).toMatchObject([{ endpoints: [] }]);
    staged(2, { absent: true });
    expect(slices()).toEqual([]);
  });

  test("shows terminating Pods in slices, and not in Endpoints", () => {
    const ring = staged(2);
    slices("endpoints");
    slices();
    ring.set(["c-1"], { terminating: true }, "terminate");
    expect(slices()).toMatchObject([{ endpoints: [{}, { serving: true, terminating: true, ready: false }] }]);
    expect(slices("endpoints")).toMatchObject([{ endpoints: [{ target: "data/c-0" }] }]);
  });

  test("writes nothing when nothing changes", () => {
    const ring = staged(1);
    writes = [];
    ring.set(["c-0"], { serving: true }, "make ready");
    expect(writes).toEqual([]);
  });

  test("copies changed labels onto its slices and its Endpoints, and keeps them for a Service made later", () => {
    const ring = staged(2, { labels: { tier: "storage", old: "1" } });
    writes = [];
    ring.label({ tier: "gold", old: null });
    expect([slices(), slices("endpoints")]).toMatchObject([
      [{ serviceLabels: { tier: "gold" }, endpoints: [{}, {}] }],
      [{ serviceLabels: { tier: "gold" } }],
    ]);
    ring.deleteService();
    ring.label({ stage: "prod" });
    writes = [];
    ring.createService();
    const [slice] = slices();
    expect(typeof slice === "object" && slice.serviceLabels).toEqual({ tier: "gold", stage: "prod" });
  });

  test("writes a Pod that has crashed as the kubelet does: not ready, waiting, and how its container ended", () => {
    const ring = staged(1);
    nowMs = 5_000;
    ring.crash("c-0");
    nowMs = 6_000;
    ring.set(["c-0"], { serving: true }, "make ready");
    const pods = objects.flatMap((write) =>
      write.kind === "changed" && write.object.kind === "Pod" ? [write.object] : [],
    );
    expect(pods.slice(-2)).toMatchObject([
      { ready: false, waiting: "CrashLoopBackOff", restarts: 1, termination: { exitCode: 1, atMs: 5_000 } },
      { ready: true, restarts: 1 },
    ]);
    expect(pods.at(-1)?.waiting).toBeUndefined();
  });

  test("ends a rollout when all Pods are of the new revision and ready, and not before", () => {
    const ring = staged(1);
    const current = (): string | undefined => {
      const sets = objects.flatMap((write) =>
        write.kind === "changed" && write.object.kind === "StatefulSet" ? [write.object] : [],
      );
      return sets.at(-1)?.currentRevision;
    };
    ring.want({ isNewRevision: true });
    ring.remove(["c-0"]);
    ring.add([{ name: "c-0", ready: false }]);
    expect(current()).toBe("c-1");
    ring.set(["c-0"], { serving: true }, "make ready");
    expect(current()).toBe("c-2");
    ring.set(["c-0"], { serving: false }, "make not ready");
    expect(current()).toBe("c-2");
  });

  test.each<[string, (ring: StagedRing) => void, string]>([
    [
      "remove",
      (ring) => ring.remove(["c-2"]),
      "Cannot remove c-2: ring data/c has no such member now, it has c-0, c-1",
    ],
    ["add", (ring) => ring.add([{ name: "c-1" }]), "Cannot add c-1 to data/c: it is there"],
    ["createService", (ring) => ring.createService(), "Cannot create Service data/c: it is there"],
    [
      "deleteService twice",
      (ring) => {
        ring.deleteService();
        ring.deleteService();
      },
      "Cannot delete Service data/c: there is none",
    ],
  ])("says what there is when it cannot %s", (_name, act, message) => {
    const ring = staged(2);
    expect(() => act(ring)).toThrow(new StageError(message));
  });
});

describe("RingVerbs", () => {
  /** The ring after each thing that happens, with its time. */
  function story(ring: StagedRing, act: (verbs: RingVerbs) => void): string[] {
    const agenda = new Agenda();
    act(new RingVerbs(ring, agenda, () => nowMs));
    const lines = [`0: ${state(ring)}`];
    for (let next = agenda.nextMs; next !== undefined; next = agenda.nextMs) {
      nowMs = next;
      while (agenda.nextMs === next) agenda.runNext();
      lines.push(`${nowMs}: ${state(ring)}`);
    }
    return lines;
  }

  test("scale down at once", () => {
    expect(story(staged(3), (verbs) => verbs.scale(1, 0))).toEqual(["0: c-0 R"]);
  });

  test("scale down in turn, from the highest ordinal", () => {
    const ring = staged(12);
    const lines = story(ring, (verbs) => verbs.scale(10, 1_000));
    expect(lines.map((line) => line.replace(/: .*c-9 R/, ": …"))).toEqual([
      "0: …, c-10 R, c-11 TR",
      "1000: …, c-10 TR",
      "2000: …",
    ]);
  });

  test("scale up in turn, to the lowest free ordinals", () => {
    const ring = staged(0, { pods: [{ name: "c-1" }] });
    expect(story(ring, (verbs) => verbs.scale(3, 1_000))).toEqual([
      "0: c-0 N, c-1 R",
      "1000: c-0 R, c-1 R, c-2 N",
      "2000: c-0 R, c-1 R, c-2 R",
    ]);
  });

  test("crash again and again, ready for half of the time", () => {
    expect(story(staged(2), (verbs) => verbs.crashLoop("c-1", 1_000, 2))).toEqual([
      "0: c-0 R, c-1 N",
      "500: c-0 R, c-1 R",
      "1000: c-0 R, c-1 N",
      "1500: c-0 R, c-1 R",
    ]);
  });

  test("crash no more when the Pod is gone", () => {
    const ring = staged(2);
    const lines = story(ring, (verbs) => {
      verbs.crashLoop("c-1", 1_000, 2);
      ring.remove(["c-1"]);
    });
    expect(lines.at(-1)).toBe("1500: c-0 R");
  });

  test("roll out from the highest ordinal down", () => {
    expect(story(staged(2), (verbs) => verbs.rollout(1_000))).toEqual([
      "0: c-0 R, c-1 TR",
      "500: c-0 R",
      "750: c-0 R, c-1 N",
      "1000: c-0 TR, c-1 R",
      "1500: c-1 R",
      "1750: c-0 N, c-1 R",
      "2000: c-0 R, c-1 R",
    ]);
  });

  test("go on with a rollout when somebody has removed a Pod meanwhile", () => {
    const ring = staged(2);
    const lines = story(ring, (verbs) => {
      verbs.rollout(1_000);
      ring.remove(["c-1"]);
    });
    expect(lines.at(-1)).toBe("2000: c-0 R, c-1 R");
  });

  test("lose a node: not ready, and terminating after five minutes", () => {
    expect(story(staged(2), (verbs) => verbs.nodesDown(["node-1"]))).toEqual([
      "0: c-0 R, c-1 N",
      "300000: c-0 R, c-1 TN",
    ]);
  });

  test("find a node again before its Pods are evicted, and leave alone who was not ready before", () => {
    const ring = staged(2, { nodes: 1 });
    ring.set(["c-0"], { serving: false }, "make not ready");
    const lines = story(ring, (verbs) => {
      verbs.nodesDown(["node-0"]);
      verbs.nodesUp(["node-0"]);
    });
    expect(lines).toEqual(["0: c-0 N, c-1 R", "300000: c-0 N, c-1 R"]);
  });

  test("count the five minutes anew when a node is lost a second time", () => {
    const agenda = new Agenda();
    const ring = staged(1);
    const verbs = new RingVerbs(ring, agenda, () => nowMs);
    verbs.nodesDown(["node-0"]);
    nowMs = 200_000;
    verbs.nodesUp(["node-0"]);
    verbs.nodesDown(["node-0"]);
    nowMs = 300_000;
    agenda.runNext();
    expect(state(ring)).toBe("c-0 N");
    nowMs = 500_000;
    agenda.runNext();
    expect(state(ring)).toBe("c-0 TN");
  });

  test("replace on the node's return who was evicted", () => {
    const ring = staged(1);
    const [{ uid } = { uid: "" }] = ring.pods;
    let verbs: RingVerbs | undefined;
    story(ring, (all) => {
      verbs = all;
      all.nodesDown(["node-0"]);
    });
    verbs?.nodesUp(["node-0"]);
    expect(state(ring)).toBe("c-0 R");
    expect(ring.pods[0]?.uid).not.toBe(uid);
  });
});
