import { decodeObject } from "../cluster/list-slices.ts";
import type { Source } from "../cluster/slice.ts";
import type { ModelNames } from "../simulator/model-names.ts";
import {
  endpointsObject,
  type ModelPod,
  type ModelService,
  sliceObject,
} from "../simulator/model-objects.ts";
import { type SlicePlace, syncSlices } from "../simulator/model-slices.ts";
import type { ApiObject } from "../simulator/resources.ts";
import type { SliceWrite } from "./slice-truth.ts";

/** What is written of a Service at one moment. */
export type ServiceWrites = Readonly<Record<Source, readonly SliceWrite[]>>;

/** Endpoints per slice, as in the endpointslice controller. */
const SLICE_CAPACITY = 100;

/**
 * A Service on the stage: what the controllers of Kubernetes write for it, its slices and its Endpoints object. The objects go through the
 * decoders of production.
 */
export class StagedService {
  #service: ModelService;
  readonly #names: ModelNames;
  #places: readonly SlicePlace[] = [];
  #endpoints = "";

  constructor(service: Omit<ModelService, "uid" | "headless" | "portName" | "port">, names: ModelNames) {
    this.#service = { ...service, uid: names.uid(), headless: true, portName: "main", port: 8080 };
    this.#names = names;
  }

  /** What is written so that these are its endpoints; nothing where nothing changes. */
  sync(pods: ReadonlyMap<string, ModelPod>, nowMs: number): ServiceWrites {
    const service = this.#service;
    const names = this.#names;
    const sync = syncSlices(this.#places, pods, SLICE_CAPACITY, () => {
      const name = `${service.name}-${names.suffix()}`;
      return { name, uid: names.uid(), createdMs: nowMs, generation: 0, pods: [], written: "" };
    });
    this.#places = sync.places;
    const facts = { writtenMs: nowMs, triggerMs: nowMs };
    const changed = sync.changed.map((place) => {
      const listed = place.pods.flatMap((uid) => pods.get(uid) ?? []);
      return written("endpointslices", sliceObject(service, { ...place, ...facts }, listed));
    });
    const removed = sync.removed.map(({ name }) => deletion(service.namespace, name));
    const slices = [...changed, ...removed];
    return { endpointslices: slices, endpoints: slices.length > 0 ? this.#syncEndpoints(pods, nowMs) : [] };
  }

  /** Its labels are others now. The controllers copy them onto what they write, so the next `sync` writes all of it. */
  label(labels: ModelService["labels"]): void {
    this.#service = { ...this.#service, labels };
    this.#places = this.#places.map((place) => ({ ...place, written: "" }));
    this.#endpoints = "";
  }

  /** What is written when it is deleted. */
  remove(): ServiceWrites {
    const { namespace, name } = this.#service;
    const slices = this.#places.map((place) => deletion(namespace, place.name));
    return { endpointslices: slices, endpoints: [deletion(namespace, name)] };
  }

  #syncEndpoints(pods: ReadonlyMap<string, ModelPod>, nowMs: number): SliceWrite[] {
    const { name, uid } = this.#service;
    const facts = { name, uid, createdMs: 0, generation: 0, writtenMs: nowMs, triggerMs: nowMs };
    const object = endpointsObject(this.#service, facts, [...pods.values()]);
    const content = JSON.stringify(object["subsets"] ?? null);
    if (content === this.#endpoints) return [];
    this.#endpoints = content;
    return [written("endpoints", object)];
  }
}

function deletion(namespace: string, name: string): SliceWrite {
  return { kind: "deleted", key: `${namespace}/${name}` };
}

function written(source: Source, object: ApiObject): SliceWrite {
  const decoded = decodeObject(source, object, () => undefined);
  if (decoded.kind !== "slice") throw new TypeError(decoded.issue);
  return { kind: "changed", slice: decoded.slice };
}
