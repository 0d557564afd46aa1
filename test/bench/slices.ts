import { sliceObject, type ModelPod, type ModelService } from "../../src/simulator/model-objects.ts";
import { withVersion } from "../../src/simulator/object-store.ts";
import type { ApiObject } from "../../src/simulator/resources.ts";

const NAMESPACES = 10;
/** What Services are called, and their label `app`. */
export const APPS = ["api", "web", "db", "cache", "queue"] as const;

const CREATED_MS = Date.UTC(2026, 10, 1);

/** The state of one slice that an event shows. */
export interface SliceState {
  /** Which Service: its namespace and name come from the number. */
  readonly index: number;
  readonly endpoints: number;
  /** The one endpoint that is not ready. */
  readonly unready?: number;
  readonly version: number;
}

/** A slice as kube-controller-manager writes it, with `managedFields` and all: the only one of its Service. */
export function benchSlice({ index, endpoints, unready, version }: SliceState): ApiObject {
  const service = serviceOf(index);
  const pods = Array.from({ length: endpoints }, (_, i) => podOf(service, index, i, i !== unready));
  return sliceFor(service, pods, index, version);
}

/** The ring that tells when everything before has been taken in: without a ready member it fires at once. */
export function canarySlice(ready: boolean, version: number): ApiObject {
  const service = { ...serviceOf(0), namespace: "bench", name: "canary" };
  return sliceFor(service, [podOf(service, 999_999, 0, ready)], 999_999, version);
}

function sliceFor(
  service: ModelService,
  pods: readonly ModelPod[],
  index: number,
  version: number,
): ApiObject {
  const writtenMs = CREATED_MS + version * 1000;
  const facts = {
    name: `${service.name}-${suffix(index)}`,
    uid: uid(7, index),
    generation: version,
    createdMs: CREATED_MS,
    writtenMs,
    triggerMs: writtenMs,
  };
  return withVersion(sliceObject(service, facts, pods), version);
}

function serviceOf(index: number): ModelService {
  const app = APPS[Math.floor(index / NAMESPACES) % APPS.length] ?? "api";
  return {
    namespace: `team-${index % NAMESPACES}`,
    name: `${app}-${Math.floor(index / NAMESPACES / APPS.length)}`,
    uid: uid(1, index),
    labels: {
      app,
      "app.kubernetes.io/instance": `shop-${index % NAMESPACES}`,
      "app.kubernetes.io/managed-by": "Helm",
      "helm.sh/chart": `${app}-4.2.1`,
    },
    headless: app === "db",
    publishNotReadyAddresses: false,
    portName: "http",
    port: 8080,
  };
}

function podOf(service: ModelService, index: number, i: number, ready: boolean): ModelPod {
  const name = service.headless ? `${service.name}-${i}` : `${service.name}-${suffix(index)}-${suffix(i)}`;
  return {
    name,
    uid: uid(index + 2, i),
    address: `10.${(index >> 8) & 255}.${index & 255}.${i + 1}`,
    node: `worker-${(index + i) % 50}.eu-central-1.compute.internal`,
    zone: `eu-central-1${"abc"[i % 3]}`,
    hostname: service.headless ? name : undefined,
    serving: ready,
    terminating: false,
  };
}

// Spread like the random names and uids of a real cluster, and the same in each process.
function scatter(a: number, b: number): number {
  return Math.imul(Math.imul(a, 0x9e3779b1) ^ (b + 0x7f4a7c15), 0x85ebca6b) >>> 0;
}

function suffix(n: number): string {
  return scatter(n, 3).toString(36).padStart(7, "0").slice(-5);
}

function uid(a: number, b: number): string {
  const hex = [scatter(a, b), scatter(b, a), scatter(a ^ 0x55, b), scatter(b ^ 0x55, a)]
    .map((part) => part.toString(16).padStart(8, "0"))
    .join("");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
    hex.slice(20),
  ].join("-");
}
