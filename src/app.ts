import type { ApiConnection } from "./cluster/api-connection.ts";
import {
  type LoopOptions,
  type Reflector,
  startObjectReflector,
  startReflector,
} from "./cluster/reflector.ts";
import { type ObjectScope, planObjects } from "./cluster/object-plan.ts";
import { planWatches, type Scope } from "./cluster/watch-plan.ts";
import { WatchSet } from "./cluster/watch-set.ts";
import { type Attempt, Courier, type Destination } from "./destinations/courier.ts";
import { destinationKinds } from "./destinations/registry.ts";
import type { Sender } from "./destinations/send.ts";
import { Outbox } from "./outbox/outbox.ts";
import type { Notice } from "./alerts/notice.ts";
import { silenceState, type SilenceState } from "./alerts/silence.ts";
import { UnreadableLabels } from "./alerts/silenced-until.ts";
import { Pipeline, type Plan } from "./pipeline.ts";
import type { Ring } from "./ring/ring.ts";
import { TruncatedRings } from "./ring/truncated-rings.ts";
import type { RulesFile } from "./rules/load-rules.ts";
import { objectTargets, selectorTargets } from "./rules/selector.ts";
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
  /** For what is asked and told from outside: silences, standings, troubles of Ringbell's own. */
  readonly pipeline: Pick<Pipeline, "silences" | "addSilence" | "expireSilence" | "standings" | "onSelf">;
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
  const unreadable = new UnreadableLabels();
  const truncated = new TruncatedRings();
  const pipeline: Pipeline = new Pipeline({
    file,
    plan: planFor(file),
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
      // A group's rule holds the name of a node, say: of these there are ever more.
      metrics.notices.inc({ rule: notice.group ? "group/*" : rule, kind });
      logger.info({ rule, ring: notice.ring.key, kind, title, notify }, "notice");
      options.onNotice?.(notice, notify);
    },
    onRing(ring) {
      const issue = unreadable.note(ring);
      if (issue !== undefined) logger.warn({ ring: ring.key }, issue);
      const gap = truncated.note(ring);
      if (gap !== undefined) logger.warn({ ring: ring.key }, gap);
      options.onRing?.(ring);
    },
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
  const objectWatches = new WatchSet<ObjectScope>((scope) =>
    watchObjects(scope, file.blindAfterMs, options, pipeline),
  );
  const reflectors = (): readonly Reflector[] => [...watches.reflectors, ...objectWatches.reflectors];
  observe(options, { pipeline, outbox, reflectors, destinations: () => [...destinations.keys()] });
  pipeline.start();
  const plan = planFor(file);
  void objectWatches.follow(plan.objects);
  void watches.follow(plan.scopes);
  courier.wake();
  return {
    get reflectors() {
      return reflectors();
    },
    courier,
    pipeline,
    outbox,
    notReady() {
      // Without Pods there are still rings; without the labels of namespaces no rule that asks for them is about any.
      const namespaces = objectWatches.reflectors.filter((each) =>
        each.status().scopeId.startsWith("namespaces:"),
      );
      return notReady([...watches.reflectors, ...namespaces], pipeline);
    },
    async reload(next) {
      const plan = planFor(next);
      file = next;
      destinations = buildDestinations(next);
      courier.setDestinations(destinations);
      pipeline.dropDestinations();
      pipeline.replaceRules(next, plan);
      watches.relistWide();
      await Promise.all([objectWatches.follow(plan.objects), watches.follow(plan.scopes)]);
    },
    async stop(drainMs) {
      await Promise.all([watches.stop(), objectWatches.stop()]);
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

/** All that must be watched for these rules. */
export function planFor(file: RulesFile): Plan {
  return {
    scopes: watchPlan(file),
    objects: planObjects(file.rules.flatMap((rule) => objectTargets(rule))),
  };
}

/** What must be watched for the rings of these rules. */
export function watchPlan(file: RulesFile): Scope[] {
  return planWatches(file.rules.flatMap((rule) => selectorTargets(rule)));
}

function watch(scope: Scope, blindAfterMs: number, options: AppOptions, pipeline: Pipeline): Reflector {
  const { metrics, logger } = options;
  // Counted per batch: a labelled counter costs more than the event.
  let events = 0;
  return startReflector({
    ...loopOptions(blindAfterMs, options),
    scope,
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
    onBlind(sinceMs, why) {
      logger.warn(
        { scope: scope.id, since: new Date(sinceMs).toISOString(), why },
        "blind: nothing of this scope is decided",
      );
      pipeline.onBlind(scope, sinceMs, why);
    },
    onSight: () => logger.info({ scope: scope.id }, "listed"),
    onStatus: ({ synced, watching, failures }) =>
      pipeline.onWatch(scope, synced && !watching && failures > 0),
  });
}

/** What is watched beside the rings explains them, and decides nothing alone: while it is blind, what was heard last counts. */
function watchObjects(
  scope: ObjectScope,
  blindAfterMs: number,
  options: AppOptions,
  pipeline: Pipeline,
): Reflector {
  const { logger } = options;
  return startObjectReflector({
    ...loopOptions(blindAfterMs, options),
    scope,
    onEvent: (event) => pipeline.onObjects(scope, event),
    onBatchEnd: () => pipeline.onBatchEnd(),
    onBlind(sinceMs, why) {
      logger.warn(
        { scope: scope.id, since: new Date(sinceMs).toISOString(), why },
        "blind: reasons and sizes may be out of date",
      );
    },
    onSight: () => logger.info({ scope: scope.id }, "listed"),
  });
}

function loopOptions(
  blindAfterMs: number,
  { connection, clock, random, logger }: AppOptions,
): Omit<LoopOptions<never>, "scope" | "onEvent"> {
  return { connection, clock, random, logger, blindAfterMs };
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
  stages: {
    pipeline: Pipeline;
    outbox: Outbox;
    reflectors: () => readonly Reflector[];
    destinations: () => readonly string[];
  },
): void {
  metrics.observe({
    alerts: () => stages.pipeline.countAlerts(),
    rings: () => stages.pipeline.countRings(),
    silences() {
      const nowMs = clock.now();
      const states = stages.pipeline.silences().map((silence) => silenceState(silence, nowMs));
      const count = (wanted: SilenceState): number => states.filter((state) => state === wanted).length;
      return { pending: count("pending"), active: count("active") };
    },
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
        stages.reflectors().map((reflector) => {
          const { scopeId, synced, lastByteAtMs, blindSinceMs } = reflector.status();
          return [scopeId, { synced, isBlind: blindSinceMs !== undefined, lastByteMs: lastByteAtMs }];
        }),
      ),
  });
}
