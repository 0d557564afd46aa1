import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../../src/runtime/clock.ts";
import { type Random, seededRandom } from "../../src/runtime/random.ts";
import { type ApiServer, startApiServer } from "../../src/simulator/api-server.ts";
import { type Receiver, startReceiver } from "../../src/simulator/receiver.ts";
import { Child } from "../bench/child.ts";
import { API_FAULTS, OUTAGES } from "./api-faults.ts";
import { checkAll } from "./check-all.ts";
import { ringFaults } from "./check-dump.ts";
import { Churn } from "./churn.ts";
import { Later } from "./later.ts";
import type { Dump, Sample } from "./messages.ts";
import { type Manner, type SoakReceiver, startSoakReceiver } from "./soak-receiver.ts";
import { type SoakPlan, soakPlan, TOLD_AFTER_MS } from "./soak-rules.ts";
import { type Truth, truthOf } from "./truth.ts";
import { heapVerdict, leakVerdicts, mebibytes, type Verdict } from "./verdicts.ts";

/** How to soak. */
export interface SoakOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly services: number;
  /** Gets a line of progress now and then. */
  readonly say: (line: string) => void;
}

/** What came of it. */
export interface SoakResult {
  readonly seed: number;
  readonly minutes: number;
  readonly services: number;
  readonly changes: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly notices: number;
  readonly requests: number;
  readonly relists: number;
  readonly calmSeconds: number;
  readonly heapMiB: readonly number[];
  readonly rssMiB: number;
  readonly verdicts: readonly Verdict[];
}

const CHANGE_EVERY_MS = 100;
const FAULT_EVERY_MS = { min: 1_500, max: 5_000 };
const SAMPLE_EVERY_MS = 2_000;
const SAY_EVERY_MS = 10_000;
/** An answer that never comes is given up after 30 s, a watch that froze for good after some minutes; retries wait as long. */
const CALM_MAX_MS = 360_000;
const START_MAX_MS = 120_000;
/** After it, connections that are not in use are closed. */
const IDLE_MS = 12_000;
const RECEIVER_MANNERS: readonly (readonly Manner[])[] = [
  [500, 503],
  [429],
  ["hold"],
  ["reset"],
  [500, 429, "hold", "reset"],
];

/** Runs the soak: the app in its own process, everything that it talks to in this one. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const random = seededRandom(options.seed);
  const api = await startApiServer({ clock: systemClock, timing: { bookmarkEveryMs: 20_000 } });
  const hook = await startSoakReceiver(seededRandom(options.seed + 1));
  const pager = await startReceiver({ kind: "pagerduty", clock: systemClock });
  const child = new Child("../soak/app-process.ts", [], ["--expose-gc"]);
  const later = new Later();
  try {
    return await new Soak(options, { random, api, hook, pager, child, later }).run();
  } finally {
    later.runAll();
    child[Symbol.dispose]();
    await Promise.all([api.close(), hook.close(), pager.close()]);
  }
}

interface Stage {
  readonly random: Random;
  readonly api: ApiServer;
  readonly hook: SoakReceiver;
  readonly pager: Receiver;
  readonly child: Child;
  readonly later: Later;
}

class Soak {
  readonly #options: SoakOptions;
  readonly #stage: Stage;
  readonly #plan: SoakPlan;
  readonly #churn: Churn;
  readonly #faults: Record<string, number> = {};
  readonly #heaps: number[] = [];
  readonly #startMs = systemClock.now();
  #last: Sample | undefined;

  constructor(options: SoakOptions, stage: Stage) {
    this.#options = options;
    this.#stage = stage;
    this.#plan = soakPlan(options.services, stage.hook.url, stage.pager.url);
    const { api, random } = stage;
    this.#churn = new Churn(this.#plan.services, { clock: systemClock, store: api.store, random });
  }

  async run(): Promise<SoakResult> {
    const { child, api, hook, pager } = this.#stage;
    await child.ask({ kind: "start", rules: this.#plan.rules, server: api.url });
    await this.#untilQuiet("start", systemClock.now() + START_MAX_MS);
    await sleep(TOLD_AFTER_MS);
    const begin = await this.#sample();
    await this.#disturb();
    const calmMs = await this.#calmDown();
    await sleep(IDLE_MS);
    const end = await this.#sample();
    const dump = await child.ask<Dump>({ kind: "dump" });
    await child.ask({ kind: "stop" });
    await sleep(500);
    const stopped = await this.#sample();
    return this.#result(calmMs, end, [
      ...checkAll({ dump, end, truth: this.#truth(), requests: hook.requests, incidents: pager.received }),
      heapVerdict(this.#heaps),
      ...leakVerdicts(begin, end, stopped),
    ]);
  }

  async #disturb(): Promise<void> {
    const untilMs = systemClock.now() + this.#options.minutes * 60_000;
    let faultAtMs = systemClock.now();
    let sampleAtMs = systemClock.now();
    let sayAtMs = systemClock.now();
    while (systemClock.now() < untilMs) {
      this.#churn.change();
      const nowMs = systemClock.now();
      if (nowMs >= faultAtMs) {
        await this.#disturbOnce();
        faultAtMs =
          nowMs + FAULT_EVERY_MS.min + this.#stage.random() * (FAULT_EVERY_MS.max - FAULT_EVERY_MS.min);
      }
      if (nowMs >= sampleAtMs) {
        sampleAtMs = nowMs + SAMPLE_EVERY_MS;
        this.#heaps.push((await this.#sample()).heapBytes);
      }
      if (nowMs >= sayAtMs) {
        sayAtMs += SAY_EVERY_MS;
        this.#sayHow("soaking");
      }
      await sleep(CHANGE_EVERY_MS * 2 * this.#stage.random());
    }
  }

  async #disturbOnce(): Promise<void> {
    const { random, api, later } = this.#stage;
    if (random() < 0.2) return this.#disturbReceivers();
    const names = Object.keys(API_FAULTS).filter((name) => !(OUTAGES.has(name) && later.has("outage")));
    const name = names[Math.floor(random() * names.length)] ?? "";
    const kind = OUTAGES.has(name) ? "outage" : "fault";
    this.#count(name);
    await API_FAULTS[name]?.({ api, random, later: (ms, work) => later.add(kind, ms, work) });
  }

  #disturbReceivers(): void {
    const { random, hook, pager, later } = this.#stage;
    const manners = RECEIVER_MANNERS[Math.floor(random() * RECEIVER_MANNERS.length)] ?? [];
    this.#count(`receiver: ${manners.join(", ")}`);
    hook.behave(manners, 0.2 + random() * 0.8);
    pager.answerNext(1 + Math.floor(random() * 3), { status: random() < 0.5 ? 500 : 429 });
    if (random() < 0.3) pager.hold();
    later.add("receiver", 1_000 + random() * 4_000, () => {
      hook.behave([], 0);
      pager.release();
    });
  }

  /** Returns how long it took until everything had come to rest. */
  async #calmDown(): Promise<number> {
    const { api, later } = this.#stage;
    const startMs = systemClock.now();
    later.runAll();
    api.faults.clear();
    api.faults.thawWatches();
    await sleep(Math.max(0, this.#churn.busyUntilMs - systemClock.now()));
    const untilMs = startMs + CALM_MAX_MS;
    await this.#untilQuiet("calming down", untilMs);
    await sleep(TOLD_AFTER_MS);
    await this.#untilQuiet("calming down", untilMs);
    return systemClock.now() - startMs;
  }

  /** Ends when all watches are up to date and nothing is owed, or when patience does. */
  async #untilQuiet(what: string, untilMs: number): Promise<void> {
    let sayAtMs = systemClock.now() + SAY_EVERY_MS;
    for (let quiet = 0; quiet < 3;) {
      await sleep(1_000);
      const { scopes, owed } = await this.#sample();
      const isQuiet =
        owed === 0 && scopes.length > 0 && scopes.every(({ synced, watching }) => synced && watching);
      const [fault] = isQuiet
        ? this.#ringFaults(await this.#stage.child.ask<Dump>({ kind: "dump" }))
        : ["not quiet"];
      quiet = fault === undefined ? quiet + 1 : 0;
      if (systemClock.now() > untilMs) return this.#options.say(`${what}: patience is over: ${fault}`);
      if (systemClock.now() > sayAtMs) {
        sayAtMs += SAY_EVERY_MS;
        this.#sayHow(what);
      }
    }
  }

  #ringFaults(dump: Dump): string[] {
    return ringFaults(dump, this.#truth());
  }

  #truth(): Truth {
    return truthOf(this.#stage.api, this.#plan);
  }

  async #sample(): Promise<Sample> {
    this.#last = await this.#stage.child.ask<Sample>({ kind: "sample" });
    return this.#last;
  }

  #result(calmMs: number, end: Sample, verdicts: readonly Verdict[]): SoakResult {
    const { minutes, seed, services } = this.#options;
    const { hook } = this.#stage;
    return {
      seed,
      minutes,
      services,
      changes: this.#churn.changes,
      faults: this.#faults,
      notices: new Set(hook.requests.map(({ id }) => id)).size,
      requests: hook.requests.length,
      relists: end.scopes.reduce((sum, { relists }) => sum + relists, 0),
      calmSeconds: Math.round(calmMs / 1000),
      heapMiB: this.#heaps.map((bytes) => Number(mebibytes(bytes))),
      rssMiB: Number(mebibytes(end.rssBytes)),
      verdicts,
    };
  }

  #count(fault: string): void {
    this.#faults[fault] = (this.#faults[fault] ?? 0) + 1;
  }

  #sayHow(what: string): void {
    const { scopes, owed, heapBytes, troubles } = this.#last ?? {
      scopes: [],
      owed: 0,
      heapBytes: 0,
      troubles: [],
    };
    const seconds = Math.round((systemClock.now() - this.#startMs) / 1000);
    const faults = Object.values(this.#faults).reduce((sum, count) => sum + count, 0);
    const watching = scopes.filter((scope) => scope.watching).length;
    const relists = scopes.reduce((sum, scope) => sum + scope.relists, 0);
    this.#options.say(
      `${seconds} s ${what}: ${this.#churn.changes} changes, ${faults} faults, ${relists} relists, ${watching}/${scopes.length} watching, ` +
        `${this.#stage.hook.requests.length} requests, ${owed} owed, heap ${mebibytes(heapBytes)} MiB, ${troubles.length} troubles`,
    );
  }
}
