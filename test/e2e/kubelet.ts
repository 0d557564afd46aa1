import { setTimeout as sleep } from "node:timers/promises";
import type { Kube, KubeObject } from "./kube.ts";

/** How often it looks at its Pods. */
const EVERY_MS = 200;
/** As kubelets do; well below the 40 s after which the node controller finds a node dead. */
const HEARTBEAT_MS = 10_000;
/** Longer than the settle times of the rules under test, so that a Pod that is replaced is away for long enough to be told. */
const STOPPING_MS = 2_500;

/**
 * The kubelet of some nodes that do not exist, for the Pods of one namespace: it starts them, says that they are ready, and
 * ends them. All else is done by Kubernetes' own controllers. There is no scheduler: Pods name their node themselves.
 */
export class Kubelet {
  readonly #kube: Kube;
  readonly #pods: string;
  readonly #nodes: ReadonlySet<string>;
  readonly #lost = new Set<string>();
  readonly #heldBack = new Set<string>();
  readonly #endsAtMs = new Map<string, number>();
  readonly #stop = new AbortController();
  #beatAtMs = -Infinity;
  #nextAddress = 1;
  #running: Promise<void> = Promise.resolve();

  private constructor(kube: Kube, namespace: string, nodes: readonly string[]) {
    this.#kube = kube;
    this.#pods = `/api/v1/namespaces/${namespace}/pods`;
    this.#nodes = new Set(nodes);
  }

  /** Makes the nodes, and keeps them and their Pods alive until `stop`. */
  static async start(kube: Kube, namespace: string, nodes: readonly string[]): Promise<Kubelet> {
    const kubelet = new Kubelet(kube, namespace, nodes);
    const spec = { taints: [{ key: "ringbell.test/none", effect: "NoSchedule" }] };
    for (const name of nodes) {
      await kube.must("POST", "/api/v1/nodes", { metadata: { name }, spec, status: nodeStatus() });
    }
    kubelet.#running = kubelet.#run();
    return kubelet;
  }

  /** From now on the Pod of this name is not ready, or not when it is there. */
  holdBack(pod: string): void {
    this.#heldBack.add(pod);
  }

  /** Ends `holdBack`. */
  release(pod: string): void {
    this.#heldBack.delete(pod);
  }

  /** The node falls silent: no heartbeat, and nothing becomes of its Pods. */
  lose(node: string): void {
    this.#lost.add(node);
  }

  /** A kubelet whose node runs out of something: https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/ */
  async evict(pod: string): Promise<void> {
    const path = `${this.#pods}/${pod}`;
    const record = (await this.#kube.must("GET", path)) as unknown as Pod;
    const why = { reason: "Evicted", message: "The node was low on resource: memory." };
    const status = { phase: "Failed", ...why, ...readiness(record, false) };
    await this.#kube.must("PATCH", `${path}/status`, { status });
  }

  /** The Pod's container has ended badly, is restarted, and will end badly again: from now on it is not ready. */
  async crash(pod: string): Promise<void> {
    this.holdBack(pod);
    const path = `${this.#pods}/${pod}`;
    const record = (await this.#kube.must("GET", path)) as unknown as Pod;
    const finishedAt = new Date().toISOString();
    const terminated = { exitCode: 137, reason: "OOMKilled", startedAt: finishedAt, finishedAt };
    const state = {
      waiting: { reason: "CrashLoopBackOff", message: "back-off 10s restarting failed container" },
    };
    const looping = { restartCount: 3, state, lastState: { terminated } };
    await this.#kube.must("PATCH", `${path}/status`, { status: readiness(record, false, looping) });
  }

  /** Ends what is still there, the Pods of lost nodes too, and removes the nodes. The workloads have to be gone. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#kube.must("DELETE", `${this.#pods}?gracePeriodSeconds=0`);
    for (const name of this.#nodes) {
      await this.#kube.must("DELETE", `/api/v1/nodes/${name}`, undefined, [404]);
    }
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#beat();
      const { items } = (await this.#kube.must("GET", this.#pods)) as unknown as { items: readonly Pod[] };
      await Promise.all(items.filter((pod) => this.#isOurs(pod)).map((pod) => this.#tend(pod)));
      await sleep(EVERY_MS);
    }
  }

  #isOurs({ spec: { nodeName = "" }, status }: Pod): boolean {
    return this.#nodes.has(nodeName) && !this.#lost.has(nodeName) && status?.phase !== "Failed";
  }

  async #beat(): Promise<void> {
    if (performance.now() - this.#beatAtMs < HEARTBEAT_MS) return;
    this.#beatAtMs = performance.now();
    for (const name of this.#nodes) {
      if (this.#lost.has(name)) continue;
      await this.#kube.must("PATCH", `/api/v1/nodes/${name}/status`, { status: nodeStatus() });
    }
  }

  /** One step: running and not ready, then ready; of a Pod that is deleted: ended, then gone. */
  async #tend(pod: Pod): Promise<void> {
    const { name, uid, deletionTimestamp } = pod.metadata;
    const path = `${this.#pods}/${name}`;
    if (deletionTimestamp !== undefined) {
      const endsAtMs = this.#endsAtMs.get(uid) ?? performance.now() + STOPPING_MS;
      this.#endsAtMs.set(uid, endsAtMs);
      if (performance.now() < endsAtMs) return;
      await this.#write("PATCH", `${path}/status`, {
        status: { phase: "Succeeded", ...readiness(pod, false) },
      });
      await this.#write("DELETE", `${path}?gracePeriodSeconds=0`, undefined);
      return;
    }
    if (pod.status?.phase !== "Running") {
      const podIP = `10.244.10.${this.#nextAddress++}`;
      const status = { phase: "Running", podIP, podIPs: [{ ip: podIP }], ...readiness(pod, false) };
      return this.#write("PATCH", `${path}/status`, { status });
    }
    const ready = !this.#heldBack.has(name);
    const { status } = pod.status.conditions?.find(({ type }) => type === "Ready") ?? {};
    if (status === (ready ? "True" : "False")) return;
    return this.#write("PATCH", `${path}/status`, { status: readiness(pod, ready) });
  }

  /** A Pod may be gone meanwhile, or its name taken by the next one. */
  async #write(method: string, path: string, body: unknown): Promise<void> {
    await this.#kube.must(method, path, body, [404, 409]);
  }
}

interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly nodeName?: string; readonly containers: readonly { readonly name: string }[] };
  readonly status?: { readonly phase?: string; readonly conditions?: readonly Condition[] };
}

interface Condition {
  readonly type: string;
  readonly status: string;
}

const OWN = ["Ready", "ContainersReady"];
const RUNNING: KubeObject = { restartCount: 0, state: { running: {} } };

/** What a readiness probe would have found; the conditions that others have written stay. */
function readiness({ spec, status }: Pod, ready: boolean, container: KubeObject = RUNNING): KubeObject {
  const lastTransitionTime = new Date().toISOString();
  const own = OWN.map((type) => ({
    type,
    status: ready ? "True" : "False",
    lastTransitionTime,
    ...(ready ? {} : { reason: "ContainersNotReady" }),
  }));
  return {
    conditions: [...(status?.conditions ?? []).filter(({ type }) => !OWN.includes(type)), ...own],
    containerStatuses: spec.containers.map(({ name }) => ({
      name,
      ready,
      started: true,
      image: "",
      imageID: "",
      ...container,
    })),
  };
}

function nodeStatus(): KubeObject {
  const now = new Date().toISOString();
  const ready = {
    type: "Ready",
    status: "True",
    reason: "Told",
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  };
  return { conditions: [ready] };
}
