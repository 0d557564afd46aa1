import type { Logger } from "../runtime/logger.ts";
import { type Failure, missingPermission, type MissingPermission, type Verb } from "./failure.ts";
import type { WatchScope } from "./watch-plan.ts";

/** Remembers what is wrong with a scope, and says so in the log once per change: an outage of hours is two lines. */
export class WatchHealth {
  readonly #scope: WatchScope;
  readonly #logger: Logger;
  readonly #counts: Partial<Record<Failure["kind"], number>> = {};
  #said: string | undefined;
  #lastFailure: string | undefined;
  #needsWatch = false;
  #missing: MissingPermission | undefined;

  constructor(scope: WatchScope, logger: Logger) {
    this.#scope = scope;
    this.#logger = logger;
  }

  get lastFailure(): string | undefined {
    return this.#lastFailure;
  }

  get missingPermission(): MissingPermission | undefined {
    return this.#missing;
  }

  get counts(): Readonly<Partial<Record<Failure["kind"], number>>> {
    return this.#counts;
  }

  failed(verb: Verb, failure: Failure, retryInMs: number): void {
    this.#counts[failure.kind] = (this.#counts[failure.kind] ?? 0) + 1;
    this.#lastFailure = failure.message;
    this.#needsWatch = verb === "watch" && !["gone", "undecodable", "handler"].includes(failure.kind);
    this.#missing = failure.kind === "forbidden" ? missingPermission(verb, this.#scope) : undefined;
    const fields = { scope: this.#scope.id, failure: failure.kind, reason: failure.message, retryInMs };
    const state = `${verb} ${failure.kind}`;
    if (this.#said === state) return this.#logger.debug(fields, "Watch still failing");
    this.#said = state;
    if (this.#missing) this.#sayWhatToGrant(fields, this.#missing);
    else if (failure.kind === "handler")
      this.#logger.error({ ...fields, err: failure.cause }, "Cannot take in a watch event");
    // An expired version is the ordinary end of a long pause.
    else if (failure.kind === "gone") this.#logger.info(fields, "Watch expired, listing again");
    else this.#logger.warn(fields, "Watch failing");
  }

  /** A list arrived. It ends all trouble but that of watches which cannot be opened or held. */
  listed(): void {
    if (!this.#needsWatch) this.watched();
  }

  /** A watch brought something, or went through its time. */
  watched(): void {
    if (this.#lastFailure === undefined) return;
    this.#lastFailure = undefined;
    this.#missing = undefined;
    this.#needsWatch = false;
    this.#said = undefined;
    this.#logger.info({ scope: this.#scope.id }, "Watch recovered");
  }

  #sayWhatToGrant(fields: object, missing: MissingPermission): void {
    const grant = {
      verb: missing.verb,
      resource: missing.resource,
      namespace: missing.namespace ?? "all namespaces",
    };
    this.#logger.error(
      { ...fields, missing: grant, hint: "apply the output of: ringbell rbac RULES_FILE" },
      "Permission missing for watch",
    );
  }
}
