import { eventually } from "./eventually.ts";
import type { Kube, KubeObject } from "./kube.ts";
import { Kubelet } from "./kubelet.ts";
import { Stage } from "./stage.ts";

/** Shorter than the five minutes that Kubernetes gives a node to come back. */
const UNREACHABLE_SECONDS = 3;

/** The kinds of workload that the tests use. */
export type WorkloadKind = "statefulsets" | "deployments";

/** A stage with workloads on it: real controllers make the Pods, and a kubelet without containers runs them. */
export class Crew {
  readonly #kube: Kube;
  readonly stage: Stage;
  readonly kubelet: Kubelet;
  /** The node of all Pods that ask for no other. */
  readonly node: string;
  /** A node that may be lost. */
  readonly frailNode: string;

  private constructor(kube: Kube, stage: Stage, kubelet: Kubelet, nodes: readonly [string, string]) {
    this.#kube = kube;
    this.stage = stage;
    this.kubelet = kubelet;
    [this.node, this.frailNode] = nodes;
  }

  static async open(kube: Kube): Promise<Crew> {
    const stage = await Stage.set(kube);
    const nodes = [`${stage.namespace}-safe`, `${stage.namespace}-frail`] as const;
    return new Crew(kube, stage, await Kubelet.start(kube, stage.namespace, nodes), nodes);
  }

  get namespace(): string {
    return this.stage.namespace;
  }

  /** Removes all that there is, workloads first: they would make new Pods. */
  async strike(): Promise<void> {
    for (const kind of ["statefulsets", "deployments"] as const) {
      await this.#kube.must("DELETE", `${this.#apps(kind)}?propagationPolicy=Background`);
    }
    await this.kubelet.stop();
    await this.stage.strike();
  }

  /** A workload and a Service of one name. `app` is the Service, if that is of another name and there already. */
  async create(
    kind: WorkloadKind,
    name: string,
    replicas: number,
    { app = name, node = this.node }: { readonly app?: string; readonly node?: string } = {},
  ): Promise<void> {
    if (app === name) await this.stage.createService(name);
    const labels = { app, workload: name };
    const spec = {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: podSpec(node) },
      ...(kind === "statefulsets" ? { serviceName: app } : {}),
    };
    await this.#kube.must("POST", this.#apps(kind), { metadata: { name }, spec });
  }

  async scale(kind: WorkloadKind, name: string, replicas: number): Promise<void> {
    await this.#kube.must("PATCH", `${this.#apps(kind)}/${name}`, { spec: { replicas } });
  }

  /** As `kubectl delete`: the Pods are for the garbage collector. */
  async delete(kind: WorkloadKind, name: string): Promise<void> {
    await this.#kube.must("DELETE", `${this.#apps(kind)}/${name}?propagationPolicy=Background`);
  }

  /** As `kubectl rollout restart`; resolves when every Pod is of the new revision and ready, and no other is left. */
  async restart(kind: WorkloadKind, name: string): Promise<void> {
    const path = `${this.#apps(kind)}/${name}`;
    const annotations = { "kubectl.kubernetes.io/restartedAt": new Date().toISOString() };
    await this.#kube.must("PATCH", path, { spec: { template: { metadata: { annotations } } } });
    await eventually(`${name} is rolled out`, async () => {
      const { metadata, spec, status } = (await this.#kube.must("GET", path)) as unknown as Workload;
      const { observedGeneration, replicas, updatedReplicas, readyReplicas } = status;
      const isAll = [replicas, updatedReplicas, readyReplicas].every((count) => count === spec.replicas);
      return observedGeneration === metadata.generation && isAll;
    });
  }

  /** Asks for an eviction, as `kubectl drain` does. */
  async evict(pod: string): Promise<void> {
    // https://kubernetes.io/docs/reference/using-api/deprecation-guide/#v1-25
    const apiVersion = (await this.#kube.minorVersion()) < 22 ? "policy/v1beta1" : "policy/v1";
    const path = `/api/v1/namespaces/${this.namespace}/pods/${pod}/eviction`;
    const metadata = { name: pod, namespace: this.namespace };
    await this.#kube.must("POST", path, { apiVersion, kind: "Eviction", metadata });
  }

  /** Deletes a Pod as `kubectl delete pod` does; the kubelet ends it. */
  async deletePod(pod: string): Promise<void> {
    await this.#kube.must("DELETE", `/api/v1/namespaces/${this.namespace}/pods/${pod}`);
  }

  /** Waits until a Service has so many ready members and no others, and resolves with their names. */
  async untilReady(service: string, count: number): Promise<readonly string[]> {
    return eventually(`${service} has ${count} ready`, async () => {
      const { ready, notReady } = await this.stage.endpoints(service);
      return notReady.length === 0 && ready.length === count && ready;
    });
  }

  async labelNamespace(labels: Readonly<Record<string, string | null>>): Promise<void> {
    await this.#kube.must("PATCH", `/api/v1/namespaces/${this.namespace}`, { metadata: { labels } });
  }

  #apps(kind: WorkloadKind): string {
    return `/apis/apps/v1/namespaces/${this.namespace}/${kind}`;
  }
}

interface Workload {
  readonly metadata: { readonly generation: number };
  readonly spec: { readonly replicas: number };
  readonly status: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly readyReplicas?: number;
  };
}

function podSpec(nodeName: string): KubeObject {
  return {
    nodeName,
    automountServiceAccountToken: false,
    tolerations: ["unreachable", "not-ready"].map((taint) => ({
      key: `node.kubernetes.io/${taint}`,
      operator: "Exists",
      effect: "NoExecute",
      tolerationSeconds: UNREACHABLE_SECONDS,
    })),
    containers: [{ name: "main", image: "registry.invalid/none:0" }],
  };
}
