import type { ApiConnection } from "../cluster/api-connection.ts";
import { type Reflector, startObjectReflector, startReflector } from "../cluster/reflector.ts";
import type { WatchScope } from "../cluster/watch-plan.ts";
import { RuleIndex } from "../alerts/rule-index.ts";
import { planFor } from "../app.ts";
import { Anonymizer } from "../rehearsal/anonymize.ts";
import { Recorder } from "../rehearsal/recorder.ts";
import { isSliceScope, type RecordedEvent } from "../rehearsal/recording-format.ts";
import { formatDuration } from "../rules/duration.ts";
import { plural } from "../rules/format-problems.ts";
import type { RulesFile } from "../rules/load-rules.ts";
import type { Clock } from "../runtime/clock.ts";
import { silentLogger } from "../runtime/logger.ts";
import type { Random } from "../runtime/random.ts";

/** What `ringbell record` was asked to do, and what it needs of the world. */
export interface RecordOptions {
  readonly file: RulesFile;
  readonly connection: ApiConnection;
  readonly clock: Clock;
  readonly random: Random;
  readonly version: string;
  /** Takes one line of the recording with its line break. */
  readonly write: (line: string) => void;
  /** Takes lines for the user. */
  readonly err: (text: string) => void;
  /** How long to record, in milliseconds; undefined until `stop`. */
  readonly forMs: number | undefined;
  readonly anonymize: boolean;
  readonly stop: AbortSignal;
}

/** All scopes were seen. */
const OK = 0;
/** Some scope could never be listed. */
const INCOMPLETE = 1;

const PROGRESS_MS = 10_000;

/**
 * `ringbell record`: watches what the rules need, and writes what the API server says. The recording is whole when this
 * resolves, whether time was up or the user stopped it. Returns the exit code: 1 when some of it could never be listed.
 */
export async function record(options: RecordOptions): Promise<number> {
  const { clock, err, stop, forMs } = options;
  const recording = new RecordingRun(options);
  const until = forMs === undefined ? "until Ctrl-C" : `for ${formatDuration(forMs)}, or until Ctrl-C`;
  err(`Recording ${plural(recording.scopes.length, "scope")} of the API server, ${until}\n`);
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = forMs === undefined ? () => undefined : clock.at(clock.now() + forMs, resolve);
  const onStop = (): void => resolve();
  stop.addEventListener("abort", onStop, { once: true });
  recording.start();
  if (stop.aborted) resolve();
  await promise;
  cancel();
  stop.removeEventListener("abort", onStop);
  return await recording.end();
}

/** One recording from its first line to its last. */
class RecordingRun {
  readonly scopes: readonly WatchScope[];
  readonly #options: RecordOptions;
  readonly #recorder: Recorder;
  readonly #anonymizer: Anonymizer | undefined;
  readonly #startMs: number;
  readonly #reflectors: Reflector[] = [];
  /** What was last said of a scope's failure. */
  readonly #failures = new Map<string, string>();
  #cancelProgress: () => void = () => undefined;

  constructor(options: RecordOptions) {
    this.#options = options;
    const { scopes, objects } = planFor(options.file);
    this.scopes = [...objects, ...scopes];
    this.#startMs = options.clock.now();
    this.#anonymizer = options.anonymize ? new Anonymizer() : undefined;
    this.#recorder = new Recorder({
      version: options.version,
      startedAtMs: this.#startMs,
      scopes: this.scopes,
      write: options.write,
      ...(this.#anonymizer && { disguise: this.#anonymizer.disguise }),
    });
  }

  start(): void {
    const index = new RuleIndex(this.#options.file.rules, () => undefined);
    for (const [at, scope] of this.scopes.entries()) this.#reflectors.push(this.#watch(scope, at, index));
    this.#armProgress();
  }

  async end(): Promise<number> {
    const { clock, err } = this.#options;
    this.#cancelProgress();
    await Promise.all(this.#reflectors.map((reflector) => reflector.stop()));
    this.#recorder.end(clock.now());
    err(`Recorded ${this.#sum()}\n`);
    this.#tellNames();
    const unseen = this.#reflectors.map((reflector) => reflector.status()).filter(({ synced }) => !synced);
    for (const { scopeId, lastFailure } of unseen)
      err(`Never listed: ${scopeId}${lastFailure === undefined ? "" : ` (${lastFailure})`}\n`);
    return unseen.length > 0 ? INCOMPLETE : OK;
  }

  #watch(scope: WatchScope, at: number, index: RuleIndex): Reflector {
    const { connection, clock, random, file, err } = this.#options;
    // What came together is recorded at one time: it was decided together.
    let batchMs: number | undefined;
    const take = (event: RecordedEvent): void => {
      batchMs ??= clock.now();
      this.#recorder.event(at, event, batchMs);
      if (event.kind !== "listed") return;
      err(
        `Listed ${scope.id}: ${plural(("slices" in event ? event.slices : event.objects).length, "object")}\n`,
      );
    };
    const common = {
      connection,
      clock,
      random,
      logger: silentLogger,
      blindAfterMs: file.blindAfterMs,
      onEvent: take,
      onBatchEnd: () => void (batchMs = undefined),
      onBlind: (sinceMs: number, why: string | undefined) => this.#onBlind(at, sinceMs, why),
      onStatus: ({ lastFailure }: { readonly lastFailure: string | undefined }) =>
        this.#onFailure(scope.id, lastFailure),
    };
    if (!isSliceScope(scope)) return startObjectReflector({ ...common, scope });
    const wants = (namespace: string, service: string): boolean =>
      index.mayWant(scope.source, namespace, service);
    return startReflector({ ...common, scope, wants });
  }

  #onBlind(at: number, sinceMs: number, why: string | undefined): void {
    const { clock, err } = this.#options;
    const event = {
      kind: "blind",
      sinceMs: sinceMs - this.#startMs,
      ...(why !== undefined && { why }),
    } as const;
    this.#recorder.event(at, event, clock.now());
    err(`Blind: no sign of life for ${this.scopes[at]?.id}\n`);
  }

  #onFailure(scopeId: string, failure: string | undefined): void {
    if (failure === this.#failures.get(scopeId)) return;
    if (failure === undefined) this.#failures.delete(scopeId);
    else {
      this.#failures.set(scopeId, failure);
      this.#options.err(`${failure}; will try again\n`);
    }
  }

  #armProgress(): void {
    const { clock, err } = this.#options;
    this.#cancelProgress = clock.at(clock.now() + PROGRESS_MS, () => {
      err(`${this.#sum()}\n`);
      this.#armProgress();
    });
  }

  #sum(): string {
    const { events, bytes } = this.#recorder;
    const tookMs = Math.floor((this.#options.clock.now() - this.#startMs) / 1000) * 1000;
    return `${plural(events, "event")} in ${formatDuration(tookMs)}, ${Math.ceil(bytes / 1024)} KiB before compression`;
  }

  /** Only here, and not in the file: who recorded may know which is which. */
  #tellNames(): void {
    if (!this.#anonymizer) return;
    const { err } = this.#options;
    err("Stand-ins, for your eyes only:\n");
    for (const names of [this.#anonymizer.namespaces(), this.#anonymizer.names()])
      for (const [name, standIn] of names) err(`  ${standIn}  ${name}\n`);
  }
}
