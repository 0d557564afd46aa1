import { randomUUID } from "node:crypto";
import { eventually } from "./eventually.ts";
import type { Kube, KubeObject } from "./kube.ts";

/**
 * What a test plays with: a namespace, a Service, and Pods on a node that does not exist. Nobody runs the Pods: the
 * stage writes their status, as a kubelet would, and Kubernetes' own controllers make Endpoints and EndpointSlices of it.
 */
export class Stage {
  readonly #kube: Kube;
  readonly namespace: string;
  readonly #node: string;
  #nextAddress = 10;
  #heartbeat: NodeJS.Timeout | undefined;

  private constructor(kube: Kube, namespace: string) {
    this.#kube = kube;
    this.namespace = namespace;
    this.#node = namespace;
  }

  /** Makes the node and a new namespace. */
  static async set(kube: Kube): Promise<Stage> {
    const stage = new Stage(kube, `ringbell-e2e-${randomUUID().slice(0, 8)}`);
    await stage.#createNode();
    await stage.#createNamespace();
    return stage;
  }

  /** Leaves everything where it is: its control plane is about to go. */
  abandon(): void {
    clearInterval(this.#heartbeat);
  }

  /** Removes all that the stage has made. Pods go at once: nobody would end them gracefully. */
  async strike(): Promise<void> {
    this.abandon();
    await this.#kube.must("DELETE", `${this.#pods()}?gracePeriodSeconds=0`);
    await this.#kube.must("DELETE", `/api/v1/namespaces/${this.namespace}`);
    await this.#kube.must("DELETE", `/api/v1/nodes/${this.#node}`, undefined, [404]);
  }

  /** A Service for Pods with the label `app: NAME`. */
  async createService(name: string): Promise<void> {
    await this.#kube.must("POST", `/api/v1/namespaces/${this.namespace}/services`, {
      metadata: { name, labels: { app: name } },
      spec: { clusterIP: "None", selector: { app: name }, ports: [{ name: "cql", port: 9042 }] },
    });
  }

  /** A Pod of that Service: on the node, running, with an address of its own, and not ready. */
  async createPod(service: string, name: string): Promise<void> {
    await this.#kube.must("POST", this.#pods(), {
      metadata: { name, labels: { app: service } },
      spec: {
        nodeName: this.#node,
        automountServiceAccountToken: false,
        // So that no controller takes the Pod away when the node that nobody runs is found dead.
        tolerations: [{ operator: "Exists" }],
        containers: [{ name: service, image: "registry.invalid/none:0" }],
      },
    });
    const ip = `10.244.9.${this.#nextAddress++}`;
    await this.#patchStatus(name, {
      phase: "Running",
      podIP: ip,
      podIPs: [{ ip }],
      conditions: readiness(false),
    });
  }

  /** What the readiness probe would have found. */
  async setPodReady(name: string, ready: boolean): Promise<void> {
    await this.#patchStatus(name, { conditions: readiness(ready) });
  }

  /** Ends a Pod as a kubelet does: Terminating first, then gone. */
  async deletePod(name: string): Promise<void> {
    const path = `${this.#pods()}/${name}`;
    await this.#kube.must("DELETE", `${path}?gracePeriodSeconds=30`);
    await this.#kube.must("DELETE", `${path}?gracePeriodSeconds=0`, undefined, [404]);
    await eventually(`Pod ${name} is gone`, async () => (await this.#kube.ask("GET", path)).status === 404);
  }

  /** Names of the Pods that the Service's Endpoints object lists now, those that are not ready apart. */
  async endpoints(service: string): Promise<{ readonly ready: string[]; readonly notReady: string[] }> {
    const path = `/api/v1/namespaces/${this.namespace}/endpoints/${service}`;
    const { subsets = [] } = (await this.#kube.must("GET", path, undefined, [404])) as {
      subsets?: EndpointSubset[];
    };
    const names = (kind: keyof EndpointSubset): string[] =>
      subsets
        .flatMap((subset) => subset[kind] ?? [])
        .map(({ targetRef }) => targetRef.name)
        .toSorted();
    return { ready: names("addresses"), notReady: names("notReadyAddresses") };
  }

  /** Waits until the Endpoints object lists just these Pods as ready, and no others as not ready. */
  async untilReady(service: string, pods: readonly string[]): Promise<void> {
    await eventually(`${service} has ready: ${pods.join(", ")}`, async () => {
      const { ready, notReady } = await this.endpoints(service);
      return notReady.length === 0 && ready.join() === pods.toSorted().join();
    });
  }

  /** Makes a service account and returns a token of it that is good for an hour, or as long as the Secret is there. */
  async tokenFor(serviceAccount: string, secret?: string): Promise<string> {
    const accounts = `/api/v1/namespaces/${this.namespace}/serviceaccounts`;
    await this.#kube.must("POST", accounts, { metadata: { name: serviceAccount } }, [409]);
    const answer = await this.#kube.must("POST", `${accounts}/${serviceAccount}/token`, {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: {
        expirationSeconds: 3600,
        ...(secret ? { boundObjectRef: await this.#makeSecret(secret) } : {}),
      },
    });
    return (answer as { status: { token: string } }).status.token;
  }

  /** Removes a Secret; tokens that are bound to it are not valid any more, some seconds later. */
  async deleteSecret(name: string): Promise<void> {
    await this.#kube.must("DELETE", `/api/v1/namespaces/${this.namespace}/secrets/${name}`);
  }

  /** Makes a Role, ClusterRole or a binding as it was rendered, in the namespace that it names if it does. */
  async apply(manifest: KubeObject): Promise<void> {
    await this.#kube.must("POST", rbacPath(manifest as unknown as RbacObject), manifest);
  }

  /** Removes what `apply` has made. */
  async withdraw(manifest: KubeObject): Promise<void> {
    const object = manifest as unknown as RbacObject;
    await this.#kube.must("DELETE", `${rbacPath(object)}/${object.metadata.name}`);
  }

  async #makeSecret(name: string): Promise<KubeObject> {
    const path = `/api/v1/namespaces/${this.namespace}/secrets`;
    const secret = (await this.#kube.must("POST", path, { metadata: { name } })) as unknown as {
      readonly metadata: { readonly uid: string };
    };
    return { apiVersion: "v1", kind: "Secret", name, uid: secret.metadata.uid };
  }

  async #createNamespace(): Promise<void> {
    await this.#kube.must("POST", "/api/v1/namespaces", { metadata: { name: this.namespace } });
    await eventually("the namespace has a default service account", () =>
      this.#kube.hasDefaultServiceAccount(this.namespace),
    );
  }

  /** A node that says it is well every 10 s: of one that is silent for 40 s, Kubernetes takes all Pods for not ready. */
  async #createNode(): Promise<void> {
    const spec = { taints: [{ key: "ringbell.test/none", effect: "NoSchedule" }] };
    await this.#kube.must("POST", "/api/v1/nodes", { metadata: { name: this.#node }, spec }, [409]);
    const beat = async (): Promise<void> => {
      const now = new Date().toISOString();
      const condition = {
        type: "Ready",
        status: "True",
        reason: "Told",
        lastHeartbeatTime: now,
        lastTransitionTime: now,
      };
      await this.#kube.must("PATCH", `/api/v1/nodes/${this.#node}/status`, {
        status: { conditions: [condition] },
      });
    };
    await beat();
    // One that is missed does no harm; the API server may be down on purpose.
    this.#heartbeat = setInterval(() => void beat().catch(() => undefined), 10_000);
  }

  async #patchStatus(pod: string, status: KubeObject): Promise<void> {
    await this.#kube.must("PATCH", `${this.#pods()}/${pod}/status`, { status });
  }

  #pods(): string {
    return `/api/v1/namespaces/${this.namespace}/pods`;
  }
}

interface RbacObject {
  readonly kind: string;
  readonly metadata: { readonly namespace?: string; readonly name: string };
}

function rbacPath({ kind, metadata: { namespace } }: RbacObject): string {
  const place = namespace === undefined ? "" : `/namespaces/${namespace}`;
  return `/apis/rbac.authorization.k8s.io/v1${place}/${kind.toLowerCase()}s`;
}

interface EndpointSubset {
  readonly addresses?: readonly { readonly targetRef: { readonly name: string } }[];
  readonly notReadyAddresses?: readonly { readonly targetRef: { readonly name: string } }[];
}

function readiness(ready: boolean): KubeObject[] {
  const lastTransitionTime = new Date().toISOString();
  return ["Ready", "ContainersReady"].map((type) => ({
    type,
    status: ready ? "True" : "False",
    lastTransitionTime,
  }));
}
