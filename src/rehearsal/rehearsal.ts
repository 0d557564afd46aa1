import type { Notice } from "../alerts/notice.ts";
import type { Silence } from "../alerts/silence.ts";
import { planFor } from "../app.ts";
import type { Source } from "../cluster/slice.ts";
import type { Delivery, Outcome } from "../outbox/delivery.ts";
import { Outbox, type Settlement } from "../outbox/outbox.ts";
import { destinationKinds } from "../destinations/registry.ts";
import { Pipeline } from "../pipeline.ts";
import type { Ring } from "../ring/ring.ts";
import type { RulesFile } from "../rules/load-rules.ts";
import { type Logger, silentLogger } from "../runtime/logger.ts";
import { type Random, seededRandom } from "../runtime/random.ts";
import { VirtualClock } from "../runtime/virtual-clock.ts";
import { MemoryStore } from "../state/memory-store.ts";
import type { Store } from "../state/store.ts";
import type { Said } from "./said.ts";
import type { SliceWrite } from "./slice-truth.ts";
import { type ObjectWrite, StandInApi, type Watcher } from "./stand-in-api.ts";
import { StandInCourier } from "./stand-in-courier.ts";

/** What a rehearsal is about, and who looks on. */
export interface RehearsalOptions {
  readonly file: RulesFile;
  /** When virtual time begins, in epoch milliseconds. */
  readonly startMs: number;
  /** What survives a restart; default: a `MemoryStore`. */
  readonly store?: Store;
  /** What a destination answers; default: it takes everything at once. */
  readonly answer?: (delivery: Delivery, nowMs: number) => Outcome;
  /** For the jitter between tries; default: the same in each rehearsal. */
  readonly random?: Random;
  readonly logger?: Logger;
  /** Something was decided, whether or not a destination takes it. */
  readonly onNotice?: (notice: Notice, notify: readonly string[]) => void;
  /** A ring was taken in, before any rule has judged it. */
  readonly onRing?: (ring: Ring) => void;
  /** A destination took a delivery. */
  readonly onSaid?: (said: Said) => void;
  readonly onSettled?: (settlement: Settlement) => void;
}

/**
 * The whole flow from slices to requests on a virtual clock, without a network and without a wait: `ringbell test` and
 * `ringbell replay` run on it. Nothing is asynchronous: when a method returns, all that follows from it has happened.
 * @example
 * const rehearsal = new Rehearsal({ file, startMs: 0 });
 * rehearsal.write("endpointslices", { kind: "changed", slice });
 * rehearsal.start(); // lists what was written so far
 * rehearsal.passTo(30_000);
 * rehearsal.write("endpointslices", { kind: "changed", slice: smaller });
 * rehearsal.passTo(3_600_000);
 * rehearsal.said; // what every destination got, and when
 */
export class Rehearsal {
  readonly clock: VirtualClock;
  readonly store: Store;
  readonly #options: RehearsalOptions;
  readonly #api = new StandInApi();
  readonly #said: Said[] = [];
  readonly #random: Random;
  /** Work that a process does after the I/O at hand. */
  readonly #later: (() => void)[] = [];
  #file: RulesFile;
  #running: (Watcher & { readonly courier: StandInCourier }) | undefined;
  #isSilent = false;
  #cancelBlind: () => void = () => undefined;

  constructor(options: RehearsalOptions) {
    this.#options = options;
    this.#file = options.file;
    this.#random = options.random ?? seededRandom(1);
    this.clock = new VirtualClock(options.startMs);
    this.store = options.store ?? new MemoryStore();
  }

  /** What destinations took, in the order they did. */
  get said(): readonly Said[] {
    return this.#said;
  }

  /** Alerts and rings that Ringbell knows of; undefined while it is not running. */
  get pipeline(): Pipeline | undefined {
    return this.#running?.pipeline;
  }

  /** Starts Ringbell on what is stored: each scope is listed, unless the API server is silent. */
  start(): void {
    if (this.#running) throw new Error("Cannot start the rehearsal: Ringbell is running already");
    const { clock } = this;
    const plan = planFor(this.#file);
    const outbox = new Outbox();
    const pipeline = this.#pipeline(plan, outbox, () => courier.wake());
    const courier: StandInCourier = new StandInCourier({
      file: () => this.#file,
      outbox,
      clock,
      random: this.#random,
      answer: (delivery) => this.#options.answer?.(delivery, clock.now()) ?? { kind: "delivered" },
      onSaid: (said) => {
        this.#said.push(said);
        this.#options.onSaid?.(said);
      },
      onSettled: (settlement) => {
        this.#options.onSettled?.(settlement);
        pipeline.onSettled(settlement);
      },
    });
    this.#running = { pipeline, plan, courier };
    pipeline.start();
    courier.wake();
    if (this.#isSilent) this.#armBlind();
    else this.#list();
    this.#settleDown();
  }

  /** Ends Ringbell; what it stored stays for the next start. */
  stop(): void {
    this.#settleDown();
    this.#cancelBlind();
    this.#running?.courier.stop();
    this.#running?.pipeline.close();
    this.#running = undefined;
  }

  /** Goes on with an edited rules file, as `run` does on a reload. */
  reload(file: RulesFile): void {
    this.#file = file;
    if (!this.#running) return;
    const { pipeline } = this.#running;
    const plan = planFor(file);
    this.#running = { ...this.#running, plan };
    pipeline.dropDestinations();
    pipeline.replaceRules(file, plan);
    if (!this.#isSilent) this.#list();
    this.#settleDown();
  }

  /** Writes slices, one after the other and in one moment: all watches that cover them show it, unless the API server is silent. */
  write(source: Source, ...writes: readonly SliceWrite[]): void {
    const watcher = this.#watcher;
    for (const write of writes) this.#api.writeSlice(source, write, watcher);
    this.#decide();
  }

  /** Writes Pods, workloads or Namespaces, in the same way. */
  writeObjects(...writes: readonly ObjectWrite[]): void {
    const watcher = this.#watcher;
    for (const write of writes) this.#api.writeObject(write, watcher);
    this.#decide();
  }

  /** Takes in a silence, as from a person; false when Ringbell does not run, or has too many. */
  addSilence(silence: Silence): boolean {
    const isAdded = this.#running?.pipeline.addSilence(silence) === "added";
    this.#settleDown();
    return isAdded;
  }

  /** Ends a silence before its time; false when Ringbell does not run, or knows of none. */
  expireSilence(id: string): boolean {
    const isKnown = this.#running?.pipeline.expireSilence(id) !== undefined;
    this.#settleDown();
    return isKnown;
  }

  /** From now on the API server sends nothing; after the file's `blindAfter` Ringbell is blind. */
  setSilent(): void {
    if (this.#isSilent) return;
    this.#isSilent = true;
    if (this.#running) this.#armBlind();
  }

  /** The API server is heard again, and lists what is. */
  setHeard(): void {
    if (!this.#isSilent) return;
    this.#isSilent = false;
    this.#cancelBlind();
    this.#list();
    this.#settleDown();
  }

  /** Lets virtual time pass up to a moment, in epoch milliseconds, with all that falls due on the way. */
  passTo(untilMs: number): void {
    this.passWhileDue(untilMs);
    this.clock.advanceTo(untilMs);
  }

  /** Lets virtual time pass until nothing is due any more, or nothing before `untilMs`. */
  passWhileDue(untilMs: number): void {
    for (;;) {
      const nextMs = this.clock.nextTimerMs();
      if (nextMs === undefined || nextMs > untilMs) return;
      this.clock.advanceTo(nextMs);
      this.#settleDown();
    }
  }

  #pipeline(plan: Watcher["plan"], outbox: Outbox, onAccepted: () => void): Pipeline {
    const { onNotice, onRing, logger = silentLogger } = this.#options;
    return new Pipeline({
      file: this.#file,
      plan,
      store: this.store,
      outbox,
      clock: this.clock,
      logger,
      retryForMs: (name) => retryForMs(this.#file, name),
      defer: (work) => this.#later.push(work),
      soon: (work) => this.#later.push(work),
      onAccepted,
      ...(onNotice && { onNotice }),
      ...(onRing && { onRing }),
    });
  }

  get #watcher(): Watcher | undefined {
    return this.#isSilent ? undefined : this.#running;
  }

  #decide(): void {
    this.#watcher?.pipeline.onBatchEnd();
    this.#settleDown();
  }

  #list(): void {
    if (this.#running) this.#api.list(this.#running);
  }

  #armBlind(): void {
    const sinceMs = this.clock.now();
    this.#cancelBlind = this.clock.at(sinceMs + this.#file.blindAfterMs, () => {
      for (const scope of this.#running?.plan.scopes ?? [])
        this.#running?.pipeline.onBlind(scope, sinceMs, undefined);
    });
  }

  #settleDown(): void {
    for (let work = this.#later.shift(); work; work = this.#later.shift()) work();
  }
}

function retryForMs(file: RulesFile, name: string): number | undefined {
  const place = file.destinations.get(name);
  return place && (place.retryForMs ?? destinationKinds.get(place.kind)?.retryForMs);
}
