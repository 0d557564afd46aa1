import type { ApiConnection } from "./cluster/api-connection.ts";
import { type Reflector, startReflector } from "./cluster/reflector.ts";
import { planWatches, type Scope } from "./cluster/watch-plan.ts";
import { WatchSet } from "./cluster/watch-set.ts";
import { type Attempt, Courier, type Destination } from "./destinations/courier.ts";
import { destinationKinds } from "./destinations/registry.ts";
import type { Sender } from "./destinations/send.ts";
import { Outbox } from "./outbox/outbox.ts";
import type { Notice } from "./alerts/notice.ts";
import { Pipeline } from "./pipeline.ts";
import type { Ring } from "./ring/ring.ts";
import type { RulesFile } from "./rules/load-rules.ts";
import { selectorTargets } from "./rules/selector.ts";
import type { Clock } from "./runtime/clock.ts";
import type { Logger } from "./runtime/logger.ts";
import type { Metrics } from "./runtime/metrics.ts";
import type { Random } from "./runtime/random.ts";
import type { SecretSource } from "./runtime/secret.ts";
import type { Store } from "./state/store.ts";

/** Everything from outside that `run` needs; tests and the demo give their own. */
export interface AppOptions {
  readonly file: RulesFile;
  readonly connection: ApiConnection;
  readonly sender: Sender;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly readSecret: SecretSource;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly defer: (work: () => void) => void;
  readonly onNotice?: (notice: Notice, notify: readonly string[]) => void;
  readonly onAttempt?: (attempt: Attempt) => void;
  /** A ring was taken in, before any rule has judged it. */
  readonly onRing?: (ring: Ring) => void;
}

/** A running Ringbell. */
export interface App {
  /** Why it is not ready; empty when every scope has been listed and state can be stored. */
  notReady(): readonly string[];
  /** Each scope's watch. */
  readonly reflectors: readonly Reflector[];
  readonly courier: Courier;
  readonly outbox: Outbox;
  /**
   * Goes on with another rules file. Alerts, holds, baselines and generations stay with the names of their rules, watches that
   * the new plan needs too are kept. Resolves when those it does not need have ended.
   */
  reload(file: RulesFile): Promise<void>;
  /** Ends watches, gives due deliveries their last try within `drainMs`, stores the rest. Does not close what it was given. */
  stop(drainMs: number): Promise<void>;
}

/** Builds the stages and starts them in the order of the flow. */
export function startApp(options: AppOptions): App {
  const { store, clock, random, logger, metrics, sender, readSecret, defer } = options;
  let { file } = options;
  let destinations = buildDestinations(file);
  const outbox = new Outbox();
  const pipeline: Pipeline = new Pipeline({
    rules: file.rules,
    plan: watchPlan(file),
    selfNotify: file.selfNotify,
    store,
    outbox,
    clock,
    logger,
    defer,
    soon: setImmediate,
    retryForMs: (name) => file.destinations.get(name)?.retryForMs ?? destinations.get(name)?.kind.retryForMs,
    onAccepted: () => courier.wake(),
    onNotice(notice, notify) {
      const { rule, kind, title } = notice;
      metrics.notices.inc({ rule, kind });
      logger.info({ rule, ring: notice.ring.key, kind, title, notify }, "notice");
      options.onNotice?.(notice, notify);
    },
    onRing: (ring) => options.onRing?.(ring),
    onCommitFailed: () => metrics.commitFailures.inc(),
  });
  const courier: Courier = new Courier({
    destinations,
    outbox,
    sender,
    clock,
    random,
    readSecret,
    logger,
    onSettled(settlement) {
      if (settlement.kind === "ended") countEnd(metrics, settlement.delivery.acceptedAtMs, settlement);
      pipeline.onSettled(settlement);
    },
    onAttempt(attempt) {
      countAttempt(metrics, attempt);
      options.onAttempt?.(attempt);
    },
  });
  const watches = new WatchSet((scope) => watch(scope, file.blindAfterMs, options, pipeline));
  observe(options, { pipeline, outbox, watches, destinations: () => [...destinations.keys()] });
  pipeline.start();
  void watches.follow(watchPlan(file));
  courier.wake();
  return {
    get reflectors() {
      return watches.reflectors;
    },
    courier,
    outbox,
    notReady: () => notReady(watches.reflectors, pipeline),
    async reload(next) {
      const plan = watchPlan(next);
      file = next;
      destinations = buildDestinations(next);
      courier.setDestinations(destinations);
      pipeline.dropDestinations();
      pipeline.replaceRules(next.rules, plan, next.selfNotify);
      watches.relistWide();
      await watches.follow(plan);
    },
    async stop(drainMs) {
      await watches.stop();
      await courier.drain(drainMs);
      pipeline.close();
    },
  };
}

function buildDestinations(file: RulesFile): ReadonlyMap<string, Destination> {
  const destinations = new Map<string, Destination>();
  for (const { name, kind: word, config } of file.destinations.values()) {
    const kind = destinationKinds.get(word);
    if (!kind) throw new TypeError(`Cannot build destination "${name}": no kind "${word}"`);
    destinations.set(name, { name, kind, config });
  }
  return destinations;
}

/** What must be watched for these rules. */
export function watchPlan(file: RulesFile): Scope[] {
  return planWatches(file.rules.flatMap((rule) => selectorTargets(rule)));
}

function watch(
  scope: Scope,
  blindAfterMs: number,
  { connection, clock, random, logger, metrics }: AppOptions,
  pipeline: Pipeline,
): Reflector {
  // Counted per batch: a labelled counter costs more than the event.
  let events = 0;
  return startReflector({
    scope,
    connection,
    clock,
    random,
    logger,
    onEvent(event) {
      events += event.kind === "listed" ? event.slices.length : 1;
      pipeline.onEvent(scope, event);
    },
    onBatchEnd() {
      metrics.events.inc({ source: scope.source }, events);
      events = 0;
      pipeline.onBatchEnd();
    },
    wants: (namespace, service) => pipeline.mayWant(scope.source, namespace, service),
    blindAfterMs,
    onBlind(sinceMs, why) {
      logger.warn(
        { scope: scope.id, since: new Date(sinceMs).toISOString(), why },
        "blind: nothing of this scope is decided",
      );
      pipeline.onBlind(scope, sinceMs, why);
    },
    onSight: () => logger.info({ scope: scope.id }, "listed"),
  });
}

function notReady(reflectors: readonly Reflector[], pipeline: Pipeline): readonly string[] {
  const reasons = reflectors
    .map((reflector) => reflector.status())
    .filter((status) => !status.synced)
    .map(
      (status) =>
        `${status.scopeId} has not been listed yet${status.lastFailure ? `: ${status.lastFailure}` : ""}`,
    );
  return pipeline.isUnsaved ? [...reasons, "state cannot be stored"] : reasons;
}

function countAttempt(metrics: Metrics, { delivery, outcome }: Attempt): void {
  const reason = outcome.kind === "delivered" ? "" : outcome.reason;
  metrics.attempts.inc({ destination: delivery.destination, outcome: outcome.kind, reason });
}

function countEnd(
  metrics: Metrics,
  acceptedAtMs: number,
  {
    delivery,
    end,
  }: { delivery: { destination: string }; end: { kind: string; atMs: number; reason?: string } },
): void {
  const { destination } = delivery;
  metrics.ended.inc({ destination, end: end.kind, reason: end.reason ?? "" });
  if (end.kind === "delivered") metrics.latency.observe({ destination }, (end.atMs - acceptedAtMs) / 1000);
}

function observe(
  { metrics, clock }: AppOptions,
  stages: { pipeline: Pipeline; outbox: Outbox; watches: WatchSet; destinations: () => readonly string[] },
): void {
  metrics.observe({
    alerts: () => stages.pipeline.countAlerts(),
    rings: () => stages.pipeline.countRings(),
    nowMs: () => clock.now(),
    owed() {
      const owed = new Map(stages.destinations().map((name) => [name, { count: 0, oldestMs: Infinity }]));
      for (const { destination, acceptedAtMs } of stages.outbox.deliveries()) {
        const known = owed.get(destination);
        owed.set(destination, {
          count: (known?.count ?? 0) + 1,
          oldestMs: Math.min(known?.oldestMs ?? Infinity, acceptedAtMs),
        });
      }
      return owed;
    },
    watches: () =>
      new Map(
        stages.watches.reflectors.map((reflector) => {
          const { scopeId, synced, lastByteAtMs, blindSinceMs } = reflector.status();
          return [scopeId, { synced, isBlind: blindSinceMs !== undefined, lastByteMs: lastByteAtMs }];
        }),
      ),
  });
}
