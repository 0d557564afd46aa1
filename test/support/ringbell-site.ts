import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { systemClock } from "../../src/runtime/clock.ts";
import { type ApiServer, type ApiServerOptions, startApiServer } from "../../src/simulator/api-server.ts";
import { ClusterModel, type ModelStep } from "../../src/simulator/cluster-model.ts";
import { applyStep } from "../../src/simulator/play.ts";
import { type Receiver, type ReceiverOptions, startReceiver } from "../../src/simulator/receiver.ts";
import { type Door, type DoorState, makeDoor } from "./door.ts";
import { eventually } from "./eventually.ts";
import { parsePrometheusText } from "./prometheus-text.ts";
import { RingbellProcess } from "./ringbell-process.ts";
import { type StoredDelivery, storedDeliveries } from "./stored-deliveries.ts";

/** What a start of `ringbell run` may have of its own. */
export interface StartOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly program?: readonly string[];
  readonly cwd?: string;
}

/** Sites that are open. A test that ran out of time never leaves its own, so the end of its file does. */
const open = new Set<RingbellSite>();
afterAll(async () => {
  await Promise.all([...open].map((site) => site[Symbol.asyncDispose]()));
});

/**
 * All that a real Ringbell process needs around it, on loopback and on the real clock: an API server, receivers, and
 * a temporary directory with its kubeconfig, rules file and data. Each `run` is one process; all share the data.
 */
export class RingbellSite implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), "ringbell-process-"));
  readonly api: ApiServer;
  readonly data = join(this.directory, "data");
  readonly rulesPath = join(this.directory, "rules.yaml");
  readonly kubeconfigPath = join(this.directory, "kubeconfig.yaml");
  readonly #stack = new AsyncDisposableStack();

  private constructor(api: ApiServer) {
    this.api = api;
    this.#stack.defer(() => rmSync(this.directory, { recursive: true }));
    this.#stack.defer(() => api.close());
    this.writeKubeconfig({});
    open.add(this);
  }

  static async open(options: Omit<ApiServerOptions, "clock"> = {}): Promise<RingbellSite> {
    return new RingbellSite(await startApiServer({ ...options, clock: systemClock }));
  }

  async receiver(kind: ReceiverOptions["kind"], options: Partial<ReceiverOptions> = {}): Promise<Receiver> {
    const receiver = await startReceiver({ ...options, kind, clock: systemClock });
    this.#stack.defer(() => receiver.close());
    return receiver;
  }

  async door(receiver: Receiver, state: DoorState): Promise<Door> {
    const door = await makeDoor(receiver.url, state);
    this.#stack.defer(() => door.close());
    return door;
  }

  /** A Service with so many ready Pods, in namespace `data`. Its verbs take effect by `play`. */
  service(name: string, replicas: number): ClusterModel {
    const model = new ClusterModel({ namespace: "data", service: name });
    this.play(model.begin(systemClock.now(), replicas));
    return model;
  }

  /** Writes all steps at once, however long they would take. */
  play(steps: readonly ModelStep[]): void {
    for (const step of steps) applyStep(this.api.store, step);
  }

  scale(model: ClusterModel, replicas: number): void {
    this.play(model.scale(systemClock.now(), replicas));
  }

  writeRules(text: string): void {
    writeFileSync(this.rulesPath, text);
  }

  writeKubeconfig({ server = this.api.url, user = {} }: { server?: string; user?: object }): void {
    const config = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "simulator", cluster: { server, "insecure-skip-tls-verify": true } }],
      users: [{ name: "test", user }],
      contexts: [{ name: "simulator", context: { cluster: "simulator", user: "test" } }],
      "current-context": "simulator",
    };
    writeFileSync(this.kubeconfigPath, JSON.stringify(config), { mode: 0o600 });
  }

  /** The arguments of `run` that every start has. */
  get runArguments(): readonly string[] {
    const { rulesPath, kubeconfigPath, data } = this;
    const paths = ["--rules", rulesPath, "--kubeconfig", kubeconfigPath, "--data", data];
    return ["run", ...paths, "--listen", "127.0.0.1:0"];
  }

  /** Starts a process, and does not wait for it. It is killed when the site is left. */
  start({ args = [], ...rest }: StartOptions = {}): RingbellProcess {
    if (this.#stack.disposed) throw new Error("the site has been left");
    return this.#stack.use(new RingbellProcess({ ...rest, args: [...this.runArguments, ...args] }));
  }

  /** Starts a process and waits until it is ready. */
  async run(options: StartOptions = {}): Promise<RingbellProcess> {
    const ringbell = this.start(options);
    await ringbell.ready();
    return ringbell;
  }

  /** All deliveries in the data directory, in order of acceptance. Only while no process runs. */
  stored(): readonly StoredDelivery[] {
    return storedDeliveries(this.data);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    open.delete(this);
    await this.#stack.disposeAsync();
  }
}

/** How many deliveries a running process owes, by its own metrics: those that are stored and have not ended. */
export async function owed(ringbell: RingbellProcess): Promise<number> {
  const { samples } = parsePrometheusText((await ringbell.get("/metrics")).body);
  return samples
    .filter(({ name }) => name === "ringbell_deliveries_owed")
    .reduce((sum, { value }) => sum + value, 0);
}

/** Waits until a running process owes exactly so many. */
export async function untilOwed(ringbell: RingbellProcess, count: number): Promise<void> {
  let last: number | undefined;
  await eventually(`${count} deliveries owed`, async () => (last = await owed(ringbell)) === count).catch(
    (error: unknown) => {
      throw new Error(`${last} are owed, not ${count}\n${ringbell.describe()}`, { cause: error });
    },
  );
}
