import type { Notice } from "../../src/alerts/notice.ts";
import type { Slice } from "../../src/cluster/slice.ts";
import { planWatches, type Scope, scopeCovers } from "../../src/cluster/watch-plan.ts";
import type { Delivery } from "../../src/outbox/delivery.ts";
import { Outbox } from "../../src/outbox/outbox.ts";
import { Pipeline, type Plan } from "../../src/pipeline.ts";
import { silentLogger, type Logger } from "../../src/runtime/logger.ts";
import { seededRandom } from "../../src/runtime/random.ts";
import { MemoryStore } from "../../src/state/memory-store.ts";
import { endpoint, slice } from "../support/slices.ts";
import type { Attempt, Case, Step } from "./cases.ts";
import type { Event, History, Pod, Shown } from "./history.ts";
import { DESTINATIONS, fileOf, RINGS, Rulebook, SELF, START_MS } from "./rules.ts";
import { SmallWorld } from "./small-world.ts";
import { WatchedClock } from "./watched-clock.ts";

/** A notice, when it was decided, and whom it was for. */
export interface Said {
  readonly atMs: number;
  readonly notice: Notice;
  readonly notify: readonly string[];
}

/** An attempt to deliver. */
export interface Attempted {
  readonly atMs: number;
  readonly delivery: Delivery;
  readonly attempt: Attempt;
}

/** What is left out when a case is played. */
export interface Leaving {
  readonly restarts?: boolean;
  readonly texts?: boolean;
  /** Until when each step waited the first time. */
  readonly untilMs?: readonly number[];
}

/** After this everything stands: longer than all holds, quiet times and silences together. */
const CALM_MS = 400_000;
const RETRY_FOR_MS = 120_000;

/** One case on its way: the alert core from slices to owed deliveries, on a clock that stands still. */
export class Stage {
  readonly clock = new WatchedClock(START_MS);
  readonly store = new MemoryStore();
  readonly said: Said[] = [];
  readonly attempted: Attempted[] = [];
  readonly errors: string[] = [];
  /** Until when each step waited. */
  readonly untilMs: number[] = [];
  readonly #history: (Event & { readonly atMs: number })[] = [];
  readonly #world = new SmallWorld();
  readonly #rules: Rulebook;
  readonly #plan: Plan;
  readonly #leaving: Leaving;
  readonly #unlisted = new Set<string>(RINGS);
  readonly #random = seededRandom(1);
  readonly #logger: Logger = { ...silentLogger, error: (_, message) => void this.errors.push(message) };
  #silences = 0;
  #outbox = new Outbox();
  #pipeline: Pipeline | undefined;

  constructor(given: Case, leaving: Leaving = {}) {
    this.#leaving = leaving;
    this.#rules = new Rulebook(given.rules);
    const scopes = planWatches(
      RINGS.map((key) => {
        const [namespace = "", service = ""] = key.split("/");
        return { source: "endpointslices", namespace, service: given.isWide ? undefined : service };
      }),
    );
    this.#plan = { scopes, objects: [] };
    given.begin.forEach((pods, ring) => {
      if (pods >= 0) this.#world.create(RINGS[ring] ?? RINGS[0], pods);
    });
    this.#start();
    for (const ring of RINGS) this.#list(ring);
    for (const step of given.steps) this.#take(step);
    if (!this.#pipeline) this.#start();
    for (const ring of RINGS) this.#list(ring);
    this.clock.advanceTo(this.clock.now() + CALM_MS);
  }

  get history(): History {
    return this.#history;
  }

  get endMs(): number {
    return this.clock.now();
  }

  /** What the ring truly is. */
  truth(ring: string): Shown {
    return this.#world.shown(ring);
  }

  /** Owed and ended deliveries in the order they were accepted. */
  deliveries(): readonly Delivery[] {
    const all = [...this.store.load().deliveries, ...this.store.ended().map(({ delivery }) => delivery)];
    return all.sort((a, b) => a.sequence - b.sequence);
  }

  #take(step: Step): void {
    switch (step.op) {
      case "pod":
        this.#world.change(ringOf(step), step.pod, step.how);
        return this.#show(ringOf(step));
      case "delete":
        this.#world.delete(ringOf(step));
        return this.#show(ringOf(step));
      case "create":
        if (this.#world.shown(ringOf(step)) === "absent") this.#world.create(ringOf(step), step.pods);
        return this.#show(ringOf(step));
      case "wait":
        return this.#wait(this.clock.now() + step.ms);
      case "deadline":
        return this.#wait((this.clock.nextTimerMs() ?? this.clock.now()) + step.offsetMs);
      case "restart":
        return this.#restart();
      case "stop":
        return this.#stop();
      case "start":
        return this.#pipeline ? undefined : this.#start();
      case "list":
        return this.#pipeline ? this.#list(ringOf(step)) : undefined;
      case "blind":
        return this.#blind(ringOf(step));
      case "edit":
        return this.#edit(step);
      case "silence":
        return this.#silence(step);
      case "expire":
        return this.#expire(step.silence);
      case "deliver":
        return this.#deliver(DESTINATIONS[step.destination] ?? DESTINATIONS[0], step.attempt);
      default:
        return step satisfies never;
    }
  }

  #note(event: Event): void {
    this.#history.push({ ...event, atMs: this.clock.now() });
  }

  #wait(untilMs: number): void {
    const known = this.#leaving.untilMs?.[this.untilMs.length];
    this.untilMs.push(known ?? Math.max(untilMs, this.clock.now()));
    this.clock.advanceTo(this.untilMs.at(-1) ?? 0);
  }

  #start(): void {
    this.#outbox = new Outbox();
    for (const ring of RINGS) this.#unlisted.add(ring);
    this.#note({ kind: "started", rules: this.#rules.rules });
    this.#pipeline = new Pipeline({
      file: fileOf(this.#rules.rules),
      plan: this.#plan,
      store: this.store,
      outbox: this.#outbox,
      clock: this.clock,
      logger: this.#logger,
      retryForMs: () => RETRY_FOR_MS,
      defer: (work) => work(),
      soon: (work) => work(),
      onAccepted: () => undefined,
      onNotice: (notice, notify) => void this.said.push({ atMs: this.clock.now(), notice, notify }),
    });
    this.#pipeline.start();
  }

  #stop(): void {
    if (!this.#pipeline) return;
    this.#pipeline.close();
    this.#pipeline = undefined;
    this.#note({ kind: "stopped" });
  }

  /** Nothing happens meanwhile. Who is blind would see, and so does not start anew. */
  #restart(): void {
    if (!this.#pipeline || this.#leaving.restarts === true || this.#unlisted.size > 0) return;
    this.#stop();
    this.#start();
    for (const ring of RINGS) this.#list(ring);
  }

  #list(ring: string): void {
    const scope = this.#scopeOf(ring);
    if (!scope) return;
    this.#unlisted.delete(ring);
    const shown = this.#world.shown(ring);
    this.#note({ kind: "shown", ring, shown });
    this.#pipeline?.onEvent(scope, {
      kind: "listed",
      slices: shown === "absent" ? [] : [sliceOf(ring, shown)],
    });
    this.#pipeline?.onBatchEnd();
  }

  #show(ring: string): void {
    const scope = this.#scopeOf(ring);
    if (!scope || !this.#pipeline || this.#unlisted.has(ring)) return;
    const shown = this.#world.shown(ring);
    this.#note({ kind: "shown", ring, shown });
    this.#pipeline.onEvent(
      scope,
      shown === "absent" ? { kind: "deleted", key: ring } : { kind: "changed", slice: sliceOf(ring, shown) },
    );
    this.#pipeline.onBatchEnd();
  }

  #blind(ring: string): void {
    const scope = this.#scopeOf(ring);
    if (!scope || !this.#pipeline) return;
    this.#unlisted.add(ring);
    this.#note({ kind: "blind", ring });
    this.#pipeline.onBlind(scope, this.clock.now(), undefined);
  }

  #edit({ edit }: Extract<Step, { op: "edit" }>): void {
    if (edit.how === "texts" && this.#leaving.texts === true) return;
    this.#rules.edit(edit);
    if (!this.#pipeline) return;
    this.#note({ kind: "rules", rules: this.#rules.rules });
    this.#pipeline.replaceRules(fileOf(this.#rules.rules), this.#plan);
    // Watches of all Services are listed again, for they have dropped what nobody wanted.
    for (const { services, namespace } of this.#plan.scopes) {
      const ring = RINGS.find((key) => key.startsWith(`${namespace}/`));
      if (services === undefined && ring !== undefined && !this.#unlisted.has(ring)) this.#list(ring);
    }
  }

  #silence(step: Extract<Step, { op: "silence" }>): void {
    if (!this.#pipeline) return;
    const nowMs = this.clock.now();
    const id = `silence-${this.#silences++}`;
    const rule = step.rule === undefined ? undefined : `rule-${step.rule}`;
    const destination = step.destination === undefined ? undefined : DESTINATIONS[step.destination];
    const [fromMs, untilMs] = [nowMs + step.afterMs, nowMs + step.afterMs + step.lastsMs];
    this.#note({ kind: "silence", silence: { id, rule, destination, fromMs, untilMs } });
    this.#pipeline.addSilence({
      id,
      matchers: [
        { name: "rule", value: rule ?? "*" },
        ...(destination === undefined ? [] : [{ name: "destination" as const, value: destination }]),
      ],
      author: "ada",
      reason: "maintenance",
      startsAtMs: fromMs,
      endsAtMs: untilMs,
      createdAtMs: nowMs,
    });
  }

  #expire(silence: number): void {
    const id = `silence-${silence}`;
    if (!this.#pipeline || silence >= this.#silences) return;
    this.#note({ kind: "expire", id });
    this.#pipeline.expireSilence(id);
  }

  #deliver(destination: string, attempt: Attempt): void {
    const nowMs = this.clock.now();
    const delivery = this.#pipeline && this.#outbox.take(destination, nowMs);
    if (!delivery) return;
    if (nowMs >= delivery.expiresAtMs) return this.#pipeline?.onSettled(this.#outbox.expire(delivery, nowMs));
    this.attempted.push({ atMs: nowMs, delivery, attempt });
    if (attempt === "left") return;
    const outcome = attempt === "delivered" ? { kind: attempt } : { kind: attempt, reason: "http503" };
    const attempts = delivery.attempts + 1;
    this.#pipeline?.onSettled(this.#outbox.settle(delivery, outcome, attempts, nowMs, this.#random));
  }

  #scopeOf(ring: string): Scope | undefined {
    const [namespace = "", service = ""] = ring.split("/");
    return this.#plan.scopes.find((scope) => scopeCovers(scope, namespace, service));
  }
}

/** Where blindness is told. */
export function isOfRules({ notify }: Said): boolean {
  return !notify.includes(SELF);
}

function ringOf({ ring }: { readonly ring: number }): string {
  return RINGS[ring] ?? RINGS[0];
}

function sliceOf(ring: string, pods: readonly Pod[]): Slice {
  const [namespace = "", service = ""] = ring.split("/");
  return slice("", pods.map(endpointOf), { key: ring, namespace, service });
}

function endpointOf({ key, uid, address, zone, serving, terminating }: Pod) {
  return endpoint(key, {
    target: key,
    uid,
    address,
    zone,
    serving,
    terminating,
    ready: serving && !terminating,
  });
}
