import type { Notice } from "../../src/alerts/notice.ts";
import { type Reflector, startReflector } from "../../src/cluster/reflector.ts";
import { planWatches, type Scope, scopeCovers } from "../../src/cluster/watch-plan.ts";
import { Outbox } from "../../src/outbox/outbox.ts";
import { Pipeline } from "../../src/pipeline.ts";
import type { Ring } from "../../src/ring/ring.ts";
import type { RulesFile } from "../../src/rules/load-rules.ts";
import { selectorTargets } from "../../src/rules/selector.ts";
import { type Logger, silentLogger } from "../../src/runtime/logger.ts";
import { type Random, seededRandom } from "../../src/runtime/random.ts";
import { VirtualClock } from "../../src/runtime/virtual-clock.ts";
import { MemoryStore } from "../../src/state/memory-store.ts";
import { FakeApi, status } from "./fake-api.ts";
import { applyToWorld } from "./apply-to-world.ts";
import { type Case, isOfWorld, type Operation, type WireOperation } from "./operations.ts";
import { CALM_MS, RULE_SETS, SETTLE_MS } from "./rule-sets.ts";
import { SleepyClock } from "./sleepy-clock.ts";
import { type TrueRing, trueRing } from "./true-ring.ts";
import { World } from "./world.ts";

/** Since when the watch of a scope has been told all up to a version; undefined since a restart, until it is told again. */
export interface Told {
  readonly atMs: number;
  readonly version: number | undefined;
}

/** One scope with its list+watch loop, its own side of the API server, and what that has told. */
export interface Watched {
  readonly scope: Scope;
  readonly api: FakeApi;
  readonly clock: SleepyClock;
  readonly told: Told[];
  reflector: Reflector;
}

/** A notice, and when. */
export interface Said {
  readonly atMs: number;
  readonly notice: Notice;
}

/** More turns than any step needs: a loop that takes these is waiting for something that nobody counts. */
const TURNS_MAX = 2_000;

/** One case on its way: the cluster, the API server and all of Ringbell from the list+watch loops to the outbox. */
export class Play {
  readonly given: Case;
  readonly clock = new VirtualClock(1_000_000);
  readonly store = new MemoryStore();
  readonly world: World;
  readonly file: RulesFile;
  readonly said: Said[] = [];
  /** As last taken in. */
  readonly rings = new Map<string, Ring>();
  readonly watched: readonly Watched[];
  /** What was logged as an error. */
  readonly errors: unknown[] = [];
  readonly #random: Random;
  readonly #plan: readonly Scope[];
  readonly #truths = new Map<string, TrueRing>();
  readonly #logger: Logger = {
    ...silentLogger,
    error: ({ err }, message) => void this.errors.push(err ?? message),
  };
  #pipeline: Pipeline;

  constructor(given: Case) {
    this.given = given;
    this.#random = seededRandom(given.seed);
    this.world = new World(given.shapes, this.#random);
    given.begin.forEach((pods, service) => this.world.begin(service, pods));
    const [first] = RULE_SETS;
    if (!first) throw new RangeError("there are no rules");
    this.file = RULE_SETS[given.rules] ?? first;
    this.#plan = planWatches(this.file.rules.flatMap((rule) => selectorTargets(rule)));
    this.#pipeline = this.#newPipeline();
    this.#pipeline.start();
    this.watched = this.#plan.map((scope) => this.#watch(scope, given.streamsLists));
  }

  /** Plays all operations on rings that have their first baselines, then lets everything come to rest. */
  async run(operations: readonly Operation[]): Promise<void> {
    await this.#pump();
    await this.#pass(SETTLE_MS + 1_000, () => this.#pump());
    for (const operation of operations) {
      if (isOfWorld(operation)) applyToWorld(this.world, operation);
      else await this.#applyToWire(operation);
    }
    await this.#calmDown();
  }

  async stop(): Promise<void> {
    await Promise.all(this.watched.map(({ reflector }) => reflector.stop()));
    this.#pipeline.close();
  }

  /** What the loop that covers a Service has been told, and when. */
  toldOf(namespace: string, service: string): readonly Told[] {
    return this.watched.find(({ scope }) => scopeCovers(scope, namespace, service))?.told ?? [];
  }

  /** The ring of a Service as it truly was at a version. */
  truth(version: number, namespace: string, service: string): TrueRing {
    const key = `${version} ${namespace}/${service}`;
    let ring = this.#truths.get(key);
    if (!ring)
      this.#truths.set(key, (ring = trueRing(this.world.server.at(version).values(), namespace, service)));
    return ring;
  }

  #watch(scope: Scope, streamsLists: boolean): Watched {
    const told: Told[] = [];
    const onTold = (version: number): void => void told.push({ atMs: this.clock.now(), version });
    const clock = new SleepyClock(this.clock);
    const api = new FakeApi({ server: this.world.server, clock, random: this.#random, streamsLists, onTold });
    return { scope, api, clock, told, reflector: this.#reflect(scope, api, clock) };
  }

  #reflect(scope: Scope, connection: FakeApi, clock: SleepyClock): Reflector {
    return startReflector({
      scope,
      connection,
      clock,
      random: this.#random,
      logger: this.#logger,
      onEvent: (event) => this.#pipeline.onEvent(scope, event),
      onBatchEnd: () => this.#pipeline.onBatchEnd(),
      blindAfterMs: this.given.blindAfterMs,
      onBlind: (sinceMs, why) => this.#pipeline.onBlind(scope, sinceMs, why),
      wants: (namespace, service) => this.#pipeline.mayWant(scope.source, namespace, service),
    });
  }

  #newPipeline(): Pipeline {
    return new Pipeline({
      file: { ...this.file, selfNotify: ["hook"] },
      plan: { scopes: this.#plan, objects: [] },
      store: this.store,
      outbox: new Outbox(),
      clock: this.clock,
      logger: this.#logger,
      retryForMs: () => 900_000,
      defer: (work) => work(),
      soon: (work) => work(),
      onAccepted: () => undefined,
      onNotice: (notice) => void this.said.push({ atMs: this.clock.now(), notice }),
      onRing: (ring) => void this.rings.set(ring.key, ring),
    });
  }

  async #restart(): Promise<void> {
    await this.stop();
    this.rings.clear();
    this.#pipeline = this.#newPipeline();
    this.#pipeline.start();
    for (const each of this.watched) {
      each.told.push({ atMs: this.clock.now(), version: undefined });
      each.reflector = this.#reflect(each.scope, each.api, each.clock);
    }
  }

  async #applyToWire(operation: WireOperation): Promise<void> {
    if (operation.op === "wait") {
      return this.#pass(operation.ms, () => (operation.live ? this.#pump() : this.#rest()));
    }
    if (operation.op === "restart") await this.#restart();
    else this.#order(operation);
    await this.#rest();
  }

  #order(operation: Exclude<WireOperation, { op: "wait" | "restart" }>): void {
    if (operation.op === "compact") return this.world.server.compact();
    if (operation.op === "answer") return this.watched.forEach(({ api }) => api.answer());
    if (operation.op === "sendAll") return this.watched.forEach(({ api }) => api.watch?.send(1));
    const api = this.watched[operation.watch % this.watched.length]?.api;
    const watch = api?.watch;
    switch (operation.op) {
      case "fail":
        return api?.failNext(operation.status);
      case "send":
        return watch?.send(operation.share);
      case "bookmark":
        return watch?.bookmark();
      case "cut":
        return watch?.end(new Error("ECONNRESET"));
      case "end":
        return watch?.end();
      case "gone":
        watch?.write(JSON.stringify({ type: "ERROR", object: status(410) }));
        return watch?.send(1);
      case "garble":
        watch?.write('{"type":"MODIFIED","object":{"metadata":{"name":"we');
        return watch?.send(1);
      default:
        return operation satisfies never;
    }
  }

  /** Nothing changes and nothing fails any more, and all that is to be told is told. */
  async #calmDown(): Promise<void> {
    for (const { api } of this.watched) {
      api.isCalm = true;
      api.forgetFaults();
    }
    let rounds = 0;
    do {
      if (++rounds > 5) throw new Error("the watches do not come to rest");
      await this.#untilDrained();
      await this.#pass(CALM_MS, () => this.#pump());
    } while (
      !this.watched.every(
        ({ api, reflector }) => api.isDrained && reflector.status().blindSinceMs === undefined,
      )
    );
  }

  async #untilDrained(): Promise<void> {
    await this.#pump();
    for (let i = 0; !this.watched.every(({ api }) => api.isDrained); i++) {
      const next = this.clock.nextTimerMs();
      if (next === undefined || i > 100) throw new Error("a watch does not come back");
      this.clock.advanceTo(next);
      await this.#pump();
    }
  }

  async #pass(ms: number, after: () => Promise<void>): Promise<void> {
    const untilMs = this.clock.now() + ms;
    await after();
    for (;;) {
      const next = this.clock.nextTimerMs();
      if (next === undefined || next > untilMs) break;
      this.clock.advanceTo(next);
      await after();
    }
    this.clock.advanceTo(untilMs);
  }

  async #pump(): Promise<void> {
    await this.#rest();
    for (const { api } of this.watched) {
      api.answer();
      await this.#rest();
      api.watch?.send(1);
    }
    await this.#rest();
  }

  /**
   * Ends when each loop waits: for bytes, for an answer, or asleep. All between two waits are microtasks, so that the
   * same case takes the same turns each time.
   */
  async #rest(): Promise<void> {
    for (let turns = 0, still = 0; still < 3; turns++) {
      if (turns > TURNS_MAX) throw new Error("a list+watch loop waits for something unknown");
      await Promise.resolve();
      still = this.watched.every(({ api, clock }) => api.isAwaited || clock.sleepers > 0) ? still + 1 : 0;
    }
  }
}
