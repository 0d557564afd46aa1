import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type App, startApp } from "../app.ts";
import { createApiConnection } from "../cluster/api-connection.ts";
import { loadKubeConfig } from "../cluster/kube-config.ts";
import { destinationKinds } from "../destinations/registry.ts";
import { createSender, proxyFromEnv } from "../destinations/send.ts";
import { loadRules, type RulesFile } from "../rules/load-rules.ts";
import { systemClock } from "../runtime/clock.ts";
import { deferBriefly } from "../runtime/defer.ts";
import type { Logger } from "../runtime/logger.ts";
import { createMetrics, type Metrics } from "../runtime/metrics.ts";
import { systemRandom } from "../runtime/random.ts";
import { SecretMissingError, type SecretSource } from "../runtime/secret.ts";
import type { Api } from "../server/api.ts";
import { type OpsServer, startOpsServer } from "../server/ops-server.ts";
import { silenceApi } from "../server/silence-api.ts";
import { joinApis, type RulesFileStatus, standingApi } from "../server/standing-api.ts";
import { type ApiToken, apiTokenFrom } from "../server/write-access.ts";
import { rulesFileFinding, stateFinding } from "../alerts/self-alerts.ts";
import { standingToJson } from "../alerts/standing-json.ts";
import { openState } from "../state/open-state.ts";
import { followFile } from "./follow-file.ts";
import { VERSION } from "../runtime/version.ts";

/** What `ringbell run` was asked to do, and what it needs of the process. */
export interface RunOptions {
  readonly file: RulesFile;
  readonly rulesPath: string;
  /** What `file` was loaded from. */
  readonly rulesText: string;
  readonly readRules: () => string;
  /** Called with what is to be done at SIGHUP. */
  readonly onHangUp: (check: () => void) => void;
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  /** Directory of the stored state; made when it is not there. */
  readonly data: string;
  readonly listen: { readonly host: string | undefined; readonly port: number };
  /** A file with the token that allows writes from other machines. */
  readonly apiTokenFile: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readSecret: SecretSource;
  readonly newStoreId: () => string;
  readonly logger: Logger;
  /** Aborts when the process is to stop. */
  readonly stop: AbortSignal;
}

/** Due deliveries get this long for their last try: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination gives 30 s in all. */
const DRAIN_MS = 10_000;

/** Runs until `stop` aborts, then drains. Throws `StateError`, `KubeConfigError` and bind errors before anything has started. */
export async function run(options: RunOptions): Promise<void> {
  const { file, logger, env, readSecret, stop } = options;
  const kubeConfigOptions = { kubeconfig: options.kubeconfig, context: options.context, env };
  // Read once here, so that a wrong kubeconfig is an error at the start and not a retry.
  loadKubeConfig(kubeConfigOptions);
  mkdirSync(options.data, { recursive: true });
  await using resources = new AsyncDisposableStack();
  const startMs = systemClock.now();
  const { store, damage } = openState(join(options.data, "ringbell.db"), startMs, options.newStoreId);
  resources.defer(() => store.close());
  const metrics = createMetrics({ processMetrics: true });
  const connection = createApiConnection({
    loadKubeConfig: () => loadKubeConfig(kubeConfigOptions),
    clock: systemClock,
    version: VERSION,
  });
  resources.defer(() => connection.close());
  const proxy = proxyFromEnv(env);
  const sender = createSender(proxy ? { proxy } : {});
  resources.defer(() => sender.close());
  let notReady: () => readonly string[] = () => ["starting"];
  let api: Api | undefined;
  const server = await startOpsServer(
    {
      notReady: () => notReady(),
      metrics: async () => ({
        contentType: metrics.registry.contentType,
        body: await metrics.registry.metrics(),
      }),
      // What it tells of is there a moment later.
      api: { answer: (request) => api?.answer(request) },
    },
    options.listen,
  );
  resources.defer(() => server.close());
  logStart(options, server);
  const token = apiTokenFrom(options.apiTokenFile, env, readSecret);
  warnOfToken(token, logger);
  const app = startApp({
    file,
    connection,
    sender,
    store,
    clock: systemClock,
    random: systemRandom,
    readSecret,
    logger,
    metrics,
    defer: deferBriefly,
  });
  if (damage) logger.error(damage, "the state is damaged: it is set aside, and begins anew");
  const lost = damage && { sinceMs: startMs, fact: `${damage.why}, kept as ${damage.setAside}` };
  app.pipeline.onSelf(stateFinding(lost));
  app.pipeline.onSelf(rulesFileFinding(options.rulesPath, undefined));
  notReady = () => (stop.aborted ? ["stopping"] : app.notReady());
  const followed = followRules(options, app, metrics);
  api = joinApis([
    standingApi({
      standings: () => app.pipeline.standings().map(standingToJson),
      status: () => ({ version: VERSION, notReady: notReady(), rulesFile: followed.status() }),
    }),
    silenceApi({
      desk: app.pipeline,
      token,
      now: () => systemClock.now(),
      newId: options.newStoreId,
    }),
  ]);

  await aborted(stop);
  followed.stop();
  logger.info({ owed: app.outbox.owed }, "stopping");
  await app.stop(DRAIN_MS);
  logger.info({ owed: app.outbox.owed }, "stopped");
}

/** A good edit counts at once; a bad one changes nothing and is loud about it. */
function followRules(options: RunOptions, app: App, metrics: Metrics) {
  const { rulesPath, rulesText, readRules, onHangUp, logger } = options;
  let status: RulesFileStatus = { path: rulesPath, since: iso(systemClock.now()), problems: [] };
  metrics.rulesAreGood.set(1);
  const onBad = (problems: readonly string[]): void => {
    metrics.rulesAreGood.set(0);
    logger.error({ problems }, "the rules file is wrong: the last good rules stay");
    status = { ...status, problems };
    app.pipeline.onSelf(rulesFileFinding(rulesPath, { sinceMs: systemClock.now(), problems }));
  };
  const onGood = async (file: RulesFile): Promise<void> => {
    metrics.rulesAreGood.set(1);
    const { rules, destinations } = file;
    logger.info(
      { ruleCount: rules.length, destinations: [...destinations.keys()] },
      "the rules file has changed",
    );
    status = { ...status, since: iso(systemClock.now()), problems: [] };
    const ended = app.reload(file);
    // At once: until the watches that nobody needs have ended, there may be a bad edit to tell of.
    app.pipeline.onSelf(rulesFileFinding(rulesPath, undefined));
    await ended;
  };
  const followed = followFile({
    read: readRules,
    text: rulesText,
    clock: systemClock,
    onText(text) {
      const loaded = loadRules(text, rulesPath, destinationKinds);
      if (!loaded.ok)
        return onBad(
          loaded.problems.map(({ line, column, message }) => `${rulesPath}:${line}:${column} ${message}`),
        );
      onGood(loaded.file).catch((error: unknown) =>
        logger.error({ err: error }, "cannot follow the rules file"),
      );
    },
    onUnreadable: (error) =>
      logger.warn({ err: error, rules: rulesPath }, "cannot read the rules file: the last rules stay"),
  });
  onHangUp(() => followed.check());
  return { status: () => status, stop: () => followed.stop() };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function logStart({ file, rulesPath, logger }: RunOptions, server: OpsServer): void {
  const listen = `${server.host.includes(":") ? `[${server.host}]` : server.host}:${server.port}`;
  logger.info(
    {
      version: VERSION,
      rules: rulesPath,
      ruleCount: file.rules.length,
      destinations: [...file.destinations.keys()],
      listen,
    },
    "starting",
  );
}

/** The file is read at each request, so it may still come; until then nobody can write from elsewhere. */
function warnOfToken(token: ApiToken, logger: Logger): void {
  try {
    token();
  } catch (error) {
    if (!(error instanceof SecretMissingError)) throw error;
    logger.warn(
      { problem: error.message },
      "the API token cannot be read: writes from elsewhere are refused",
    );
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
