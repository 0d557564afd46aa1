import { describe, expect, test } from "vitest";
import { whyLeft } from "../../src/alerts/why-left.ts";
import { ObjectIntake } from "../../src/cluster/object-intake.ts";
import type { ObjectKind } from "../../src/cluster/object-plan.ts";
import { WorkloadBook } from "../../src/cluster/workload-book.ts";
import { silentLogger } from "../../src/runtime/logger.ts";
import { ClusterModel, type ModelStep } from "../../src/simulator/cluster-model.ts";
import { ObjectStore } from "../../src/simulator/object-store.ts";
import { applyStep } from "../../src/simulator/play.ts";
import { scopeOf } from "../support/workloads.ts";

const NOT_PODS = new Set(["endpointslices", "endpoints"]);

/** A model of `data/db` with three Pods, and a book that hears all that it writes. */
function stage(workload: "StatefulSet" | "Deployment") {
  const store = new ObjectStore();
  const book = new WorkloadBook();
  const model = new ClusterModel({ namespace: "data", service: "db", workload, pods: true });
  const intakes = new Map<ObjectKind, ObjectIntake>();
  const uids = new Map<string, string>();
  let nowMs = Date.UTC(2026, 10, 22);
  store.subscribe(({ source, type, object, version }) => {
    if (NOT_PODS.has(source)) return;
    const kind = object.kind as ObjectKind;
    const intake = intakes.get(kind) ?? new ObjectIntake({ scope: scopeOf(kind), logger: silentLogger });
    intakes.set(kind, intake);
    const change = { ADDED: "added", MODIFIED: "modified", DELETED: "deleted" } as const;
    const taken = intake.take({ kind: change[type], resourceVersion: String(version), object });
    if (taken.kind === "event") book.apply(scopeOf(kind), taken.event, nowMs);
  });
  const play = (steps: readonly ModelStep[]): void => {
    const startMs = nowMs;
    for (const step of steps) {
      nowMs = startMs + step.afterMs;
      applyStep(store, step);
    }
  };
  play(model.begin(nowMs, 3));
  for (const name of model.podNames()) uids.set(name, model.pod(name)?.uid ?? "");
  /** Why each of the first three Pods is not what it was; those that are, are left out. */
  const reasons = (): string[] =>
    [...uids].flatMap(([name, uid]) => {
      const facts = { listed: undefined, pod: book.podFacts(`data/${name}`, uid), namedSet: undefined };
      const member = { key: `data/${name}`, name, uid, addresses: [], zone: undefined, node: undefined };
      const readiness = { ready: true, serving: true, terminating: false };
      const { reason } = whyLeft({ ...member, ...readiness }, facts, nowMs);
      return reason === "unknown" ? [] : [reason];
    });
  const needs = () =>
    book.ringNeeds(
      "r",
      model.podNames().map((name) => `data/${name}`),
      nowMs,
    );
  return { model, store, play, reasons, needs, now: () => nowMs };
}

describe.each(["StatefulSet", "Deployment"] as const)("a model of a %s that writes its Pods", (workload) => {
  test("has them ready, owned, and as many as wanted", () => {
    const { reasons, needs, store } = stage(workload);
    expect([reasons(), needs()]).toEqual([[], { desired: 3, rolloutSinceMs: undefined }]);
    expect(store.list("pods")).toHaveLength(3);
  });

  test("scales down", () => {
    const { model, play, reasons, needs, now, store } = stage(workload);
    play(model.scale(now(), 1));
    expect([reasons(), needs().desired]).toEqual([["scaledDown", "scaledDown"], 1]);
    expect(store.list("pods")).toHaveLength(1);
  });

  test("scales up without a rollout", () => {
    const { model, play, reasons, needs, now } = stage(workload);
    play(model.scale(now(), 5));
    expect([reasons(), needs()]).toEqual([[], { desired: 5, rolloutSinceMs: undefined }]);
  });

  test("rolls out, and is done at the end", () => {
    const { model, play, reasons, needs, now } = stage(workload);
    const startMs = now();
    // The ring has been judged before.
    needs();
    const steps = model.rollingRestart(startMs);
    const [first, ...rest] = steps;
    play(first ? [first] : []);
    expect(needs().rolloutSinceMs).toBe(startMs);
    play(rest);
    expect(reasons()).toEqual(["rollout", "rollout", "rollout"]);
    expect(needs()).toEqual({ desired: 3, rolloutSinceMs: undefined });
  });

  test("loses a node and gets it back", () => {
    const { model, play, reasons, now } = stage(workload);
    const node = model.pod(model.podNames()[0] ?? "")?.node ?? "";
    play(model.loseNode(now(), node));
    expect(reasons()).toEqual(["nodeLost"]);
    play(model.recoverNode(now(), node));
    expect(reasons()).toEqual([]);
  });

  test("has Pods that are not ready, and that are deleted", () => {
    const { model, play, reasons, now } = stage(workload);
    const [first = "", second = ""] = model.podNames();
    play(model.notReady(now(), first));
    play(model.startTerminating(now(), second));
    expect(reasons()).toEqual(["unready", "deleted"]);
  });
});

test("a model that was not asked for Pods writes none", () => {
  const store = new ObjectStore();
  const model = new ClusterModel({ namespace: "data", service: "db" });
  for (const step of model.begin(0, 3)) applyStep(store, step);
  expect([store.list("pods"), store.list("statefulsets")]).toEqual([[], []]);
});
