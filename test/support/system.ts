import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import type { Notice } from "../../src/alerts/notice.ts";
import { type App, startApp } from "../../src/app.ts";
import { type ApiConnection, createApiConnection } from "../../src/cluster/api-connection.ts";
import { destinationKinds } from "../../src/destinations/registry.ts";
import { createSender, type Sender } from "../../src/destinations/send.ts";
import { formatProblems } from "../../src/rules/format-problems.ts";
import { loadRules, type RulesFile } from "../../src/rules/load-rules.ts";
import { silentLogger } from "../../src/runtime/logger.ts";
import { createMetrics } from "../../src/runtime/metrics.ts";
import { seededRandom } from "../../src/runtime/random.ts";
import { secretSource } from "../../src/runtime/secret.ts";
import { VirtualClock } from "../../src/runtime/virtual-clock.ts";
import { type ApiServer, startApiServer } from "../../src/simulator/api-server.ts";
import { type Receiver, startReceiver } from "../../src/simulator/receiver.ts";
import { openSqliteStore } from "../../src/state/sqlite-store.ts";
import type { Store } from "../../src/state/store.ts";

/** When virtual time begins. */
export const START_MS = Date.UTC(2026, 0, 1);

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
  #running: { app: App; store: Store; sender: Sender; connection: ApiConnection } | undefined;

  constructor(clock: VirtualClock, api: ApiServer, [slack, pager, hook]: [Receiver, Receiver, Receiver]) {
    this.clock = clock;
    this.api = api;
    this.slack = slack;
    this.pager = pager;
    this.hook = hook;
  }

  static async start(): Promise<System> {
    const clock = new VirtualClock(START_MS);
    const api = await startApiServer({ clock });
    const receivers = [
      await startReceiver({ kind: "slack", clock }),
      await startReceiver({ kind: "pagerduty", clock }),
      await startReceiver({ kind: "webhook", clock }),
    ] as [Receiver, Receiver, Receiver];
    return new System(clock, api, receivers);
  }

  /** Starts Ringbell with the rules of a YAML text below `rules:`, and waits until it watches. */
  async run(rules: string): Promise<App> {
    const { clock } = this;
    const connection = createApiConnection({
      loadKubeConfig: () => kubeConfigOf(this.api.url),
      clock,
      version: "test",
    });
    const sender = createSender();
    const store = openSqliteStore(join(this.#directory, "ringbell.db"), clock.now(), () => "test-store");
    const env = { SLACK: this.slack.url, PAGER: "0123456789abcdef0123456789abcdef" };
    const app = startApp({
      file: this.#rulesFile(rules),
      connection,
      sender,
      store,
      clock,
      random: seededRandom(1),
      readSecret: secretSource(env, () => ""),
      logger: silentLogger,
      metrics: createMetrics({ processMetrics: false }),
      defer: setImmediate,
    });
    this.#running = { app, store, sender, connection };
    await this.quiet();
    return app;
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
    await this.quiet();
    for (
      let next = this.clock.nextTimerMs();
      next !== undefined && next <= untilMs;
      next = this.clock.nextTimerMs()
    ) {
      this.clock.advanceTo(next);
      await this.quiet();
    }
    this.clock.advanceTo(untilMs);
    await this.quiet();
  }

  /** Resolves when Ringbell has taken in all that the API server wrote, and nothing is under way to a receiver. */
  async quiet(): Promise<void> {
    for (let quietTurns = 0; quietTurns < 3;) {
      await new Promise((resolve) => setImmediate(resolve));
      quietTurns = this.#isQuiet() ? quietTurns + 1 : 0;
    }
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

  #isQuiet(): boolean {
    const app = this.#running?.app;
    if (!app) return true;
    const statuses = app.reflectors.map((reflector) => reflector.status());
    if (app.courier.inFlight > 0 || !statuses.every(({ watching }) => watching)) return false;
    const watches = this.api.openWatches();
    if (watches.length !== statuses.length) return false;
    // Versions are one sequence over all kinds, so sorted lists compare watch by watch.
    const written = watches.map(({ lastVersion }) => lastVersion ?? 0).sort((a, b) => a - b);
    const taken = statuses.map(({ resourceVersion }) => Number(resourceVersion)).sort((a, b) => a - b);
    return written.every((version, i) => version <= (taken[i] ?? 0));
  }

  #rulesFile(rules: string): RulesFile {
    const text = `
version: 1
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
