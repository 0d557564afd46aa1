import { describeAttempt, type Failure, type Verb } from "./failure.ts";
import type { LoopOptions } from "./reflector.ts";
import type { ScopeStatus } from "./scope-status.ts";

/**
 * Hands over to whoever listens what the API server says. What they throw on an event is a failure like any other: the event is
 * lost, and a list has to bring it again; what they throw on a status is only logged.
 */
export class Handover<Event> {
  readonly #options: LoopOptions<Event>;
  #isBatchOpen = false;

  constructor(options: LoopOptions<Event>) {
    this.#options = options;
  }

  /** `isSight`: it is the first one, or ends blindness. */
  list(event: Event, isSight: boolean, verb: Verb): Failure | undefined {
    const { onSight, onEvent, onBatchEnd } = this.#options;
    return this.#guard(verb, () => {
      if (isSight) onSight?.();
      onEvent(event);
      onBatchEnd?.();
    });
  }

  change(event: Event, verb: Verb): Failure | undefined {
    this.#isBatchOpen = true;
    return this.#guard(verb, () => this.#options.onEvent(event));
  }

  /** After all changes that came together; nothing when there were none. */
  batchEnd(verb: Verb): Failure | undefined {
    if (!this.#isBatchOpen) return undefined;
    this.#isBatchOpen = false;
    return this.#guard(verb, () => this.#options.onBatchEnd?.());
  }

  blind(sinceMs: number, lastFailure: string | undefined): void {
    this.#tell(() => this.#options.onBlind?.(sinceMs, lastFailure));
  }

  status(status: ScopeStatus): void {
    this.#tell(() => this.#options.onStatus?.(status));
  }

  #guard(verb: Verb, call: () => void): Failure | undefined {
    try {
      call();
      return undefined;
    } catch (cause) {
      const what = cause instanceof Error ? cause.message : String(cause);
      const message = `${describeAttempt(verb, this.#options.scope)}: taking in an event failed: ${what}`;
      return { kind: "handler", message, cause };
    }
  }

  #tell(call: () => void): void {
    try {
      call();
    } catch (err) {
      const { logger, scope } = this.#options;
      logger.error({ scope: scope.id, err }, "Cannot take in a watch status");
    }
  }
}
