import { KubeConfig } from "@kubernetes/client-node";
import { expect, onTestFinished, test } from "vitest";
import { createApiConnection } from "../../src/cluster/api-connection.ts";
import type { ObjectEvent } from "../../src/cluster/object-intake.ts";
import type { ObjectScope } from "../../src/cluster/object-plan.ts";
import { planObjects } from "../../src/cluster/object-plan.ts";
import { type Reflector, startObjectReflector } from "../../src/cluster/reflector.ts";
import { silentLogger } from "../../src/runtime/logger.ts";
import { VirtualClock } from "../../src/runtime/virtual-clock.ts";
import { type ApiServer, type ApiServerOptions, startApiServer } from "../../src/simulator/api-server.ts";
import { until } from "../support/scripted-api.ts";
import { namespace, pod, scopeOf, statefulSet } from "../support/workloads.ts";

interface Stage {
  readonly api: ApiServer;
  readonly clock: VirtualClock;
  readonly reflector: Reflector;
  /** `listed a b`, `changed a`, `deleted a` */
  readonly told: string[];
}

async function start(
  scope: ObjectScope,
  seed: (api: ApiServer) => void,
  watchList: "served" | "invalid",
  authorize?: NonNullable<ApiServerOptions["authorize"]>,
): Promise<Stage> {
  const clock = new VirtualClock(1_000_000);
  const api = await startApiServer({ clock, watchList, ...(authorize && { authorize }) });
  seed(api);
  const loadKubeConfig = (): KubeConfig => {
    const config = new KubeConfig();
    config.loadFromClusterAndUser({ name: "c", server: api.url, skipTLSVerify: true }, { name: "u" });
    return config;
  };
  const connection = createApiConnection({ loadKubeConfig, clock, version: "0" });
  const told: string[] = [];
  const reflector = startObjectReflector({
    scope,
    connection,
    clock,
    random: () => 0,
    logger: silentLogger,
    onEvent: (event) => told.push(describeEvent(event)),
  });
  onTestFinished(async () => {
    await reflector.stop();
    await connection.close();
    await api.close();
  });
  if (!authorize) await until(() => reflector.status().watching);
  return { api, clock, reflector, told };
}

function describeEvent(event: ObjectEvent): string {
  if (event.kind === "listed") return ["listed", ...event.objects.map(({ key }) => key)].join(" ");
  return `${event.kind} ${event.kind === "changed" ? event.object.key : event.key}`;
}

const [LABELS] = planObjects([{ need: "namespaceLabels", namespace: "data" }]) as [ObjectScope];
const [PODS] = planObjects([{ need: "workloads", namespace: "data" }]) as [ObjectScope];

test.each(["served", "invalid"] as const)(
  "a single Namespace is kept up with, streamed lists being %s",
  async (watchList) => {
    const { api, told } = await start(
      LABELS,
      ({ store }) => store.seed([namespace("data"), namespace("shop")]),
      watchList,
    );
    api.store.put(namespace("shop", { team: "b" }));
    api.store.put(namespace("data", { team: "a" }));
    api.store.put(namespace("data", { team: "a" }));
    api.store.delete("namespaces", "", "data");
    await until(() => told.length === 3);
    expect(told).toEqual(["listed data", "changed data", "deleted data"]);
  },
);

test.each(["served", "invalid"] as const)(
  "Pods of a namespace are, streamed lists being %s",
  async (watchList) => {
    const { api, told } = await start(
      PODS,
      ({ store }) => void store.put(pod("db-0", "StatefulSet/db")),
      watchList,
    );
    api.store.put(statefulSet("db", 2));
    api.store.put(pod("db-1", "StatefulSet/db"));
    api.store.put(pod("db-1", "StatefulSet/db", {}, { phase: "Failed" }));
    api.store.delete("pods", "data", "db-0");
    await until(() => told.length === 4);
    expect(told).toEqual(["listed data/db-0", "changed data/db-1", "changed data/db-1", "deleted data/db-0"]);
  },
);

test("after a 410 a list tells what was missed", async () => {
  const { api, clock, reflector, told } = await start(
    scopeOf("StatefulSet"),
    ({ store }) => void store.put(statefulSet("a", 1)),
    "invalid",
  );
  api.faults.freezeWatches();
  api.store.delete("statefulsets", "data", "a");
  api.store.put(statefulSet("b", 1));
  api.store.compact();
  api.faults.resetWatches();
  await until(() => {
    clock.advanceTo(clock.now() + 100);
    return reflector.status().relists === 1;
  });
  expect(told).toEqual(["listed data/a", "listed data/b"]);
});

test("a missing permission is known by its name", async () => {
  const { reflector } = await start(
    PODS,
    () => undefined,
    "served",
    ({ source }) => source !== "pods",
  );
  await until(() => reflector.status().missingPermission !== undefined);
  const { missingPermission, synced, lastFailure } = reflector.status();
  expect([missingPermission, synced]).toEqual([{ verb: "list", resource: "pods", namespace: "data" }, false]);
  expect(lastFailure).toContain("Cannot list pods in namespace data: 403 pods is forbidden");
});
