import type { Clock } from "../../src/runtime/clock.ts";
import type { Random } from "../../src/runtime/random.ts";
import { ClusterModel, type ModelStep } from "../../src/simulator/cluster-model.ts";
import type { ObjectStore } from "../../src/simulator/object-store.ts";
import { playSteps } from "../../src/simulator/play.ts";

interface Service {
  readonly model: ClusterModel;
  exists: boolean;
  busyUntilMs: number;
}

type Verb = (service: Service, nowMs: number) => readonly ModelStep[];

const TIMES = { startMs: 300, readyMs: 500, stopMs: 400 };

/** All Services of the soak, and what happens to them. Everything that is drawn comes from `random`. */
export class Churn {
  readonly #services: readonly Service[];
  readonly #clock: Clock;
  readonly #store: ObjectStore;
  readonly #random: Random;
  changes = 0;

  constructor(
    places: readonly { readonly namespace: string; readonly service: string }[],
    options: { readonly clock: Clock; readonly store: ObjectStore; readonly random: Random },
  ) {
    const { clock, store, random } = options;
    this.#clock = clock;
    this.#store = store;
    this.#random = random;
    this.#services = places.map((place, i) => ({
      model: new ClusterModel({
        ...place,
        workload: i % 2 === 0 ? "StatefulSet" : "Deployment",
        publishNotReadyAddresses: i % 7 === 0,
        // Some rings have several slices, and members that move between them.
        sliceCapacity: i % 3 === 0 ? 2 : 100,
        labels: { app: place.service },
        times: TIMES,
        random,
      }),
      exists: true,
      busyUntilMs: 0,
    }));
    for (const service of this.#services)
      this.#play(service, service.model.begin(clock.now(), 1 + this.#pick(5)));
  }

  /** Does something to one Service that is not busy. */
  change(): void {
    const nowMs = this.#clock.now();
    const service = this.#services[this.#pick(this.#services.length)];
    if (!service || service.busyUntilMs > nowMs) return;
    this.changes += 1;
    if (!service.exists) {
      service.exists = true;
      return this.#play(service, service.model.createService(nowMs));
    }
    const verb = this.#verbs[this.#pick(this.#verbs.length)];
    if (verb) this.#play(service, verb(service, nowMs));
  }

  /** When all that has begun will have been written, in epoch milliseconds. */
  get busyUntilMs(): number {
    return Math.max(...this.#services.map(({ busyUntilMs }) => busyUntilMs));
  }

  readonly #verbs: readonly Verb[] = [
    ({ model }, nowMs) => model.rollingRestart(nowMs),
    ({ model }, nowMs) => model.scale(nowMs, this.#pick(7)),
    ({ model }, nowMs) => model.scale(nowMs, 1 + this.#pick(5)),
    ({ model }, nowMs) => this.#onPod(model, (name) => model.notReady(nowMs, name)),
    ({ model }, nowMs) => this.#onPod(model, (name) => model.ready(nowMs, name)),
    ({ model }, nowMs) => this.#onPod(model, (name) => model.ready(nowMs, name)),
    ({ model }, nowMs) => this.#onPod(model, (name) => model.replace(nowMs, name)),
    ({ model }, nowMs) => this.#onPod(model, (name) => model.remove(nowMs, name)),
    ({ model }, nowMs) => model.addPod(nowMs),
    (service, nowMs) => {
      service.exists = false;
      return service.model.deleteService(nowMs);
    },
  ];

  #onPod(model: ClusterModel, act: (name: string) => readonly ModelStep[]): readonly ModelStep[] {
    const names = model.podNames();
    const name = names[this.#pick(names.length)];
    return name === undefined ? [] : act(name);
  }

  #play(service: Service, steps: readonly ModelStep[]): void {
    const lastMs = steps.at(-1)?.afterMs ?? 0;
    // A deleted Service stays away for a moment, or for long.
    service.busyUntilMs = this.#clock.now() + lastMs + (service.exists ? 50 : this.#pick(5_000));
    playSteps(this.#clock, this.#store, steps);
  }

  #pick(count: number): number {
    return Math.floor(this.#random() * count);
  }
}
