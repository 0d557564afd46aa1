import { expect, onTestFinished, test } from "vitest";
import type { ApiServer, ApiServerOptions } from "../../src/simulator/api-server.ts";
import { ClusterModel, type ModelStep } from "../../src/simulator/cluster-model.ts";
import type { Faults } from "../../src/simulator/faults.ts";
import { applyStep, playSteps } from "../../src/simulator/play.ts";
import { documentedFaults } from "./documented-faults.ts";
import { SilentProxy } from "./silent-proxy.ts";
import { START_MS, System } from "./system.ts";
import { type SeenMember, seenMembers, trueMembers } from "./truth.ts";

/** What the rules say of `change`. */
export const CHANGE_NOTICES = ["changed: 1 left, 1 replaced", "below: fire"];
/** What they say of `heal`. */
const HEAL_NOTICES = ["below: resolve", "changed: 1 joined"];

const RULES = `
  - { name: changed, ring: { namespace: data, service: web }, on: [changed], settle: 3s }
  - { name: below, ring: { namespace: data, service: web }, when: { readyBelow: 5 }, for: 5s }
  - { name: missing, ring: { namespace: data, service: web }, when: { missing: true } }
`;

/** Longer than any hold and settle time of the rules. */
const REST_MS = 20_000;
/** A fault that is not over by then is one that Ringbell does not recover from. */
const LIMIT_MS = 1_200_000;

/** What a stage may have besides. */
export interface FaultOptions {
  readonly api?: Omit<ApiServerOptions, "clock">;
  /** Keys of the rules file besides rules and destinations. */
  readonly head?: string;
  /** Puts a TCP proxy between Ringbell and the API server. */
  readonly proxied?: boolean;
  /** Notices that the fault with its changes brings, in order. Default: those of one `change`. */
  readonly notices?: readonly string[];
  /** Endpoints per slice; default 3, so that the ring has two slices. */
  readonly sliceCapacity?: number;
}

/** Ringbell, watching the Service `data/web` of five Pods in two slices, and everything that can go wrong with it. */
export class FaultStage {
  readonly system: System;
  readonly model: ClusterModel;
  /** Thrown at the next ring that the rules are to judge. */
  handlerError: Error | undefined;
  #changedAtMs = START_MS;
  #told = 0;

  constructor(system: System, sliceCapacity = 3) {
    this.system = system;
    this.model = new ClusterModel({
      namespace: "data",
      service: "web",
      sliceCapacity,
      times: { startMs: 0, readyMs: 0, stopMs: 0 },
      // No API server lets these letters pass; here one that was torn apart shows in the ring.
      nodes: [1, 2, 3].map((index) => ({ name: `knoten-ä-${index}`, zone: `zone-€-${index}` })),
    });
  }

  get api(): ApiServer {
    return this.system.api;
  }

  get faults(): Faults {
    return this.system.api.faults;
  }

  get proxy(): SilentProxy {
    if (!this.system.proxy) throw new Error("this stage has no proxy");
    return this.system.proxy;
  }

  get nowMs(): number {
    return this.system.clock.now();
  }

  /** Starts Ringbell. */
  async run(head = "", rules = RULES): Promise<void> {
    await this.system.run(rules, { head, onRing: () => this.#throwOnce() });
  }

  pass(ms: number): Promise<void> {
    return this.system.pass(ms);
  }

  /** All at once: web-4 leaves, web-3 is not ready, web-2 is replaced by a Pod of the same name. */
  change(): void {
    this.leave("web-4");
    this.play(this.model.notReady(this.nowMs, "web-3"));
    this.play(this.model.replace(this.nowMs, "web-2"));
  }

  leave(pod: string): void {
    this.play(this.model.remove(this.nowMs, pod));
  }

  /** What `change` did is made good: web-3 is ready, web-4 comes back. */
  heal(): void {
    this.play(this.model.ready(this.nowMs, "web-3"));
    this.play(this.model.addPod(this.nowMs, "web-4"));
  }

  /** Says that the fault begins now: how long it takes to see the truth counts from here. */
  begins(): void {
    this.#changedAtMs = this.nowMs;
  }

  /** Plays steps; those of this moment at once. */
  play(steps: readonly ModelStep[]): void {
    this.#changedAtMs = this.nowMs;
    if (steps.every(({ afterMs }) => afterMs === 0))
      for (const step of steps) applyStep(this.api.store, step);
    else playSteps(this.system.clock, this.api.store, steps);
  }

  /** The ring as Ringbell sees it, and as it is. */
  get rings(): { readonly seen: readonly SeenMember[]; readonly truth: readonly SeenMember[] } {
    return {
      seen: seenMembers(this.system.ring("data/web")),
      truth: trueMembers(this.api.store, "data", "web"),
    };
  }

  /** True when Ringbell sees the ring as it is. */
  knows(): boolean {
    const { seen, truth } = this.rings;
    return JSON.stringify(seen) === JSON.stringify(truth);
  }

  /** True when a sound watch is open. */
  isWatched(): boolean {
    return this.api.openWatches().some(({ frozen }) => !frozen);
  }

  /** Lets time pass until Ringbell sees the ring as it is; returns how long after the last change that was. */
  async untilKnown(): Promise<number> {
    const sinceMs = this.nowMs - this.#changedAtMs;
    try {
      return sinceMs + (await this.system.passUntil(() => this.knows(), LIMIT_MS));
    } catch {
      // Says where they differ.
      expect(this.rings.seen).toEqual(this.rings.truth);
      throw new Error("the ring was not the truth in time");
    }
  }

  /** What was told since the last call: `changed: 1 left`, `below: fire`. */
  takeNotices(): string[] {
    const fresh = this.system.notices.slice(this.#told);
    this.#told += fresh.length;
    return fresh.map(({ rule, kind, title, ring }) =>
      kind === "change" ? `${rule}: ${title.slice(ring.key.length + 2)}` : `${rule}: ${kind}`,
    );
  }

  /** Requests for a watch or a list since a moment, lists as streams counted as lists. */
  requests(
    verb: "list" | "watch",
    sinceMs = START_MS,
  ): readonly { readonly atMs: number; readonly version: string }[] {
    return this.api.requests
      .filter(({ query, atMs }) => {
        const isList = query.get("watch") !== "true" || query.get("sendInitialEvents") === "true";
        return atMs >= sinceMs && isList === (verb === "list");
      })
      .map(({ query, atMs }) => ({ atMs, version: query.get("resourceVersion") ?? "" }));
  }

  #throwOnce(): void {
    const error = this.handlerError;
    this.handlerError = undefined;
    if (error) throw error;
  }
}

/**
 * One fault, from a ring in peace to a ring in peace. `fault` brings it about and calls `stage.change()` where it hurts. Within
 * that time after the change Ringbell must see the ring as it is; it must tell each change exactly once; and what
 * changes afterwards must be seen at once again. Nothing may be left behind.
 */
export function faultTest(
  name: string,
  within: string,
  fault: (stage: FaultStage) => void | Promise<void>,
  options: FaultOptions = {},
): void {
  test(name, async () => {
    expectDocumented(name, within);
    const stage = await makeStage(options);
    stage.play(stage.model.begin(stage.nowMs, 5));
    await stage.run(options.head);
    await stage.pass(REST_MS);
    expect(stage.takeNotices()).toEqual([]);
    await fault(stage);
    expect(await stage.untilKnown(), `seen within ${within}`).toBeLessThanOrEqual(toMs(within));
    await stage.pass(REST_MS);
    expect(stage.takeNotices()).toEqual(options.notices ?? CHANGE_NOTICES);
    await expectPeace(stage);
    await expectNothingLeft(stage);
  });
}

/** A fault that is there when Ringbell starts: it must see the ring within that time, silently, and then work. */
export function startFaultTest(
  name: string,
  within: string,
  fault: (stage: FaultStage) => void | Promise<void>,
  options: FaultOptions = {},
): void {
  test(name, async () => {
    expectDocumented(name, within);
    const stage = await makeStage(options);
    stage.play(stage.model.begin(stage.nowMs, 5));
    await fault(stage);
    await stage.run(options.head);
    expect(await stage.untilKnown(), `seen within ${within}`).toBeLessThanOrEqual(toMs(within));
    await stage.pass(REST_MS);
    expect(stage.takeNotices()).toEqual(options.notices ?? []);
    stage.change();
    await stage.pass(REST_MS);
    expect(stage.takeNotices()).toEqual(CHANGE_NOTICES);
    await expectPeace(stage);
    await expectNothingLeft(stage);
  });
}

/** Makes a stage on which nothing runs yet; it ends with the test. */
export async function makeStage(options: FaultOptions = {}): Promise<FaultStage> {
  const rejected: unknown[] = [];
  const onRejection = (reason: unknown): void => void rejected.push(reason);
  process.on("unhandledRejection", onRejection);
  const system = await System.start(options.api);
  onTestFinished(async () => {
    await system[Symbol.asyncDispose]();
    process.off("unhandledRejection", onRejection);
    expect(rejected).toEqual([]);
  });
  if (options.proxied === true) {
    const proxy = await SilentProxy.start(system.api.port);
    onTestFinished(() => proxy.close());
    system.proxy = proxy;
  }
  return new FaultStage(system, options.sliceCapacity);
}

/** After the fault all is as before: what heals is seen at once, and told once. */
export async function expectPeace(stage: FaultStage): Promise<void> {
  stage.faults.clear();
  await stage.system.passUntil(() => stage.isWatched(), LIMIT_MS);
  stage.heal();
  expect(await stage.untilKnown()).toBeLessThanOrEqual(1000);
  await stage.pass(REST_MS);
  expect(stage.rings.seen).toEqual(stage.rings.truth);
  expect(stage.takeNotices()).toEqual(HEAL_NOTICES);
  const ids = stage.system.notices.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
}

/** Ends Ringbell and looks for what it should have taken with it. */
export async function expectNothingLeft({ system, api }: FaultStage): Promise<void> {
  await system.stop();
  for (let turn = 0; turn < 50 && api.connections > 0; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect({
    connections: api.connections,
    watches: api.openWatches().length,
    held: api.held,
    throughProxy: system.proxy?.connections ?? 0,
    nextTimerMs: system.clock.nextTimerMs(),
  }).toEqual({ connections: 0, watches: 0, held: 0, throughProxy: 0, nextTimerMs: undefined });
}

function expectDocumented(name: string, within: string): void {
  const row = documentedFaults().find((one) => one.name === name);
  expect(row?.within, `docs/reliability.md has a row for "${name}" that says how soon`).toBe(within);
}

/** `1.5 s`, `2 min` */
function toMs(text: string): number {
  const [, amount, unit] = /^([\d.]+) (s|min)$/.exec(text) ?? [];
  if (amount === undefined) throw new Error(`${text} is no time such as "1.5 s" or "2 min"`);
  return Number(amount) * (unit === "min" ? 60_000 : 1000);
}
