import { KubeConfig } from "@kubernetes/client-node";
import { type App, startApp } from "../app.ts";
import { createApiConnection } from "../cluster/api-connection.ts";
import { decodeSlice } from "../cluster/decode-slice.ts";
import type { Attempt } from "../destinations/courier.ts";
import { destinationKinds } from "../destinations/registry.ts";
import { createSender } from "../destinations/send.ts";
import { mergeSlices } from "../ring/merge-slices.ts";
import { formatProblems } from "../rules/format-problems.ts";
import { loadRules, type RulesFile } from "../rules/load-rules.ts";
import { systemClock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import { createMetrics } from "../runtime/metrics.ts";
import { seededRandom } from "../runtime/random.ts";
import { secretSource } from "../runtime/secret.ts";
import { VERSION } from "../runtime/version.ts";
import type { VirtualClock } from "../runtime/virtual-clock.ts";
import { type ApiServer, startApiServer } from "../simulator/api-server.ts";
import type { ReceiverKind } from "../simulator/receiver-answers.ts";
import { type Receiver, startReceiver } from "../simulator/receiver.ts";
import { openSqliteStore } from "../state/sqlite-store.ts";
import { DEMO_SIGNING_SECRET, demoEnv, type DemoPlaces, demoRules } from "./demo-rules.ts";
import { ObservedStore } from "./observed-store.ts";
import type { Observer } from "./observer.ts";
import { readReceipt, type Receipt } from "./receipt.ts";

/** What a stage is built from. */
export interface StageOptions {
  readonly clock: VirtualClock;
  readonly observer: Observer;
  /** The rules file's text; default `demoRules`. */
  readonly rules?: (places: DemoPlaces) => string;
}

/** Ringbell between a cluster and three receivers, none of them real but the HTTP between them. */
export interface Stage extends AsyncDisposable {
  readonly api: ApiServer;
  /** What the stand-ins got, in order of time. */
  receipts(): readonly Receipt[];
  /**
   * Lets story time pass until `toMs`, timer by timer, with all that goes over the sockets in between. Returns early
   * when `signal` aborts. Throws when Ringbell does not come to rest.
   */
  passTo(toMs: number, signal: AbortSignal): Promise<void>;
}

/** By far more real time than a request on loopback takes. */
const REST_WITHIN_MS = 10_000;

/** The destinations of the rules file and who stands in for them. */
const STAND_INS: readonly (readonly [destination: string, kind: ReceiverKind])[] = [
  ["data-team", "slack"],
  ["on-call", "pagerduty"],
  ["rebalancer", "webhook"],
];

/**
 * [I/O] Starts the simulator and the receivers on loopback, and Ringbell as `ringbell run` does, all on the story's clock.
 * State is in a SQLite database in memory. `prepare` fills the cluster before Ringbell looks at it.
 */
export async function openStage(options: StageOptions, prepare: (api: ApiServer) => void): Promise<Stage> {
  const { clock, observer } = options;
  await using opened = new AsyncDisposableStack();
  const api = opened.adopt(await startApiServer({ clock }), (server) => server.close());
  const receivers = new Map<string, Receiver>();
  for (const [destination, kind] of STAND_INS) {
    const signed = kind === "webhook" ? { signingSecret: DEMO_SIGNING_SECRET } : {};
    const receiver = await startReceiver({ kind, clock, ...signed });
    receivers.set(
      destination,
      opened.adopt(receiver, (each) => each.close()),
    );
  }
  opened.defer(watchMembers(api, observer));
  prepare(api);
  const receipts = (): Receipt[] => allReceipts(receivers);
  const app = startRingbell(options, api, receivers, opened);
  const endings = opened.move();
  return {
    api,
    receipts,
    passTo: (toMs, signal) => passTo(clock, toMs, signal, () => isAtRest(api, app)),
    [Symbol.asyncDispose]: () => whileTimeStands(clock, endings.disposeAsync()),
  };
}

function startRingbell(
  { clock, observer, rules = demoRules }: StageOptions,
  api: ApiServer,
  receivers: ReadonlyMap<string, Receiver>,
  opened: AsyncDisposableStack,
): App {
  const urlOf = (destination: string): string => receivers.get(destination)?.url ?? "";
  const file = load(rules({ pagerUrl: urlOf("on-call"), rebalancerUrl: urlOf("rebalancer") }));
  observer.useRules(file.rules);
  const store = opened.adopt(
    openSqliteStore(":memory:", clock.now(), () => "demo"),
    (each) => each.close(),
  );
  const sender = opened.adopt(createSender(), (each) => each.close());
  const connection = opened.adopt(
    createApiConnection({ loadKubeConfig: () => kubeConfigOf(api.url), clock, version: VERSION }),
    (each) => each.close(),
  );
  const taken = new Map<string, number>();
  const app = startApp({
    file,
    connection,
    sender,
    store: new ObservedStore(store, (commit) => observer.onCommit(commit)),
    clock,
    random: seededRandom(1),
    readSecret: secretSource(demoEnv(urlOf("data-team")), () => ""),
    logger: problemLogger(observer),
    metrics: createMetrics({ processMetrics: false }),
    defer: setImmediate,
    onRing: (ring) => observer.onRing(ring),
    onNotice: (notice) => observer.onNotice(notice),
    onAttempt: (attempt) => observer.onAttempt(attempt, nextReceipt(attempt, receivers, taken)),
  });
  opened.defer(() => app.stop(0));
  return app;
}

function load(text: string): RulesFile {
  const loaded = loadRules(text, "demo-rules.yaml", destinationKinds);
  if (!loaded.ok)
    throw new TypeError(`Cannot load the demo's rules:\n${formatProblems(loaded.problems, false)}`);
  return loaded.file;
}

/** Tells the observer of the members whenever the API server's own state changes. Returns the function that ends it. */
function watchMembers(api: ApiServer, observer: Observer): () => void {
  const slices = new Map<string, Parameters<typeof mergeSlices>[0][number]>();
  return api.store.subscribe(({ source, type, object }) => {
    if (source !== "endpointslices") return;
    const decoded = decodeSlice(object);
    if (decoded.kind !== "slice") return;
    if (type === "DELETED") slices.delete(decoded.slice.key);
    else slices.set(decoded.slice.key, decoded.slice);
    observer.onMembers(mergeSlices([...slices.values()]));
  });
}

function allReceipts(receivers: ReadonlyMap<string, Receiver>): Receipt[] {
  return STAND_INS.flatMap(([destination, kind]) =>
    (receivers.get(destination)?.received ?? []).map((received) =>
      readReceipt(destination, kind, received, DEMO_SIGNING_SECRET),
    ),
  ).toSorted((a, b) => a.atMs - b.atMs);
}

/** What the stand-in has got since the last attempt at this destination. */
function nextReceipt(
  { delivery: { destination } }: Attempt,
  receivers: ReadonlyMap<string, Receiver>,
  taken: Map<string, number>,
): Receipt | undefined {
  const kind = STAND_INS.find(([name]) => name === destination)?.[1];
  const count = taken.get(destination) ?? 0;
  const received = receivers.get(destination)?.received[count];
  if (!received || kind === undefined) return undefined;
  taken.set(destination, count + 1);
  return readReceipt(destination, kind, received, DEMO_SIGNING_SECRET);
}

function problemLogger(observer: Observer): Logger {
  const ignore = (): void => undefined;
  const tell: Logger["warn"] = (fields, message) => {
    const reason = typeof fields["reason"] === "string" ? `: ${fields["reason"]}` : "";
    observer.onProblem(`${message}${reason}`);
  };
  return { debug: ignore, info: ignore, warn: tell, error: tell };
}

function kubeConfigOf(server: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromClusterAndUser({ name: "simulator", server, skipTLSVerify: true }, { name: "demo" });
  return config;
}

/** True when Ringbell has taken in all that the API server wrote, and nothing is under way to a receiver. */
function isAtRest(api: ApiServer, app: App): boolean {
  const statuses = app.reflectors.map((reflector) => reflector.status());
  if (app.courier.inFlight > 0 || !statuses.every(({ watching }) => watching)) return false;
  const watches = api.openWatches();
  if (watches.length !== statuses.length) return false;
  // Versions are one sequence over all kinds, so sorted lists compare watch by watch.
  const written = watches.map(({ lastVersion }) => lastVersion ?? 0).sort((a, b) => a - b);
  const taken = statuses.map(({ resourceVersion }) => Number(resourceVersion)).sort((a, b) => a - b);
  return written.every((version, i) => version <= (taken[i] ?? 0));
}

async function passTo(
  clock: VirtualClock,
  toMs: number,
  signal: AbortSignal,
  atRest: () => boolean,
): Promise<void> {
  await rest(clock, signal, atRest);
  while (!signal.aborted) {
    const next = clock.nextTimerMs();
    if (next === undefined || next > toMs) return clock.advanceTo(toMs);
    clock.advanceTo(next);
    await rest(clock, signal, atRest);
  }
}

/** The next timer may only ring when nothing is on its way: so the story is the same however slow the machine is. */
async function rest(clock: VirtualClock, signal: AbortSignal, atRest: () => boolean): Promise<void> {
  const giveUpMs = systemClock.now() + REST_WITHIN_MS;
  for (let quietTurns = 0; quietTurns < 3 && !signal.aborted;) {
    await turn();
    quietTurns = atRest() ? quietTurns + 1 : 0;
    if (quietTurns === 0 && systemClock.now() > giveUpMs) {
      const time = new Date(clock.now()).toISOString();
      throw new Error(
        `Cannot go on with the demo: Ringbell did not come to rest at ${time} on the story's clock`,
      );
    }
  }
}

/** Stopping sets timers for at once; none that is due later rings, so the story stands still. */
async function whileTimeStands(clock: VirtualClock, ending: Promise<void>): Promise<void> {
  const state = { isOver: false };
  const over = ending.finally(() => (state.isOver = true));
  while (!state.isOver) {
    clock.advanceTo(clock.now());
    await turn();
  }
  await over;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
