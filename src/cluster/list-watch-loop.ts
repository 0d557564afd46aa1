import { DeadlineError } from "./api-connection.ts";
import { decodeEvent, type WatchLine } from "./decode-event.ts";
import { answerFailure, describeAttempt, type Failure } from "./failure.ts";
import { Handover } from "./handover.ts";
import type { Change, Intake, IntakeStrategy, Taken } from "./intake.ts";
import { ListAge } from "./list-age.ts";
import { listPages } from "./list-pages.ts";
import { Liveness } from "./liveness.ts";
import { INITIAL_STATE, nextStep, type Outcome, type ReflectorState } from "./reflector-state.ts";
import type { LoopOptions, Reflector } from "./reflector.ts";
import type { ScopeStatus } from "./scope-status.ts";
import { WatchHealth } from "./watch-health.ts";
import { type WatchEnd, watchLines } from "./watch-lines.ts";

const LIST_TIMEOUT_MS = 30_000;
const HEAD_TIMEOUT_MS = 30_000;
const BLIND_AFTER_MS = 60_000;
/**
 * A healthy watch may be as quiet as one bookmark a minute. So it is opened anew in time: the answer is a sign of life, and a
 * connection that is dead but open has been replaced before anyone is blind.
 */
const PROBE_SHARE = 0.75;
/**
 * Servers that know streamed lists send the events at once and the bookmark that ends them within a second or two; others
 * send some events, or none, and then nothing. A quarter of the time until blindness is left for this at most.
 */
const STREAM_QUIET_MS = 10_000;
/** client-go's range: uniform, so that many watches do not end together. */
const WATCH_TIMEOUT_SECONDS = 300;

/** The loop behind `startReflector`, whatever it is about. */
export class ListWatchLoop<Item, Event> implements Reflector {
  readonly #options: LoopOptions<Event>;
  readonly #strategy: IntakeStrategy<Item, Event>;
  readonly #stopping = new AbortController();
  readonly #health: WatchHealth;
  readonly #intake: Intake<Item, Event>;
  readonly #handover: Handover<Event>;
  readonly #liveness: Liveness;
  readonly #listAge = new ListAge();
  readonly #blindAfterMs: number;
  #state: ReflectorState = INITIAL_STATE;
  #done: Promise<void> = Promise.resolve();
  /** Ends the watch that is open. */
  #interruption = new AbortController();
  #mustRelist = false;

  #resourceVersion: string | undefined;
  #watching = false;
  #lists = 0;
  #lastListAtMs: number | undefined;
  #lastByteAtMs: number | undefined;
  #unknownTypes = 0;
  #progress = false;

  constructor(options: LoopOptions<Event>, strategy: IntakeStrategy<Item, Event>) {
    const { scope, logger, clock, blindAfterMs = BLIND_AFTER_MS } = options;
    this.#options = options;
    this.#strategy = strategy;
    this.#blindAfterMs = blindAfterMs;
    this.#health = new WatchHealth(scope, logger);
    this.#intake = strategy.intake;
    this.#handover = new Handover(options);
    this.#liveness = new Liveness({ clock, blindAfterMs, onBlind: this.#onBlind });
  }

  start(): void {
    this.#done = this.#run();
  }

  async stop(): Promise<void> {
    const reason = new Error("stopped");
    this.#stopping.abort(reason);
    this.#interruption.abort(reason);
    await this.#done;
  }

  relist(): void {
    this.#mustRelist = true;
    this.#intake.forgetWants();
    this.#interruption.abort(new Error("to be listed again"));
  }

  status(): ScopeStatus {
    return {
      scopeId: this.#options.scope.id,
      synced: this.#lists > 0,
      watching: this.#watching,
      lastByteAtMs: this.#lastByteAtMs,
      lastListAtMs: this.#lastListAtMs,
      blindSinceMs: this.#liveness.blindSinceMs,
      resourceVersion: this.#resourceVersion,
      failures: this.#state.failures,
      lastFailure: this.#health.lastFailure,
      missingPermission: this.#health.missingPermission,
      relists: Math.max(0, this.#lists - 1),
      undecodable: this.#intake.undecodable,
      unknownTypes: this.#unknownTypes,
      failureCounts: this.#health.counts,
    };
  }

  async #run(): Promise<void> {
    const { clock, random } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const waitMs = this.#state.notBeforeMs - clock.now();
      if (waitMs > 0) await clock.sleep(waitMs, signal).catch(() => undefined);
      if (signal.aborted) break;
      // Nobody knows what was missed while blind: only a list tells.
      if (this.#mustRelist || this.#liveness.blindSinceMs !== undefined) {
        this.#state = { ...this.#state, step: "list" };
      }
      const outcome = await this.#step();
      if (signal.aborted) break;
      this.#state = nextStep(this.#state, outcome, clock.now(), random);
      this.#noteHealth(outcome);
      this.#tellStatus();
    }
    this.#liveness.stop();
  }

  #step(): Promise<Outcome> {
    this.#interruption = new AbortController();
    if (this.#state.step === "watch") return this.#watch();
    this.#mustRelist = false;
    const { streamLists = true, clock } = this.#options;
    const { paged, streamFromMs } = this.#state;
    return streamLists && paged && clock.now() >= streamFromMs ? this.#streamList() : this.#list();
  }

  #noteHealth(outcome: Outcome): void {
    const { logger, scope, clock } = this.#options;
    if (outcome.kind === "listed") return;
    if (outcome.kind === "streamFailed") {
      return logger.debug(
        { scope: scope.id, reason: outcome.failure.message },
        "Cannot stream the list, listing in pages",
      );
    }
    const verb = outcome.kind === "watchEnded" ? "watch" : "list";
    if (outcome.failure) this.#health.failed(verb, outcome.failure, this.#state.notBeforeMs - clock.now());
    else this.#health.watched();
  }

  async #list(): Promise<Outcome> {
    const { scope, connection, clock, listTimeoutMs = LIST_TIMEOUT_MS } = this.#options;
    const { resourceVersion, paged } = this.#state;
    const listing = this.#strategy.startListing();
    const result = await listPages({
      scope,
      connection,
      clock,
      signal: this.#stopping.signal,
      timeoutMs: listTimeoutMs,
      resourceVersion,
      paged,
      take: (object) => listing.take(object),
      onPage: (nowMs) => (this.#lastByteAtMs = nowMs),
    });
    if (result.kind === "failed") return { ...result, kind: "listFailed" };
    if (this.#stopping.signal.aborted) return { kind: "listed", resourceVersion: result.resourceVersion };
    this.#intake.leaveOut(result.issues);
    const failure = this.#takeList(listing.items(), result.resourceVersion);
    if (failure) return { kind: "listFailed", failure, expiredAtLaterPage: false };
    return { kind: "listed", resourceVersion: result.resourceVersion };
  }

  async #watch(): Promise<Outcome> {
    const startedAtMs = this.#options.clock.now();
    this.#resourceVersion = this.#state.resourceVersion;
    return this.#watchEnded(await this.#follow(false), startedAtMs, this.#resourceVersion);
  }

  /** A list as the first part of a watch, and then that watch. */
  async #streamList(): Promise<Outcome> {
    const { clock, scope, listTimeoutMs = LIST_TIMEOUT_MS } = this.#options;
    const startedAtMs = clock.now();
    const deadlineMs = Math.min(listTimeoutMs, this.#blindAfterMs / 2);
    const interruption = this.#interruption;
    const cancelDeadline = clock.at(startedAtMs + deadlineMs, () => {
      const reason = `the streamed list was not complete within ${deadlineMs / 1000} s`;
      if (this.#intake.collects) interruption.abort(new DeadlineError(reason));
    });
    this.#intake.startCollecting();
    const end = await this.#follow(true);
    cancelDeadline();
    this.#intake.stopCollecting();
    const { step, resourceVersion } = this.#state;
    if (step === "watch" || this.#mustRelist) return this.#watchEnded(end, startedAtMs, resourceVersion);
    if (end.kind !== "failed") {
      const message = `${describeAttempt("list", scope)}: the server does not say when a streamed list is complete`;
      return { kind: "streamFailed", failure: { kind: "deadline", message } };
    }
    const { failure } = end;
    return failure.kind === "handler"
      ? { kind: "listFailed", failure, expiredAtLaterPage: false }
      : { kind: "streamFailed", failure };
  }

  async #follow(sendInitialEvents: boolean): Promise<WatchEnd> {
    const { scope, connection, clock, random, headTimeoutMs = HEAD_TIMEOUT_MS } = this.#options;
    const { deadlineMs = Number.POSITIVE_INFINITY } = this.#liveness;
    const limitMs = sendInitialEvents ? this.#quietLimitMs() : Math.max(1, deadlineMs - clock.now());
    this.#progress = false;
    const end = await watchLines({
      scope,
      connection,
      clock,
      signal: this.#interruption.signal,
      resourceVersion: this.#state.resourceVersion,
      sendInitialEvents,
      timeoutSeconds: WATCH_TIMEOUT_SECONDS + Math.floor(random() * (WATCH_TIMEOUT_SECONDS + 1)),
      headTimeoutMs: Math.min(headTimeoutMs, limitMs),
      quietLimitMs: this.#quietLimitMs,
      onOpen: this.#onOpen,
      onBytes: this.#onBytes,
      onLine: this.#onLine,
      onBatchEnd: this.#onBatchEnd,
    });
    this.#watching = false;
    return end;
  }

  readonly #quietLimitMs = (): number =>
    this.#intake.collects
      ? Math.min(STREAM_QUIET_MS, this.#blindAfterMs / 4)
      : this.#blindAfterMs * PROBE_SHARE;

  #watchEnded(end: WatchEnd, startedAtMs: number, startVersion: string): Outcome {
    const failure = this.#mustRelist ? undefined : this.#failureOf(end, startedAtMs);
    const progress = this.#progress;
    const resourceVersion = progress ? (this.#resourceVersion ?? startVersion) : startVersion;
    return { kind: "watchEnded", startedAtMs, resourceVersion, progress, failure };
  }

  #failureOf(end: WatchEnd, startedAtMs: number): Failure | undefined {
    const lastedMs = this.#options.clock.now() - startedAtMs;
    if (end.kind === "failed") return end.failure;
    if (end.kind === "quiet" || this.#progress || lastedMs >= 1000) return undefined;
    const message = `${describeAttempt("watch", this.#options.scope)}: the server ended it after ${lastedMs} ms without an event`;
    return { kind: "short", message };
  }

  readonly #onBlind = (sinceMs: number): void => {
    // Its answer would come too late: a list has to tell now.
    const reason = `no sign of life for ${this.#blindAfterMs / 1000} s`;
    if (this.#state.step === "watch") this.#interruption.abort(new DeadlineError(reason));
    this.#handover.blind(sinceMs, this.#health.lastFailure);
    this.#tellStatus();
  };

  readonly #onOpen = (): void => {
    if (this.#intake.collects) return;
    this.#watching = true;
    this.#tellStatus();
  };

  readonly #onBytes = (nowMs: number): void => {
    this.#lastByteAtMs = nowMs;
    // Parts of a list tell nothing for certain, however they come.
    if (!this.#intake.collects) this.#liveness.alive(nowMs);
  };

  readonly #onLine = (line: Buffer): Failure | undefined => {
    const skipped = this.#intake.skip(line);
    if (skipped === undefined) {
      const reread = this.#intake.reread?.(line);
      if (reread) return this.#finish(reread.taken, reread.resourceVersion);
      return this.#takeLine(decodeEvent(line));
    }
    this.#advance(skipped);
    return undefined;
  };

  #takeLine(line: WatchLine): Failure | undefined {
    const { scope, logger } = this.#options;
    switch (line.kind) {
      case "bookmark":
        return this.#takeBookmark(line.resourceVersion, line.initialEventsEnd);
      case "error":
        return answerFailure("watch", scope, 200, line.status);
      case "undecodable":
        return this.#damaged(this.#intake.damaged(line.issue).issue);
      case "unknown":
        this.#unknownTypes++;
        logger.debug({ scope: scope.id, type: line.type }, "Watch event of unknown type");
        return undefined;
      case "added":
      case "modified":
      case "deleted":
        return this.#takeChange(line);
    }
  }

  #takeChange(change: Change): Failure | undefined {
    return this.#finish(this.#intake.take(change), change.resourceVersion);
  }

  #finish(taken: Taken<Event>, resourceVersion: string): Failure | undefined {
    if (taken.kind === "damaged") return this.#damaged(taken.issue);
    const failure = taken.kind === "event" ? this.#handover.change(taken.event, this.#state.step) : undefined;
    if (failure === undefined) this.#advance(resourceVersion);
    return failure;
  }

  #takeBookmark(resourceVersion: string, initialEventsEnd: boolean): Failure | undefined {
    const { scope, clock, random } = this.#options;
    if (!this.#intake.collects) {
      this.#advance(resourceVersion);
      return undefined;
    }
    // Servers that stream lists send none before: https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apiserver/pkg/storage/cacher/cache_watcher.go
    if (!initialEventsEnd) {
      const message = `${describeAttempt("list", scope)}: the server sent a watch instead of a streamed list`;
      return { kind: "server", message };
    }
    const failure = this.#takeList(this.#intake.stopCollecting(), resourceVersion);
    if (failure) return failure;
    this.#state = nextStep(this.#state, { kind: "listed", resourceVersion }, clock.now(), random);
    this.#progress = true;
    this.#watching = true;
    this.#tellStatus();
    return undefined;
  }

  #takeList(items: readonly Item[], resourceVersion: string): Failure | undefined {
    const { clock, scope } = this.#options;
    if (this.#listAge.refuses(resourceVersion, this.#resourceVersion)) {
      const message = `${describeAttempt("list", scope)}: the list of version ${resourceVersion} is older than what is known`;
      return { kind: "server", message };
    }
    const blindSinceMs = this.#liveness.blindSinceMs;
    this.#intake.replace(items);
    const event = this.#strategy.listed(items);
    const failure = this.#handover.list(event, !this.#liveness.sees, this.#state.step);
    if (failure) {
      if (blindSinceMs !== undefined) this.#handover.blind(blindSinceMs, this.#health.lastFailure);
      return failure;
    }
    this.#lists++;
    this.#lastListAtMs = clock.now();
    this.#resourceVersion = resourceVersion;
    this.#liveness.listed(clock.now());
    this.#health.listed();
    return undefined;
  }

  #damaged(issue: string): Failure {
    return { kind: "undecodable", message: `${describeAttempt("watch", this.#options.scope)}: ${issue}` };
  }

  #advance(resourceVersion: string): void {
    if (this.#intake.collects) return;
    this.#resourceVersion = resourceVersion;
    if (this.#progress) return;
    this.#progress = true;
    if (this.#health.lastFailure === undefined) return;
    this.#state = { ...this.#state, failures: 0 };
    this.#health.watched();
    this.#tellStatus();
  }

  readonly #onBatchEnd = (): Failure | undefined => this.#handover.batchEnd(this.#state.step);

  #tellStatus(): void {
    this.#handover.status(this.status());
  }
}
