import type { Failure, MissingPermission } from "./failure.ts";

/** How a scope's list+watch loop is doing: for readiness, metrics, the status page and blindness. */
export interface ScopeStatus {
  readonly scopeId: string;
  /** A complete list has been handed over since the start. */
  readonly synced: boolean;
  /** A watch is open now. */
  readonly watching: boolean;
  /** When the API server last sent anything, in epoch milliseconds. */
  readonly lastByteAtMs: number | undefined;
  /** When the last complete list arrived, in epoch milliseconds. */
  readonly lastListAtMs: number | undefined;
  /**
   * Set while the scope is blind: when its last sign of life came (a byte of a watch, a watch that was answered, a complete list),
   * or when it was started. Epoch milliseconds.
   */
  readonly blindSinceMs: number | undefined;
  readonly resourceVersion: string | undefined;
  /** In a row; 0 when all is well. */
  readonly failures: number;
  /** What the last failure was, until a list, an event, a bookmark or the end of a watch shows that all is well. */
  readonly lastFailure: string | undefined;
  /** Set while the API server answers 403. */
  readonly missingPermission: MissingPermission | undefined;
  /** Lists since the start, without the first. */
  readonly relists: number;
  /** Lines and objects that could not be read, since the start. */
  readonly undecodable: number;
  /** Lines of a type that Ringbell does not know, since the start. */
  readonly unknownTypes: number;
  /** Failures by kind, since the start. */
  readonly failureCounts: Readonly<Partial<Record<Failure["kind"], number>>>;
}
