import { describe, expect, test } from "vitest";
import { seededRandom } from "../../src/runtime/random.ts";
import { VirtualClock } from "../../src/runtime/virtual-clock.ts";
import { ClusterModel, type ClusterModelOptions, type ModelStep } from "../../src/simulator/cluster-model.ts";
import { ObjectStore } from "../../src/simulator/object-store.ts";
import { applyStep, playSteps } from "../../src/simulator/play.ts";
import type { ApiObject } from "../../src/simulator/resources.ts";
import { recording } from "./watch-client.ts";

interface Endpoint {
  readonly addresses: readonly string[];
  readonly conditions: Readonly<Record<string, boolean>>;
  readonly targetRef: { readonly name: string; readonly uid: string };
}

const endpointsOf = (object: ApiObject): readonly Endpoint[] => (object["endpoints"] ?? []) as Endpoint[];
/** Like `web-0 TTF`: ready, serving, terminating. */
const stateOf = (object: ApiObject): string[] =>
  endpointsOf(object).map(
    ({ conditions, targetRef }) =>
      `${targetRef.name} ${["ready", "serving", "terminating"].map((key) => (conditions[key] ? "T" : "F")).join("")}`,
  );

class Lab {
  readonly store = new ObjectStore();
  readonly model: ClusterModel;

  constructor(options: Partial<ClusterModelOptions> = {}) {
    this.model = new ClusterModel({ namespace: "lab", service: "web", ...options });
  }

  play(steps: readonly ModelStep[]): void {
    for (const step of steps) applyStep(this.store, step);
  }

  slices(): ApiObject[] {
    return this.store.list("endpointslices");
  }

  endpoints(): ApiObject | undefined {
    return this.store.get("endpoints", "lab", "web");
  }
}

const slicesIn = (steps: readonly ModelStep[]): [number, string[]][] =>
  steps.flatMap(({ afterMs, changes }) =>
    changes.flatMap((change): [number, string[]][] =>
      "put" in change && change.put.kind === "EndpointSlice" ? [[afterMs, stateOf(change.put)]] : [],
    ),
  );

/** The keys of an object in their order, with kinds of values instead of values. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (typeof value !== "object" || value === null) return value === null ? null : typeof value;
  return Object.entries(value).map(([key, inner]) => [key.replace(/"uid":"[^"]*"/, "uid"), shapeOf(inner)]);
}

describe("the objects look like recorded ones", () => {
  test.each([
    ["endpointslices", 0, "an empty slice"],
    ["endpointslices", 1, "a slice with a Pod that is not ready"],
    ["endpoints", 0, "Endpoints without subsets"],
    ["endpoints", 1, "Endpoints with an address that is not ready"],
  ] as const)("%s %i: %s", (source, index, _what) => {
    const lab = new Lab();
    lab.play(lab.model.createService(0));
    if (index === 1) lab.play(lab.model.addPod(0).slice(0, 1));
    const [object] = lab.store.list(source);
    expect(shapeOf(object)).toEqual(shapeOf(recording(`create.${source}`).events[index]?.object));
  });

  test("with labels of the Service and the time of the change", () => {
    const lab = new Lab({ labels: { tier: "storage", app: "db" } });
    lab.play(lab.model.begin(Date.UTC(2026, 0, 2, 3, 4, 5, 678), 3));
    expect(lab.slices()[0]?.metadata).toMatchObject({
      labels: { app: "db", tier: "storage", "kubernetes.io/service-name": "web" },
      annotations: { "endpoints.kubernetes.io/last-change-trigger-time": "2026-01-02T03:04:05Z" },
    });
    expect(lab.endpoints()?.metadata.labels).toMatchObject({ tier: "storage" });
  });
});

describe("what happens to Pods", () => {
  test("a restart of one: terminating, gone, new, ready; a new uid and a new address", () => {
    const lab = new Lab({ times: { startMs: 1, readyMs: 10, stopMs: 100 } });
    lab.play(lab.model.begin(0, 3));
    const before = lab.model.pod("web-1");
    const steps = lab.model.replace(0, "web-1");
    expect(slicesIn(steps)).toEqual([
      [0, ["web-0 TTF", "web-1 FTT", "web-2 TTF"]],
      [100, ["web-0 TTF", "web-2 TTF"]],
      [101, ["web-0 TTF", "web-2 TTF", "web-1 FFF"]],
      [111, ["web-0 TTF", "web-2 TTF", "web-1 TTF"]],
    ]);
    const after = lab.model.pod("web-1");
    expect(after).toMatchObject({ node: before?.node, zone: before?.zone });
    expect([after?.uid, after?.address]).not.toContain(before?.uid);
    expect(after?.address).not.toBe(before?.address);
    expect(lab.model.replace(0, "web-1", "10.9.9.9").length).toBe(4);
    expect(lab.model.pod("web-1")?.address).toBe("10.9.9.9");
  });

  test("a rolling restart is the recorded story: 20 slice events, 15 of Endpoints, the highest ordinal first", () => {
    const lab = new Lab();
    lab.play(lab.model.begin(0, 5));
    const steps = lab.model.rollingRestart(0);
    const recorded = recording("rolling-restart.endpointslices").events;
    expect(slicesIn(steps).map(([, states]) => states.map((state) => state.slice(-3)).sort())).toEqual(
      recorded.map(({ object }) =>
        stateOf(object)
          .map((state) => state.slice(-3))
          .sort(),
      ),
    );
    const puts = steps.flatMap(({ changes }) => changes.filter((change) => "put" in change));
    expect(puts.filter(({ put }) => put.kind === "Endpoints")).toHaveLength(15);
    expect(slicesIn(steps)[0]?.[1]).toContain("web-4 FTT");
    const times = steps.map(({ afterMs }) => afterMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  test("a rolling update of a Deployment is never short of ready Pods", () => {
    const lab = new Lab({ workload: "Deployment" });
    lab.play(lab.model.begin(0, 3));
    const before = lab.model.podNames();
    for (const [, states] of slicesIn(lab.model.rollingRestart(0))) {
      expect(states.filter((state) => state.endsWith("TTF")).length).toBeGreaterThanOrEqual(3);
    }
    expect(lab.model.podNames()).toHaveLength(3);
    expect(lab.model.podNames()).not.toEqual(expect.arrayContaining(before.slice(0, 1)));
  });

  test("readiness, an eviction, a lost node", () => {
    const lab = new Lab();
    lab.play(lab.model.begin(0, 4));
    lab.play(lab.model.notReady(1, "web-2"));
    expect(stateOf(lab.slices()[0] as ApiObject)[2]).toBe("web-2 FFF");
    expect(lab.endpoints()).toMatchObject({ subsets: [{ notReadyAddresses: [{ hostname: "web-2" }] }] });
    lab.play(lab.model.ready(2, "web-2"));
    lab.play(lab.model.startTerminating(2, "web-1"));
    expect(JSON.stringify(lab.endpoints())).not.toContain("web-1");
    lab.play(lab.model.remove(3, "web-1"));
    expect(stateOf(lab.slices()[0] as ApiObject)).toEqual(["web-0 TTF", "web-2 TTF", "web-3 TTF"]);
    lab.play(lab.model.addPod(4));
    expect(lab.model.podNames()).toEqual(["web-0", "web-2", "web-3", "web-1"]);
    lab.play(lab.model.loseNode(5, "node-1"));
    expect(stateOf(lab.slices()[0] as ApiObject)).toEqual([
      "web-0 FFF",
      "web-2 TTF",
      "web-3 FFF",
      "web-1 TTF",
    ]);
    lab.play(lab.model.recoverNode(6, "node-1"));
    expect(stateOf(lab.slices()[0] as ApiObject).join()).not.toContain("FFF");
    expect(() => lab.model.remove(7, "web-9")).toThrow(
      "Cannot change Pod web-9 of lab/web: there is none of this name (web-0, web-2, web-3, web-1)",
    );
  });

  test("terminating and then gone is a scale down, one after the other", () => {
    const lab = new Lab({ times: { stopMs: 100 } });
    lab.play(lab.model.begin(0, 5));
    const steps = lab.model.scale(0, 3);
    const recorded = recording("scale-down-5-3.endpointslices").events.map(({ object }) => stateOf(object));
    expect(slicesIn(steps).map(([, states]) => states)).toEqual(recorded);
    expect(slicesIn(steps).map(([afterMs]) => afterMs)).toEqual([0, 100, 110, 210]);
  });

  test("publishNotReadyAddresses keeps ready true", () => {
    const lab = new Lab({ publishNotReadyAddresses: true });
    lab.play(lab.model.begin(0, 2));
    lab.play(lab.model.notReady(0, "web-0"));
    lab.play(lab.model.startTerminating(0, "web-1"));
    expect(stateOf(lab.slices()[0] as ApiObject)).toEqual(["web-0 TFF", "web-1 TTT"]);
    expect(JSON.stringify(lab.endpoints())).not.toContain("notReadyAddresses");
  });
});

describe("slices", () => {
  test("hold a hundred each, and one that loses its last endpoint goes while another is left", () => {
    const lab = new Lab({ workload: "Deployment" });
    lab.play(lab.model.begin(0, 250));
    const sizes = lab.slices().map((object) => endpointsOf(object).length);
    expect(sizes.toSorted((a, b) => b - a)).toEqual([100, 100, 50]);
    lab.play(lab.model.scale(0, 80));
    expect(lab.slices().map((object) => endpointsOf(object).length)).toEqual([80]);
    lab.play(lab.model.scale(0, 0));
    expect(lab.slices()).toMatchObject([{ endpoints: null, ports: null }]);
    expect(lab.endpoints()).not.toHaveProperty("subsets");
  });

  test("go with their Service, whose Pods live on and are in a new slice when it is back", () => {
    const lab = new Lab();
    lab.play(lab.model.begin(0, 3));
    const [before] = lab.slices();
    lab.play(lab.model.deleteService(1));
    expect([lab.slices(), lab.endpoints()]).toEqual([[], undefined]);
    lab.play(lab.model.createService(2));
    const [after] = lab.slices();
    expect(stateOf(after as ApiObject)).toEqual(stateOf(before as ApiObject));
    expect(after?.metadata.name).not.toBe(before?.metadata.name);
  });
});

test("names and uids are drawn from a Random, the same from the same seed", () => {
  const slicesOf = (seed: number): ApiObject[] => {
    const lab = new Lab({ random: seededRandom(seed) });
    lab.play(lab.model.begin(0, 3));
    return lab.slices();
  };
  expect(slicesOf(1)).toEqual(slicesOf(1));
  expect(slicesOf(1)).not.toEqual(slicesOf(2));
  expect(slicesOf(1)[0]?.metadata.name).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  expect(slicesOf(1)[0]?.metadata["uid"]).toMatch(
    /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/,
  );
});

test("steps are played on a clock, each in its time", () => {
  const clock = new VirtualClock(1_000);
  const lab = new Lab({ times: { startMs: 1_000, readyMs: 2_000, stopMs: 3_000 } });
  const times: number[] = [];
  playSteps(clock, lab.store, lab.model.begin(clock.now(), 2));
  lab.store.subscribe(({ source }) => void (source === "endpointslices" && times.push(clock.now())));
  playSteps(clock, lab.store, lab.model.replace(clock.now(), "web-1"));
  expect(times).toEqual([1_000]);
  clock.advanceTo(60_000);
  expect(times).toEqual([1_000, 4_000, 5_000, 7_000]);
});
