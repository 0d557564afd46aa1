import type { Random } from "../../src/runtime/random.ts";
import { ModelServer, type EndpointJson, type SliceJson } from "./model-server.ts";

/** How the endpoints of a Service look. */
interface Shape {
  readonly families: readonly SliceJson["addressType"][];
  /** What names an endpoint. */
  readonly by: "pod" | "hostname" | "address";
  /** Slices bear trigger times, in any order; they decide where slices contradict each other, for good. */
  readonly timed?: boolean;
  /** `ready` is always true, as with publishNotReadyAddresses. */
  readonly published?: boolean;
  /** Conditions are left out, or null, where that means the same. */
  readonly terse?: boolean;
}

/** Every shape that a case may give to a Service. */
export const SHAPES: readonly Shape[] = [
  { families: ["IPv4"], by: "pod" },
  { families: ["IPv4"], by: "pod", timed: true },
  { families: ["IPv4", "IPv6"], by: "pod" },
  { families: ["IPv4"], by: "pod", published: true },
  { families: ["IPv4", "IPv6"], by: "pod", terse: true },
  { families: ["IPv4", "IPv6"], by: "hostname" },
  { families: ["IPv4"], by: "address", terse: true },
  { families: ["IPv4", "IPv6"], by: "address" },
  { families: ["FQDN"], by: "address" },
];

/** The Services of the world. */
export const SERVICES = [
  { namespace: "data", service: "web" },
  { namespace: "data", service: "db" },
  { namespace: "edge", service: "web" },
] as const;
/** Pods of each Service. */
export const PODS = 4;
/** Two slices for each Service and family. */
export const SLOTS = SERVICES.length * 4;
/** Labels that a Service may have. */
const LABELS: readonly Readonly<Record<string, string>>[] = [
  { tier: "gold" },
  { tier: "silver" },
  { tier: "silver", "app.kubernetes.io/name": "web" },
  {},
];

/** What can happen to a Pod. */
export type PodChange = "replaced" | "moved" | "unready" | "ready" | "terminating";

interface Pod {
  uid: number;
  place: number;
  serving: boolean;
  terminating: boolean;
}

interface Slot {
  readonly index: number;
  readonly home: number;
  readonly family: SliceJson["addressType"];
  readonly key: string;
  /** Which Service its label names; -1 for none. */
  owner: number;
  pods: readonly number[];
  exists: boolean;
}

/** Services, their Pods and the slices that list them; it writes slices as the controller does, and as people do. */
export class World {
  readonly server = new ModelServer();
  readonly #shapes: readonly Shape[];
  readonly #random: Random;
  readonly #pods: readonly Pod[][];
  readonly #slots: readonly Slot[];
  readonly #labels: number[] = SERVICES.map(() => 0);
  #writes = 0;

  constructor(shapes: readonly number[], random: Random) {
    this.#shapes = SERVICES.map(
      (_, i) => SHAPES[(shapes[i] ?? 0) % SHAPES.length] ?? { families: ["IPv4"], by: "pod" },
    );
    this.#random = random;
    this.#pods = SERVICES.map(() =>
      Array.from({ length: PODS }, () => ({ uid: 1, place: 1, serving: true, terminating: false })),
    );
    this.#slots = Array.from({ length: SLOTS }, (_, index) => this.#newSlot(index));
  }

  /** Makes a Service with its first Pods, in one slice of each family; fewer than none: no Service. */
  begin(home: number, pods: number): void {
    const families = this.#shapes[home]?.families ?? [];
    for (const family of pods < 0 ? [] : families) {
      const slot = this.#slots.find((each) => each.home === home && each.family === family);
      if (slot)
        this.write(
          slot.index,
          Array.from({ length: pods }, (_, i) => i),
        );
    }
  }

  /** Writes one slice, new or not, with these Pods as they are now. */
  write(index: number, pods: readonly number[]): void {
    const slot = this.#slot(index);
    slot.pods = pods;
    slot.exists = true;
    this.#put(slot);
  }

  /** Changes a Pod, and writes that many of the slices that list it. */
  change(home: number, pod: number, how: PodChange, writes: number): void {
    const state = this.#pods[home]?.[pod];
    if (!state) return;
    if (how === "replaced")
      Object.assign(state, { uid: state.uid + 1, place: state.place + 1, terminating: false });
    else if (how === "moved") state.place += 1;
    else if (how === "terminating") state.terminating = true;
    else state.serving = how === "ready";
    const listing = this.#slots.filter(
      (slot) => slot.exists && slot.home === home && slot.pods.includes(pod),
    );
    for (const slot of listing.slice(0, writes)) this.#put(slot);
  }

  /** Moves an endpoint to the other slice of its family; for a moment it is in both, or in none. */
  shift(index: number, pod: number, addFirst: boolean): void {
    const from = this.#slot(index);
    const to = this.#slots.find(
      (slot) => slot !== from && slot.home === from.home && slot.family === from.family,
    );
    if (!to || !from.exists || !from.pods.includes(pod)) return;
    const add = (): void => this.write(to.index, [...new Set([...(to.exists ? to.pods : []), pod])]);
    if (addFirst) add();
    this.write(
      from.index,
      from.pods.filter((each) => each !== pod),
    );
    if (!addFirst) add();
  }

  delete(index: number): void {
    const slot = this.#slot(index);
    slot.exists = false;
    slot.owner = slot.home;
    this.server.delete(slot.key);
  }

  /** All slices of a Service go, one by one. */
  deleteService(owner: number): void {
    for (const slot of this.#slots) if (slot.exists && slot.owner === owner) this.delete(slot.index);
  }

  /** The Service has other labels, and that many of its slices are written. */
  relabel(owner: number, labels: number, writes: number): void {
    this.#labels[owner] = labels % LABELS.length;
    for (const slot of this.#slots.filter((each) => each.exists && each.owner === owner).slice(0, writes))
      this.#put(slot);
  }

  /** The slice's own label names another Service of its namespace, or none. */
  adopt(index: number, owner: number): void {
    const slot = this.#slot(index);
    if (!slot.exists || (owner !== -1 && SERVICES[owner]?.namespace !== SERVICES[slot.home]?.namespace))
      return;
    slot.owner = owner;
    this.#put(slot);
  }

  #slot(index: number): Slot {
    const slot = this.#slots[index % SLOTS];
    if (!slot) throw new RangeError(`there is no slot ${index}`);
    return slot;
  }

  #newSlot(index: number): Slot {
    const home = index % SERVICES.length;
    const turn = Math.floor(index / SERVICES.length);
    const families = this.#shapes[home]?.families ?? ["IPv4"];
    const family = families[turn % families.length] ?? "IPv4";
    const { namespace = "", service = "" } = SERVICES[home] ?? {};
    return {
      index,
      home,
      family,
      key: `${namespace}/${service}-${(turn * 7) % 4}`,
      owner: home,
      pods: [],
      exists: false,
    };
  }

  #put(slot: Slot): void {
    this.server.put(this.#object(slot));
  }

  #object(slot: Slot): SliceJson {
    const [namespace = "", name = ""] = slot.key.split("/");
    const owner = SERVICES[slot.owner];
    return {
      kind: "EndpointSlice",
      apiVersion: "discovery.k8s.io/v1",
      metadata: {
        name,
        namespace,
        resourceVersion: "",
        labels: {
          ...(owner && LABELS[this.#labels[slot.owner] ?? 0]),
          "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
          ...(owner && { "kubernetes.io/service-name": owner.service }),
        },
        annotations: this.#annotations(slot),
      },
      addressType: slot.family,
      endpoints: slot.pods.length === 0 ? null : slot.pods.map((pod) => this.#endpoint(slot, pod)),
    };
  }

  /** Some lines hold characters of several bytes, and one that some take for a line end. */
  #annotations({ home }: Slot): Record<string, string> {
    const note = { note: "grün \u2028 — 環 🔔" };
    if (!this.#shapes[home]?.timed) return note;
    this.#writes += 1;
    const second = Math.floor(this.#random() * 50) * 1000 + this.#writes;
    return {
      ...note,
      "endpoints.kubernetes.io/last-change-trigger-time": new Date(second * 1000).toISOString(),
    };
  }

  #endpoint({ home, family }: Slot, index: number): EndpointJson {
    const { by, published = false, terse = false } = this.#shapes[home] ?? { by: "pod" };
    const pod = this.#pods[home]?.[index];
    const { namespace = "", service = "" } = SERVICES[home] ?? {};
    if (!pod) throw new RangeError(`there is no Pod ${index}`);
    const { serving, terminating } = pod;
    const name = index === PODS - 1 ? `${service}-ü\u2028🔔` : `${service}-${index}`;
    const place = {
      IPv4: `10.${home}.${index}.${pod.place}`,
      IPv6: `fd00::${home}:${index}:${pod.place}`,
      FQDN: `${service}-${index}.example`,
    };
    const uid = `${namespace}-${service}-${index}-${pod.uid}`;
    const ready = published || (serving && !terminating);
    const conditions =
      terse && serving && !terminating ? { ready: null, serving: null } : { ready, serving, terminating };
    return {
      addresses: [place[family]],
      ...(!(terse && index === 0 && ready) && { conditions }),
      ...(by === "hostname" && { hostname: `${service}-${index}` }),
      ...(by === "pod" && { targetRef: { kind: "Pod", ...(index !== 1 && { namespace }), name, uid } }),
      // Without a target, only addresses tell endpoints apart.
      ...(by !== "address" && {
        zone: `zone-${index % 2}`,
        ...(index !== 2 && { nodeName: `node-${index}` }),
      }),
    };
  }
}
