import { PODS, type PodChange } from "./cases.ts";
import type { Pod, Shown } from "./history.ts";

/** The Services of a case and their Pods, as they truly are. */
export class SmallWorld {
  readonly #rings = new Map<string, Map<string, Pod>>();
  #made = 0;

  create(ring: string, pods: number): void {
    this.#rings.set(ring, new Map());
    for (let pod = 0; pod < pods; pod++) this.change(ring, pod, "add");
  }

  delete(ring: string): void {
    this.#rings.delete(ring);
  }

  shown(ring: string): Shown {
    const pods = this.#rings.get(ring);
    return pods ? [...pods.values()] : "absent";
  }

  /** Does nothing to a Pod, or in a Service, that is not there. */
  change(ring: string, index: number, how: PodChange): void {
    const pods = this.#rings.get(ring);
    if (!pods) return;
    const key = `${ring.split("/")[0]}/pod-${index % PODS}`;
    const pod = pods.get(key);
    if (how === "add") {
      if (!pod) pods.set(key, this.#newPod(key, index));
    } else if (pod) this.#alter(pods, pod, index, how);
  }

  #alter(pods: Map<string, Pod>, pod: Pod, index: number, how: Exclude<PodChange, "add">): void {
    const { key } = pod;
    switch (how) {
      case "remove":
        pods.delete(key);
        return;
      case "unready":
      case "ready":
        pods.set(key, { ...pod, serving: how === "ready" });
        return;
      case "replace":
        pods.set(key, this.#newPod(key, index));
        return;
      case "move":
        pods.set(key, { ...pod, address: this.#address() });
        return;
      case "terminate":
        pods.set(key, { ...pod, terminating: true });
        return;
      default:
        return how satisfies never;
    }
  }

  #newPod(key: string, index: number): Pod {
    const address = this.#address();
    return {
      key,
      uid: `uid ${address}`,
      address,
      zone: `zone-${index % 2}`,
      serving: true,
      terminating: false,
    };
  }

  #address(): string {
    this.#made++;
    return `10.0.${this.#made >> 8}.${this.#made & 255}`;
  }
}
