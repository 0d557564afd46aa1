import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import type { Random } from "../runtime/random.ts";
import type { ApiConnection } from "./api-connection.ts";
import { decodeEvent, type WatchLine } from "./decode-event.ts";
import { answerFailure, describeAttempt, type Failure } from "./failure.ts";
import { decodeObject, listSlices } from "./list-slices.ts";
import { objectKey } from "./object-fields.ts";
import { INITIAL_STATE, nextStep, type Outcome, type ReflectorState } from "./reflector-state.ts";
import type { ScopeStatus } from "./scope-status.ts";
import type { Slice, SliceEvent } from "./slice.ts";
import { WatchHealth } from "./watch-health.ts";
import { watchLines } from "./watch-lines.ts";
import type { Scope } from "./watch-plan.ts";

/** What a list+watch loop needs, and whom it tells. */
export interface ReflectorOptions {
  readonly scope: Scope;
  readonly connection: ApiConnection;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Gets what the API server says, in order. When it throws, the error is logged and the scope listed again. */
  readonly onEvent: (event: SliceEvent) => void;
  /** Called once after all events that arrived together have been handed over. */
  readonly onBatchEnd?: () => void;
  /** Called when the status changed in more than its times and resourceVersion. */
  readonly onStatus?: (status: ScopeStatus) => void;
  /** For each page of a list. Default 30 s. */
  readonly listTimeoutMs?: number;
  /** For the head of the answer to a watch. Default 30 s. */
  readonly headTimeoutMs?: number;
  /**
   * How long an open watch may be silent before it counts as dead. Default 150 s, as API servers send bookmarks about every 60 s.
   * With less, watches are made so short that a sound server ends them in time.
   */
  readonly silenceLimitMs?: number;
}

/** A running list+watch loop. */
export interface Reflector {
  status(): ScopeStatus;
  /** Ends the loop. When it resolves, no socket and no timer of the loop is left, and no event will come. */
  stop(): Promise<void>;
}

const LIST_TIMEOUT_MS = 30_000;
const HEAD_TIMEOUT_MS = 30_000;
/** The API server sends a bookmark about once a minute, but promises nothing; two may fail to come. */
const SILENCE_LIMIT_MS = 150_000;
/** Before the first bookmark, only the end of the watch is certain to come. */
const TIMEOUT_GRACE_MS = 30_000;
/** client-go's range: uniform, so that many watches do not end together. */
const WATCH_TIMEOUT_SECONDS = 300;

/**
 * Keeps up with all slices of one scope: lists them, then watches for changes, and goes on after whatever fails.
 * What client-go's Reflector does, and in addition resumes after breaks, notices dead connections, and limits all waiting.
 */
export function startReflector(options: ReflectorOptions): Reflector {
  const reflector = new ListWatchLoop(options);
  reflector.start();
  return reflector;
}

class ListWatchLoop implements Reflector {
  readonly #options: ReflectorOptions;
  readonly #stopping = new AbortController();
  readonly #health: WatchHealth;
  #state: ReflectorState = INITIAL_STATE;
  #known = new Map<string, Slice>();
  readonly #previousSlice = (key: string): Slice | undefined => this.#known.get(key);
  #done: Promise<void> = Promise.resolve();

  #resourceVersion: string | undefined;
  #watching = false;
  #lists = 0;
  #lastListAtMs: number | undefined;
  #lastByteAtMs: number | undefined;
  #undecodable = 0;
  #unknownTypes = 0;
  #progress = false;
  #bookmarked = false;

  constructor(options: ReflectorOptions) {
    this.#options = options;
    this.#health = new WatchHealth(options.scope, options.logger);
  }

  start(): void {
    this.#done = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error("stopped"));
    await this.#done;
  }

  status(): ScopeStatus {
    return {
      scopeId: this.#options.scope.id,
      synced: this.#lists > 0,
      watching: this.#watching,
      lastByteAtMs: this.#lastByteAtMs,
      lastListAtMs: this.#lastListAtMs,
      resourceVersion: this.#resourceVersion,
      failures: this.#state.failures,
      lastFailure: this.#health.lastFailure,
      missingPermission: this.#health.missingPermission,
      relists: Math.max(0, this.#lists - 1),
      undecodable: this.#undecodable,
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
      if (signal.aborted) return;
      const verb = this.#state.step;
      // The place for streaming lists (WatchList, sendInitialEvents=true) as a third step.
      const outcome = verb === "list" ? await this.#list() : await this.#watch();
      if (signal.aborted || outcome === undefined) return;
      this.#state = nextStep(this.#state, outcome, clock.now(), random);
      const failure = outcome.kind === "listed" ? undefined : outcome.failure;
      if (failure) this.#health.failed(verb, failure, this.#state.notBeforeMs - clock.now());
      else if (verb === "watch") this.#health.watched();
      this.#tellStatus();
    }
  }

  /** Undefined when stopped meanwhile. */
  async #list(): Promise<Outcome | undefined> {
    const { scope, connection, clock, logger, listTimeoutMs = LIST_TIMEOUT_MS } = this.#options;
    const { resourceVersion, paged } = this.#state;
    const result = await listSlices({
      scope,
      connection,
      clock,
      signal: this.#stopping.signal,
      timeoutMs: listTimeoutMs,
      resourceVersion,
      paged,
      previousSlice: this.#previousSlice,
      onPage: this.#onBytes,
    });
    if (this.#stopping.signal.aborted) return undefined;
    if (result.kind === "failed") return { ...result, kind: "listFailed" };
    for (const issue of result.issues) {
      this.#undecodable++;
      logger.warn({ scope: scope.id, reason: issue }, "Object left out");
    }
    this.#known = new Map(result.slices.map((slice) => [slice.key, slice]));
    const failure = this.#handOver({ kind: "listed", slices: result.slices }) ?? this.#onBatchEnd();
    if (failure) return { kind: "listFailed", failure, expiredAtLaterPage: false };
    this.#lists++;
    this.#lastListAtMs = clock.now();
    this.#resourceVersion = result.resourceVersion;
    this.#health.listed();
    return { kind: "listed", resourceVersion: result.resourceVersion };
  }

  async #watch(): Promise<Outcome> {
    const { scope, connection, clock, headTimeoutMs = HEAD_TIMEOUT_MS } = this.#options;
    const startedAtMs = clock.now();
    const timeoutSeconds = this.#drawTimeoutSeconds();
    this.#resourceVersion = this.#state.resourceVersion;
    this.#progress = false;
    this.#bookmarked = false;
    const ended = await watchLines({
      scope,
      connection,
      clock,
      signal: this.#stopping.signal,
      resourceVersion: this.#resourceVersion,
      timeoutSeconds,
      headTimeoutMs,
      silenceLimitMs: () => this.#silenceLimitMs(timeoutSeconds),
      onOpen: this.#onOpen,
      onBytes: this.#onBytes,
      onLine: this.#onLine,
      onBatchEnd: this.#onBatchEnd,
    });
    this.#watching = false;
    const failure = ended ?? this.#tooShort(startedAtMs);
    const progress = this.#progress;
    return { kind: "watchEnded", startedAtMs, resourceVersion: this.#resourceVersion, progress, failure };
  }

  #drawTimeoutSeconds(): number {
    const { random, silenceLimitMs } = this.#options;
    const drawn = WATCH_TIMEOUT_SECONDS + Math.floor(random() * (WATCH_TIMEOUT_SECONDS + 1));
    if (silenceLimitMs === undefined || silenceLimitMs >= SILENCE_LIMIT_MS) return drawn;
    return Math.max(1, Math.min(drawn, Math.floor(silenceLimitMs / 1500)));
  }

  #silenceLimitMs(timeoutSeconds: number): number {
    const given = this.#options.silenceLimitMs;
    const usual = this.#bookmarked ? SILENCE_LIMIT_MS : timeoutSeconds * 1000 + TIMEOUT_GRACE_MS;
    return given === undefined ? usual : Math.min(given, usual);
  }

  #tooShort(startedAtMs: number): Failure | undefined {
    const lastedMs = this.#options.clock.now() - startedAtMs;
    if (this.#progress || lastedMs >= 1000) return undefined;
    const message = `${describeAttempt("watch", this.#options.scope)}: the server ended it after ${lastedMs} ms without an event`;
    return { kind: "short", message };
  }

  readonly #onOpen = (): void => {
    this.#watching = true;
    this.#tellStatus();
  };

  readonly #onBytes = (nowMs: number): void => {
    this.#lastByteAtMs = nowMs;
  };

  /** The place for a filter on bytes that spares `JSON.parse` the slices of Services that no rule selects. */
  readonly #onLine = (line: Buffer): Failure | undefined => {
    const event = decodeEvent(line);
    if (event.kind === "bookmark") {
      this.#bookmarked = true;
      this.#advance(event.resourceVersion);
      return undefined;
    }
    if (event.kind === "error") return answerFailure("watch", this.#options.scope, 200, event.status);
    if (event.kind === "undecodable") return this.#damaged(event.issue);
    if (event.kind !== "unknown") return this.#takeChange(event);
    this.#unknownTypes++;
    this.#options.logger.debug(
      { scope: this.#options.scope.id, type: event.type },
      "Watch event of unknown type",
    );
    return undefined;
  };

  #takeChange(event: Extract<WatchLine, { readonly object: unknown }>): Failure | undefined {
    const failure =
      event.kind === "deleted" ? this.#takeDeleted(event.object) : this.#takeState(event.object, event.kind);
    if (failure === undefined) this.#advance(event.resourceVersion);
    return failure;
  }

  #takeDeleted(object: unknown): Failure | undefined {
    const key = objectKey(object);
    if (key === undefined)
      return this.#damaged("Cannot read watch event: DELETED without metadata.name or metadata.namespace");
    this.#known.delete(key);
    return this.#handOver({ kind: "deleted", key });
  }

  #takeState(object: unknown, kind: "added" | "modified"): Failure | undefined {
    const { scope, logger } = this.#options;
    const decoded = decodeObject(scope.source, object, this.#previousSlice);
    if (decoded.kind === "malformed") return this.#damaged(decoded.issue);
    if (decoded.kind === "unsupported") {
      this.#undecodable++;
      if (kind === "added") logger.warn({ scope: scope.id, reason: decoded.issue }, "Object left out");
      return undefined;
    }
    this.#known.set(decoded.slice.key, decoded.slice);
    return this.#handOver({ kind: "changed", slice: decoded.slice });
  }

  #damaged(issue: string): Failure {
    this.#undecodable++;
    return { kind: "undecodable", message: `${describeAttempt("watch", this.#options.scope)}: ${issue}` };
  }

  #advance(resourceVersion: string): void {
    this.#resourceVersion = resourceVersion;
    if (this.#progress) return;
    this.#progress = true;
    if (this.#health.lastFailure === undefined) return;
    this.#state = { ...this.#state, failures: 0 };
    this.#health.watched();
    this.#tellStatus();
  }

  #handOver(event: SliceEvent): Failure | undefined {
    return this.#guard(() => this.#options.onEvent(event));
  }

  readonly #onBatchEnd = (): Failure | undefined => this.#guard(() => this.#options.onBatchEnd?.());

  #guard(call: () => void): Failure | undefined {
    try {
      call();
      return undefined;
    } catch (cause) {
      const what = cause instanceof Error ? cause.message : String(cause);
      const message = `${describeAttempt(this.#state.step, this.#options.scope)}: taking in an event failed: ${what}`;
      return { kind: "handler", message, cause };
    }
  }

  #tellStatus(): void {
    const { onStatus, logger, scope } = this.#options;
    try {
      onStatus?.(this.status());
    } catch (err) {
      logger.error({ scope: scope.id, err }, "Cannot take in a watch status");
    }
  }
}
