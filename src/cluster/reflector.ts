import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import type { Random } from "../runtime/random.ts";
import type { ApiConnection } from "./api-connection.ts";
import type { Wants } from "./line-sieve.ts";
import { ListWatchLoop } from "./list-watch-loop.ts";
import { type ObjectEvent, objectStrategy } from "./object-intake.ts";
import type { ObjectScope } from "./object-plan.ts";
import type { ScopeStatus } from "./scope-status.ts";
import { sliceStrategy } from "./slice-strategy.ts";
import type { SliceEvent } from "./slice.ts";
import type { Scope, WatchScope } from "./watch-plan.ts";

/** What a list+watch loop needs, and whom it tells. */
export interface LoopOptions<Event> {
  readonly scope: WatchScope;
  readonly connection: ApiConnection;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Gets what the API server says, in order. When it throws, the error is logged and the scope listed again. */
  readonly onEvent: (event: Event) => void;
  /** Called once after all events that arrived together have been handed over. */
  readonly onBatchEnd?: () => void;
  /** Called when the status changed in more than its times and resourceVersion. */
  readonly onStatus?: (status: ScopeStatus) => void;
  /**
   * Called once when nothing has shown for `blindAfterMs` that what is known is still true: no byte of a watch, no watch that was
   * answered, no complete list. `sinceMs` is when the last of them came, or the start. No event comes until `onSight`;
   * when a list then cannot be taken in, it is called again.
   */
  readonly onBlind?: (sinceMs: number, lastFailure: string | undefined) => void;
  /** Called right before the first list is handed over, and before the one that ends blindness. */
  readonly onSight?: () => void;
  /** In milliseconds; see `onBlind`. Default 60 s. Watches that are silent for three quarters of it are opened anew. */
  readonly blindAfterMs?: number;
  /**
   * Lists come as the first part of a watch where the server offers that: neither side has to hold a whole list in memory.
   * Default true.
   */
  readonly streamLists?: boolean;
  /** For each page of a list, and for a streamed one. Default 30 s. */
  readonly listTimeoutMs?: number;
  /** For the head of the answer to a watch. Default 30 s. */
  readonly headTimeoutMs?: number;
}

/** What a list+watch loop over slices needs. */
export interface ReflectorOptions extends LoopOptions<SliceEvent> {
  readonly scope: Scope;
  /**
   * Tells whether any rule looks at a Service; slices of others are not handed over, and often not even parsed. Default: all are.
   * Its answers are remembered: call `relist` when they change.
   */
  readonly wants?: Wants;
}

/** What a list+watch loop over other objects needs. */
export interface ObjectReflectorOptions extends LoopOptions<ObjectEvent> {
  readonly scope: ObjectScope;
}

/** A running list+watch loop. */
export interface Reflector {
  status(): ScopeStatus;
  /** Lists again soon, whatever is going on: for when `wants` gives other answers than before. */
  relist(): void;
  /** Ends the loop. When it resolves, no socket and no timer of the loop is left, and no event will come. */
  stop(): Promise<void>;
}

/**
 * Keeps up with all slices of one scope: lists them, then watches for changes, and goes on after whatever fails.
 * What client-go's Reflector does, and in addition resumes after breaks, notices dead connections, and limits all waiting.
 */
export function startReflector(options: ReflectorOptions): Reflector {
  const { scope, logger, wants } = options;
  const reflector = new ListWatchLoop(options, sliceStrategy({ scope, logger, wants }));
  reflector.start();
  return reflector;
}

/** The same for Namespaces, Pods and the workloads that own these. */
export function startObjectReflector(options: ObjectReflectorOptions): Reflector {
  const reflector = new ListWatchLoop(options, objectStrategy(options));
  reflector.start();
  return reflector;
}
