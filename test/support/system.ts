import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import type { Notice } from "../../src/alerts/notice.ts";
import { type App, startApp } from "../../src/app.ts";
import { createApiConnection } from "../../src/cluster/api-connection.ts";
import { destinationKinds } from "../../src/destinations/registry.ts";
import { createSender, type Sender } from "../../src/destinations/send.ts";
import type { Source } from "../../src/cluster/slice.ts";
import type { Ring } from "../../src/ring/ring.ts";
import { formatProblems } from "../../src/rules/format-problems.ts";
import { loadRules, type RulesFile } from "../../src/rules/load-rules.ts";
import { silentLogger } from "../../src/runtime/logger.ts";
import { createMetrics } from "../../src/runtime/metrics.ts";
import { seededRandom } from "../../src/runtime/random.ts";
import { secretSource } from "../../src/runtime/secret.ts";
import { VirtualClock } from "../../src/runtime/virtual-clock.ts";
import { type ApiServer, type ApiServerOptions, startApiServer } from "../../src/simulator/api-server.ts";
import { type Receiver, startReceiver } from "../../src/simulator/receiver.ts";
import { openSqliteStore } from "../../src/state/sqlite-store.ts";
import type { Store } from "../../src/state/store.ts";
import { type CountedConnection, countedConnection } from "./counted-connection.ts";
import type { SilentProxy } from "./silent-proxy.ts";

/** When virtual time begins. */
export const START_MS = Date.UTC(2026, 0, 1);

/** Behind a silent proxy nothing can be told from the server's side: it is still when so many turns brought nothing. */
const STILL_TURNS = 12;
/** Some seconds: so long nothing takes that is not stuck. */
const MOST_TURNS = 200_000;
/** Timers in a row until something happens. */
const MOST_STEPS = 20_000;

/**
 * The whole of Ringbell on a virtual clock: the simulator's API server and the receivers over real HTTP on loopback,
 * a real SQLite file. Rules tell destinations `slack`, `pager` and `hook`.
 */
export class System implements AsyncDisposable {
  readonly clock: VirtualClock;
  readonly api: ApiServer;
  readonly slack: Receiver;
  readonly pager: Receiver;
  readonly hook: Receiver;
  readonly #directory = mkdtempSync(join(tmpdir(), "ringbell-system-"));
  /** Ringbell reaches the API server through it, when set before `run`. */
  proxy: SilentProxy | undefined;
  readonly #rings = new Map<string, Ring>();
  #running: { app: App; store: Store; sender: Sender; connection: CountedConnection } | undefined;

  constructor(clock: VirtualClock, api: ApiServer, [slack, pager, hook]: [Receiver, Receiver, Receiver]) {
    this.clock = clock;
    this.api = api;
    this.slack = slack;
    this.pager = pager;
    this.hook = hook;
  }

  static async start(options: Omit<ApiServerOptions, "clock"> = {}): Promise<System> {
    const clock = new VirtualClock(START_MS);
    const api = await startApiServer({ ...options, clock });
    const receivers = [
      await startReceiver({ kind: "slack", clock }),
      await startReceiver({ kind: "pagerduty", clock }),
      await startReceiver({ kind: "webhook", clock }),
    ] as [Receiver, Receiver, Receiver];
    return new System(clock, api, receivers);
  }

  /** Starts Ringbell with the rules of a YAML text below `rules:`, and waits until it watches. `head`: other keys of the file. */
  async run(
    rules: string,
    { head = "", onRing }: { head?: string; onRing?: (ring: Ring) => void } = {},
  ): Promise<App> {
    const { clock } = this;
    const server = this.proxy?.url ?? this.api.url;
    const connection = countedConnection(
      createApiConnection({ loadKubeConfig: () => kubeConfigOf(server), clock, version: "test" }),
    );
    const sender = createSender();
    const store = openSqliteStore(join(this.#directory, "ringbell.db"), clock.now(), () => "test-store");
    const env = { SLACK: this.slack.url, PAGER: "0123456789abcdef0123456789abcdef" };
    const app = startApp({
      file: this.#rulesFile(rules, head),
      connection,
      sender,
      store,
      clock,
      random: seededRandom(1),
      readSecret: secretSource(env, () => ""),
      logger: silentLogger,
      metrics: createMetrics({ processMetrics: false }),
      defer: setImmediate,
      onRing: (ring) => {
        onRing?.(ring);
        this.#rings.set(`${ring.source} ${ring.key}`, ring);
      },
    });
    this.#running = { app, store, sender, connection };
    await this.quiet();
    return app;
  }

  /** Goes on with other rules, as after an edit of the file. */
  async reload(rules: string): Promise<void> {
    await this.#running?.app.reload(this.#rulesFile(rules, ""));
    await this.quiet();
  }

  /** Ends Ringbell as SIGTERM does; what it stored stays for the next `run`. */
  async stop(): Promise<void> {
    if (!this.#running) return;
    const { app, store, sender, connection } = this.#running;
    this.#running = undefined;
    await app.stop(0);
    await Promise.all([sender.close(), connection.close()]);
    store.close();
  }

  /** Lets virtual time pass, timer by timer, with all that goes over the sockets in between. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.clock.now() + ms;
    await this.passUntil(() => (this.clock.nextTimerMs() ?? Infinity) > untilMs, ms);
    this.clock.advanceTo(untilMs);
    await this.quiet();
  }

  /** Lets virtual time pass until something holds, and returns how long that took. Throws after `limitMs`. */
  async passUntil(holds: () => boolean, limitMs: number): Promise<number> {
    const startMs = this.clock.now();
    await this.quiet();
    for (let steps = 0; !holds(); steps += 1) {
      const next = this.clock.nextTimerMs() ?? Infinity;
      if (steps > MOST_STEPS) throw new Error(`timers without end at ${this.clock.now() - START_MS} ms`);
      if (next > startMs + limitMs) throw new Error(`it did not hold within ${limitMs / 1000} s`);
      this.clock.advanceTo(next);
      await this.quiet();
    }
    return this.clock.now() - startMs;
  }

  /**
   * Resolves when only time can bring anything more: Ringbell has taken in every byte that the API server let go, what it asks
   * for is either answered or held back by a fault, and nothing is under way to a receiver.
   */
  async quiet(): Promise<void> {
    let seen = -1;
    let turns = 0;
    for (let quietTurns = 0; quietTurns < (this.proxy?.isSilent === true ? STILL_TURNS : 3);) {
      await new Promise((resolve) => setImmediate(resolve));
      if (++turns > MOST_TURNS) throw new Error(`it never becomes quiet: ${this.#underWay()}`);
      const activity = this.#activity;
      quietTurns = activity === seen && this.#isQuiet() ? quietTurns + 1 : 0;
      seen = activity;
    }
  }

  /** The ring as Ringbell's rules last saw it. */
  ring(key: string, source: Source = "endpointslices"): Ring | undefined {
    return this.#rings.get(`${source} ${key}`);
  }

  /** The notices that the webhook got, in order, with seconds since the start of virtual time. */
  get notices(): readonly (Notice & { readonly id: string; readonly atSeconds: number })[] {
    return this.hook.received.map(({ json, atMs }) => ({
      ...(json as Notice & { id: string }),
      atSeconds: (atMs - START_MS) / 1000,
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await Promise.all([this.api, this.slack, this.pager, this.hook].map((server) => server.close()));
    rmSync(this.#directory, { recursive: true });
  }

  #underWay(): string {
    const { connection, app } = this.#running ?? {};
    const watches = this.api.openWatches();
    return JSON.stringify({
      waiting: connection?.waiting,
      open: connection?.open,
      lines: connection?.lines,
      deliveries: app?.courier.inFlight,
      held: this.api.held,
      watches: watches.map(({ url, sentLines, frozen }) => ({ url, sentLines, frozen })),
    });
  }

  get #activity(): number {
    return (this.#running?.connection.activity ?? 0) + (this.proxy?.activity ?? 0);
  }

  #isQuiet(): boolean {
    if (!this.#running) return true;
    const { app, connection } = this.#running;
    if (app.courier.inFlight > 0) return false;
    if (this.proxy?.isSilent === true) return true;
    const watches = this.api.openWatches();
    const sentLines = watches.reduce((sum, watch) => sum + watch.sentLines, 0);
    return (
      connection.waiting + connection.open === this.api.held + watches.length &&
      connection.lines === sentLines
    );
  }

  #rulesFile(rules: string, head: string): RulesFile {
    const text = `
version: 1
${head}
destinations:
  slack: { slack: { webhookUrl: { env: SLACK } } }
  pager: { pagerduty: { routingKey: { env: PAGER }, url: "${this.pager.url}" } }
  hook: { webhook: { url: "${this.hook.url}" } }
defaults: { notify: [hook] }
rules:
${rules}`;
    const loaded = loadRules(text, "rules.yaml", destinationKinds);
    if (!loaded.ok) throw new Error(formatProblems(loaded.problems, false));
    return loaded.file;
  }
}

function kubeConfigOf(server: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromClusterAndUser({ name: "simulator", server, skipTLSVerify: true }, { name: "test" });
  return config;
}
