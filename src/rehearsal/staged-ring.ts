import type { Source } from "../cluster/slice.ts";
import type { ModelNames } from "../simulator/model-names.ts";
import type { ModelPod } from "../simulator/model-objects.ts";
import type { SliceWrite } from "./slice-truth.ts";
import type { ObjectWrite } from "./stand-in-api.ts";
import { type ServiceWrites, StagedService } from "./staged-service.ts";
import { type PodTrouble, StagedWorkload } from "./staged-workload.ts";

/** A Pod to be made; what is left out follows from its ordinal. */
export interface StagedPod {
  readonly name: string;
  readonly zone?: string | undefined;
  readonly node?: string | undefined;
  readonly ready?: boolean | undefined;
  readonly terminating?: boolean | undefined;
}

/** A Service and its Pods as a test begins with them. */
export interface StagedRingOptions {
  readonly namespace: string;
  readonly service: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly pods: readonly StagedPod[];
  /** Nodes take turns in them; empty: nobody knows of zones. */
  readonly zones: readonly string[];
  /** How many nodes take turns, by ordinal: `node-0`, `node-1`, …; undefined: each Pod has its own. */
  readonly nodes: number | undefined;
  readonly publishNotReadyAddresses: boolean;
  /** The Service does not exist yet; its Pods do. */
  readonly absent: boolean;
}

/** What a ring on the stage works with. */
export interface StagedRingIo {
  readonly nowMs: () => number;
  readonly names: ModelNames;
  readonly write: (source: Source, writes: readonly SliceWrite[]) => void;
  readonly writeObjects: (writes: readonly ObjectWrite[]) => void;
}

/** Labels and their new values; null takes one away. */
export type LabelChanges = Readonly<Record<string, string | null>>;

/** Labels after a change. */
export function changedLabels(
  labels: Readonly<Record<string, string>>,
  changes: LabelChanges,
): Readonly<Record<string, string>> {
  const all = Object.entries({ ...labels, ...changes });
  return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== null));
}

/** A step asks for what cannot be. The message says what there is. */
export class StageError extends Error {}

/** One Service with its Pods. Each verb changes it at once, and writes what is written in a cluster then. */
export class StagedRing {
  readonly key: string;
  readonly #options: StagedRingOptions;
  readonly #io: StagedRingIo;
  /** The StatefulSet that the Pods belong to. */
  readonly #workload: StagedWorkload;
  readonly #pods = new Map<string, ModelPod>();
  /** Where each Pod has been, by name: a StatefulSet's Pod comes back to its volume. */
  readonly #homes = new Map<string, { readonly node: string; readonly zone: string }>();
  readonly #zones = new Map<string, string>();
  #labels: Readonly<Record<string, string>>;
  #service: StagedService | undefined;
  #isHeld = false;

  constructor(options: StagedRingOptions, io: StagedRingIo) {
    this.key = `${options.namespace}/${options.service}`;
    this.#options = options;
    this.#labels = options.labels;
    this.#io = io;
    this.#workload = new StagedWorkload(options.namespace, options.service, options.pods.length);
    for (const pod of options.pods) this.#make(pod);
    this.#syncObjects();
    if (!options.absent) this.createService();
  }

  /** The Pods of now, in order of their ordinals, then of their coming. */
  get pods(): readonly ModelPod[] {
    return [...this.#pods.values()].toSorted((a, b) => ordinalOf(a.name) - ordinalOf(b.name));
  }

  /** What happens until `release` is one write, as when one sync of the controllers finds it all done. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Writes what happened since `hold`. */
  release(): void {
    this.#isHeld = false;
    this.#sync();
  }

  /** New Pods, each with a new uid. */
  add(pods: readonly StagedPod[]): void {
    for (const pod of pods) {
      if (this.#find(pod.name)) throw new StageError(`Cannot add ${pod.name} to ${this.key}: it is there`);
      this.#make(pod);
    }
    this.#sync();
  }

  /** The Pods are gone at once. */
  remove(names: readonly string[]): void {
    for (const name of names) this.#pods.delete(this.#pod(name, "remove").uid);
    this.#sync();
  }

  /** The same names with new uids and addresses, ready. */
  replace(names: readonly string[]): void {
    for (const name of names) {
      this.#pods.delete(this.#pod(name, "replace").uid);
      this.#make({ name });
    }
    this.#sync();
  }

  /** The same Pods with new addresses. */
  move(names: readonly string[]): void {
    for (const name of names) {
      const pod = this.#pod(name, "move");
      this.#pods.set(pod.uid, { ...pod, address: this.#io.names.address(0) });
    }
    this.#sync();
  }

  /** How many Pods there are to be, and that those that are made from now on are of another revision. */
  want(wanted: { readonly desired?: number; readonly isNewRevision?: boolean }): void {
    this.#workload.want(wanted);
    this.#sync();
  }

  /** What befell Pods besides what their endpoints show; it is written with the next change. */
  trouble(names: readonly string[], trouble: PodTrouble): void {
    for (const name of names) this.#workload.trouble(this.#pod(name, "find").uid, trouble);
  }

  /** A container of the Pod ends with an error: it is not ready, and the kubelet will start it again. */
  crash(name: string): void {
    this.#workload.crash(this.#pod(name, "crash").uid, this.#io.nowMs());
    this.set([name], { serving: false }, "crash");
  }

  /** Changes what the Pods say of themselves. */
  set(
    names: readonly string[],
    facts: Partial<Pick<ModelPod, "serving" | "terminating">>,
    verb: string,
  ): void {
    for (const name of names) {
      const pod = this.#pod(name, verb);
      this.#pods.set(pod.uid, { ...pod, ...facts });
    }
    this.#sync();
  }

  /** The Service is made. Pods that run already are in it at once. */
  createService(): void {
    if (this.#service) throw new StageError(`Cannot create Service ${this.key}: it is there`);
    const { namespace, service: name, publishNotReadyAddresses } = this.#options;
    const service = { namespace, name, labels: this.#labels, publishNotReadyAddresses };
    this.#service = new StagedService(service, this.#io.names);
    this.#sync();
  }

  /** The Service is deleted: its slices go, its Pods live on. */
  deleteService(): void {
    if (!this.#service) throw new StageError(`Cannot delete Service ${this.key}: there is none`);
    const writes = this.#service.remove();
    this.#service = undefined;
    this.#write(writes);
  }

  /** The labels of the Service are others; null takes one away. A Service that is not there will be made with them. */
  label(changes: LabelChanges): void {
    this.#labels = changedLabels(this.#labels, changes);
    this.#service?.label(this.#labels);
    this.#sync();
  }

  /** The lowest free ordinals. */
  freeNames(count: number): string[] {
    const taken = new Set(this.pods.map(({ name }) => name));
    const names: string[] = [];
    for (let ordinal = 0; names.length < count; ordinal += 1) {
      const name = `${this.#options.service}-${ordinal}`;
      if (!taken.has(name)) names.push(name);
    }
    return names;
  }

  /** True while a Pod of this name is listed. */
  has(name: string): boolean {
    return this.#find(name) !== undefined;
  }

  #find(name: string): ModelPod | undefined {
    return this.#pods.values().find((pod) => pod.name === name);
  }

  #pod(name: string, verb: string): ModelPod {
    const pod = this.#find(name);
    if (pod) return pod;
    const there = this.pods.map((one) => one.name).slice(0, 10);
    const list = there.length > 0 ? `it has ${there.join(", ")}` : "it has no members";
    throw new StageError(`Cannot ${verb} ${name}: ring ${this.key} has no such member now, ${list}`);
  }

  #make({ name, zone, node, ready = true, terminating = false }: StagedPod): void {
    const home = this.#home(name, node, zone);
    this.#homes.set(name, home);
    const { names } = this.#io;
    const uid = names.uid();
    const pod = { name, uid, address: names.address(0), hostname: name, ...home };
    this.#pods.set(uid, { ...pod, serving: ready, terminating });
  }

  #home(name: string, node: string | undefined, zone: string | undefined): { node: string; zone: string } {
    const known = this.#homes.get(name);
    const ordinal = Math.max(0, ordinalOf(name));
    const index = this.#options.nodes === undefined ? ordinal : ordinal % this.#options.nodes;
    const { zones } = this.#options;
    const turn = zones[index % Math.max(1, zones.length)] ?? "";
    const home = node ?? known?.node ?? `node-${index}`;
    const place = zone ?? known?.zone ?? this.#zones.get(home) ?? turn;
    this.#zones.set(home, place);
    return { node: home, zone: place };
  }

  #syncObjects(): void {
    const writes = this.#workload.sync([...this.#pods.values()], this.#io.nowMs());
    if (writes.length > 0) this.#io.writeObjects(writes);
  }

  #sync(): void {
    if (this.#isHeld) return;
    this.#syncObjects();
    if (this.#service) this.#write(this.#service.sync(this.#pods, this.#io.nowMs()));
  }

  #write(writes: ServiceWrites): void {
    for (const source of ["endpointslices", "endpoints"] as const)
      if (writes[source].length > 0) this.#io.write(source, writes[source]);
  }
}

function ordinalOf(name: string): number {
  return Number(/-(\d{1,9})$/.exec(name)?.[1] ?? -1);
}
