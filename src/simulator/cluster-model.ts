import type { Random } from "../runtime/random.ts";
import { endpointsObject, type ModelPod, type ModelService, sliceObject } from "./model-objects.ts";
import { ModelNames } from "./model-names.ts";
import { type SlicePlace, syncSlices } from "./model-slices.ts";
import { ModelWorkloads } from "./model-workloads.ts";
import type { ApiObject, ResourceName } from "./resources.ts";

/** One write to the API server. */
export type ModelChange =
  | { readonly put: ApiObject }
  | { readonly remove: { readonly source: ResourceName; readonly namespace: string; readonly name: string } };

/** What is written at one moment, in milliseconds after the verb. */
export interface ModelStep {
  readonly afterMs: number;
  readonly changes: readonly ModelChange[];
}

/** How long Pods take, in milliseconds. */
export interface PodTimes {
  /** From being made to having an address. */
  readonly startMs: number;
  /** From having an address to being ready. */
  readonly readyMs: number;
  /** From terminating to gone. */
  readonly stopMs: number;
}

/** All but `namespace` and `service` may be left out. */
export interface ClusterModelOptions {
  readonly namespace: string;
  readonly service: string;
  /** `StatefulSet` (default): names with ordinals, one Pod after the other. `Deployment`: all at once. */
  readonly workload?: "StatefulSet" | "Deployment";
  readonly labels?: Readonly<Record<string, string>>;
  /** Default: true for a StatefulSet. */
  readonly headless?: boolean;
  readonly publishNotReadyAddresses?: boolean;
  /** Pods go to them in turn; default node-1 to node-3 in zone-a to zone-c. */
  readonly nodes?: readonly { readonly name: string; readonly zone: string }[];
  readonly portName?: string;
  readonly port?: number;
  readonly times?: Partial<PodTimes>;
  /** Endpoints per slice; default 100, as in the controller. */
  readonly sliceCapacity?: number;
  /** Writes Pods and what owns them too; default: only what endpoints show of them. */
  readonly pods?: boolean;
  /** For uids and slice names; default: counted, so that each run is the same. */
  readonly random?: Random;
}

interface Action {
  readonly afterMs: number;
  readonly run: () => void;
  /** Whether the write bears `last-change-trigger-time`, as far as recordings show a pattern. */
  readonly triggers: boolean;
}

const DEFAULT_NODES = ["a", "b", "c"].map((zone, index) => ({
  name: `node-${index + 1}`,
  zone: `zone-${zone}`,
}));
const DEFAULT_TIMES: PodTimes = { startMs: 2_000, readyMs: 3_000, stopMs: 5_000 };
/** Between two Pods of a Deployment that is scaled: the controllers' own pace in recordings. */
const DEPLOYMENT_PACE_MS = 40;

/**
 * A Service and its Pods, no more. Each verb changes the model at once and returns what the API server is to be told,
 * and when; play the steps of one verb to their end before the next one, or start the next with what is left to wait.
 * No I/O, no time of its own: `nowMs` is the moment of the verb.
 * @example
 * const model = new ClusterModel({ namespace: "data", service: "cassandra" });
 * playSteps(clock, server.store, [...model.begin(clock.now(), 5)]);
 * playSteps(clock, server.store, model.rollingRestart(clock.now()));
 */
export class ClusterModel {
  readonly #options: ClusterModelOptions;
  readonly #times: PodTimes;
  readonly #pods = new Map<string, ModelPod>();
  #service: ModelService | undefined;
  #places: readonly SlicePlace[] = [];
  #endpoints: { readonly uid: string; readonly createdMs: number; readonly written: string } | undefined;
  readonly #names: ModelNames;
  readonly #workloads: ModelWorkloads | undefined;
  readonly #silentNodes = new Set<string>();
  #desired = 0;
  #revision = 1;
  #scheduled = 0;

  constructor(options: ClusterModelOptions) {
    this.#options = options;
    this.#times = { ...DEFAULT_TIMES, ...options.times };
    this.#names = new ModelNames(options.random);
    const { namespace, service: name, workload: kind = "StatefulSet" } = options;
    if (options.pods === true) this.#workloads = new ModelWorkloads({ namespace, name, kind }, this.#names);
  }

  /** Names of the Pods that are listed, in the order of their coming. */
  podNames(): string[] {
    return [...this.#pods.values()].map(({ name }) => name);
  }

  /** The Pod of this name as it is after all verbs so far; the latest when two bear it. */
  pod(name: string): ModelPod | undefined {
    return [...this.#pods.values()].findLast((pod) => pod.name === name);
  }

  /** Makes the Service with all its Pods ready at once: the quiet state a story begins with. */
  begin(nowMs: number, replicas: number): ModelStep[] {
    this.#desired = replicas;
    return this.#play(nowMs, [
      this.#act(0, () => {
        this.#makeService();
        for (const name of this.#freeNames(replicas)) this.#addPod(name, true);
      }),
    ]);
  }

  /** Makes the Service. Without Pods it has one empty slice; Pods that run already are in it at once. */
  createService(nowMs: number): ModelStep[] {
    return this.#play(nowMs, [this.#act(0, () => this.#makeService())]);
  }

  /** Deletes the Service: its slices go, its Pods live on. `everyMs`: the garbage collector takes so long for each object. */
  deleteService(nowMs: number, everyMs = 0): ModelStep[] {
    const steps = this.#play(nowMs, [this.#act(0, () => (this.#service = undefined))]);
    if (everyMs === 0) return steps;
    return steps
      .flatMap(({ changes }) => changes)
      .map((change, index) => ({ afterMs: index * everyMs, changes: [change] }));
  }

  /** A new Pod: listed but not ready, later ready. Default name: the next one. */
  addPod(nowMs: number, name?: string): ModelStep[] {
    this.#desired += 1;
    return this.#play(
      nowMs,
      this.#freeNames(1).flatMap((free) => this.#adding(0, name ?? free)),
    );
  }

  /** The Pod fails its readiness probe. */
  notReady(nowMs: number, name: string): ModelStep[] {
    return this.#play(nowMs, [this.#act(0, () => this.#change(name, { serving: false }))]);
  }

  /** The Pod passes its readiness probe. */
  ready(nowMs: number, name: string): ModelStep[] {
    return this.#play(nowMs, [this.#act(0, () => this.#change(name, { serving: true }), false)]);
  }

  /** The Pod is being deleted but still serves. */
  startTerminating(nowMs: number, name: string): ModelStep[] {
    return this.#play(nowMs, [this.#act(0, () => this.#change(name, { terminating: true }), false)]);
  }

  /** The Pod is gone, at once: the end of termination, or an eviction. */
  remove(nowMs: number, name: string): ModelStep[] {
    return this.#play(nowMs, [this.#act(0, () => this.#remove(name))]);
  }

  /** The same name with a new uid: terminating, gone, new (`address`: with just this one), ready. */
  replace(nowMs: number, name: string, address?: string): ModelStep[] {
    return this.#play(nowMs, this.#replacing(0, name, address));
  }

  /**
   * Replaces all Pods, each when the one before is ready. In a StatefulSet each keeps its name, the highest ordinal
   * comes first, and the old one goes first; in a Deployment a Pod of another name is ready before the old one goes.
   */
  rollingRestart(nowMs: number): ModelStep[] {
    const { startMs, readyMs, stopMs } = this.#times;
    const each = stopMs + startMs + readyMs;
    const names = this.podNames().toSorted(byOrdinal).reverse();
    this.#revision += 1;
    const surges = this.#options.workload === "Deployment" ? this.#freeNames(names.length) : undefined;
    const actions = names.flatMap((name, index) => {
      const fromMs = index * (each + 10);
      const surge = surges?.[index];
      return surge === undefined
        ? this.#replacing(fromMs, name)
        : [...this.#adding(fromMs, surge), ...this.#leaving(fromMs + startMs + readyMs, name)];
    });
    return this.#play(nowMs, [this.#said(), ...actions]);
  }

  /** Adds Pods or takes the last ones away until there are `replicas`. */
  scale(nowMs: number, replicas: number): ModelStep[] {
    const { startMs, readyMs, stopMs } = this.#times;
    const names = this.podNames().toSorted(byOrdinal);
    const inTurn = this.#options.workload !== "Deployment";
    this.#desired = replicas;
    const added = this.#freeNames(replicas - names.length).map((name, index) =>
      this.#adding(index * (inTurn ? startMs + readyMs : DEPLOYMENT_PACE_MS), name),
    );
    const removed = names.slice(replicas).reverse();
    const leaving = removed.map((name, index) =>
      this.#leaving(index * (inTurn ? stopMs + 10 : DEPLOYMENT_PACE_MS), name),
    );
    return this.#play(nowMs, [this.#said(), ...added.flat(), ...leaving.flat()]);
  }

  /** All Pods of a node are not ready, as when its kubelet is silent. */
  loseNode(nowMs: number, node: string): ModelStep[] {
    return this.#play(nowMs, [this.#act(0, () => this.#changeNode(node, false))]);
  }

  /** The node is back, and its Pods are ready. */
  recoverNode(nowMs: number, node: string): ModelStep[] {
    return this.#play(nowMs, [this.#act(0, () => this.#changeNode(node, true))]);
  }

  /** The workload is told at once, its Pods follow. */
  #said(): Action {
    return this.#act(0, () => undefined, false);
  }

  #act(afterMs: number, run: () => void, triggers = true): Action {
    return { afterMs, run, triggers };
  }

  #adding(afterMs: number, name: string, address?: string): Action[] {
    const listedMs = afterMs + this.#times.startMs;
    const readyMs = listedMs + this.#times.readyMs;
    return [
      this.#act(listedMs, () => this.#addPod(name, false, address)),
      this.#act(readyMs, () => this.#change(name, { serving: true }), false),
    ];
  }

  #leaving(afterMs: number, name: string): Action[] {
    return [
      this.#act(afterMs, () => this.#change(name, { terminating: true }), false),
      this.#act(afterMs + this.#times.stopMs, () => this.#remove(name)),
    ];
  }

  #replacing(afterMs: number, name: string, address?: string): Action[] {
    return [...this.#leaving(afterMs, name), ...this.#adding(afterMs + this.#times.stopMs, name, address)];
  }

  #play(nowMs: number, actions: readonly Action[]): ModelStep[] {
    return actions
      .toSorted((a, b) => a.afterMs - b.afterMs)
      .map(({ afterMs, run, triggers }) => {
        run();
        const changes = [...this.#syncWorkload(nowMs + afterMs), ...this.#sync(nowMs + afterMs, triggers)];
        return { afterMs, changes };
      })
      .filter(({ changes }) => changes.length > 0);
  }

  #syncWorkload(nowMs: number): ModelChange[] {
    const state = { desired: this.#desired, revision: this.#revision, silentNodes: this.#silentNodes };
    return this.#workloads?.sync({ ...state, pods: [...this.#pods.values()] }, nowMs) ?? [];
  }

  /** What the controllers write after a change: slices first those that changed, then those that go; then Endpoints. */
  #sync(nowMs: number, triggers: boolean): ModelChange[] {
    const service = this.#service;
    if (!service) return this.#forgetService();
    const common = { writtenMs: nowMs, triggerMs: triggers ? nowMs : undefined };
    const sync = syncSlices(this.#places, this.#pods, this.#options.sliceCapacity ?? 100, () =>
      this.#newSlice(service, nowMs),
    );
    this.#places = sync.places;
    const podsOf = (place: SlicePlace): ModelPod[] => place.pods.flatMap((uid) => this.#pods.get(uid) ?? []);
    return [
      ...sync.changed.map((place) => ({ put: sliceObject(service, { ...place, ...common }, podsOf(place)) })),
      ...sync.removed.map(({ name }) => this.#removal("endpointslices", name)),
      ...this.#syncEndpoints(service, common, nowMs),
    ];
  }

  #syncEndpoints(
    service: ModelService,
    common: { readonly writtenMs: number; readonly triggerMs: number | undefined },
    nowMs: number,
  ): ModelChange[] {
    const { uid, createdMs, written } = this.#endpoints ?? {
      uid: this.#names.uid(),
      createdMs: nowMs,
      written: "",
    };
    const facts = { ...common, name: service.name, uid, createdMs, generation: 0 };
    const object = endpointsObject(service, facts, [...this.#pods.values()]);
    const content = JSON.stringify(object["subsets"] ?? null);
    this.#endpoints = { uid, createdMs, written: content };
    return content === written ? [] : [{ put: object }];
  }

  #forgetService(): ModelChange[] {
    const slices = this.#places.map(({ name }) => this.#removal("endpointslices", name));
    const endpoints = this.#endpoints ? [this.#removal("endpoints", this.#options.service)] : [];
    this.#places = [];
    this.#endpoints = undefined;
    return [...endpoints, ...slices];
  }

  #removal(source: ResourceName, name: string): ModelChange {
    return { remove: { source, namespace: this.#options.namespace, name } };
  }

  #makeService(): void {
    const { namespace, service, labels = {}, workload = "StatefulSet" } = this.#options;
    this.#service = {
      namespace,
      name: service,
      uid: this.#names.uid(),
      labels,
      headless: this.#options.headless ?? workload === "StatefulSet",
      publishNotReadyAddresses: this.#options.publishNotReadyAddresses ?? false,
      portName: this.#options.portName ?? "http",
      port: this.#options.port ?? 8080,
    };
  }

  #newSlice(service: ModelService, createdMs: number): SlicePlace {
    const name = `${service.name}-${this.#names.suffix()}`;
    return { name, uid: this.#names.uid(), createdMs, generation: 0, pods: [], written: "" };
  }

  #addPod(name: string, serving: boolean, address?: string): void {
    const nodes = this.#options.nodes ?? DEFAULT_NODES;
    const turn = ordinalOf(name) ?? this.#scheduled;
    const index = turn % Math.max(1, nodes.length);
    const { name: node, zone } = nodes[index] ?? { name: "node-1", zone: "zone-a" };
    this.#scheduled += 1;
    const isStateful = (this.#options.workload ?? "StatefulSet") === "StatefulSet";
    const pod: ModelPod = {
      name,
      uid: this.#names.uid(),
      address: address ?? this.#names.address(index),
      node,
      zone,
      hostname: isStateful ? name : undefined,
      serving,
      terminating: false,
    };
    this.#pods.set(pod.uid, pod);
  }

  #change(name: string, change: Partial<ModelPod>): void {
    const pod = this.pod(name);
    if (!pod) throw new RangeError(this.#missing(name));
    this.#pods.set(pod.uid, { ...pod, ...change });
  }

  #changeNode(node: string, serving: boolean): void {
    if (serving) this.#silentNodes.delete(node);
    else this.#silentNodes.add(node);
    for (const pod of this.#pods.values()) {
      if (pod.node === node) this.#pods.set(pod.uid, { ...pod, serving });
    }
  }

  #remove(name: string): void {
    const pod = [...this.#pods.values()].find((one) => one.name === name);
    if (!pod) throw new RangeError(this.#missing(name));
    this.#pods.delete(pod.uid);
  }

  #missing(name: string): string {
    const { namespace, service } = this.#options;
    return `Cannot change Pod ${name} of ${namespace}/${service}: there is none of this name (${this.podNames().join(", ")})`;
  }

  /** Names for so many more Pods: the lowest free ordinals, or random ones for a Deployment. */
  #freeNames(count: number): string[] {
    const { service, workload } = this.#options;
    const taken = new Set(this.podNames());
    const names: string[] = [];
    for (let ordinal = 0; names.length < count; ordinal += 1) {
      const name =
        workload === "Deployment" ? `${service}-5d4f8c7b9-${this.#names.suffix()}` : `${service}-${ordinal}`;
      if (!taken.has(name)) names.push(name);
    }
    return names;
  }
}

function ordinalOf(name: string): number | undefined {
  const ordinal = /-(\d+)$/.exec(name)?.[1];
  return ordinal === undefined ? undefined : Number(ordinal);
}

function byOrdinal(a: string, b: string): number {
  return (ordinalOf(a) ?? 0) - (ordinalOf(b) ?? 0);
}
