import type { Random } from "../runtime/random.ts";
import type { Failure } from "./failure.ts";

// The numbers of client-go's Reflector: https://github.com/kubernetes/client-go/blob/master/tools/cache/reflector.go
const BACKOFF_BASE_MS = 800;
const BACKOFF_CAP_MS = 30_000;
/** Trouble longer ago than this is forgotten. */
const BACKOFF_RESET_MS = 120_000;
/** client-go has no such floor; a server that sends one event and closes would be asked again without end. */
const WATCH_INTERVAL_MS = 1000;
/** Resuming has failed so often that a list may find out more. */
const FAILURES_BEFORE_LIST = 5;
/**
 * A server that never had our resourceVersion (etcd was restored from a backup) keeps a watch open in silence, for ever.
 * A sound one sends bookmarks each minute; where none came for so long, a list finds out.
 */
const UNPROVEN_LIMIT_MS = 300_000;

/** A server may be upgraded, or may have been in trouble when it was asked. */
const STREAM_RETRY_MS = 3_600_000;

/** What is to be done next, and what is remembered for it. Times are epoch milliseconds. */
export interface ReflectorState {
  readonly step: "list" | "watch";
  /** For a list: which state will do ("0": any, "": the latest). For a watch: after which state it begins. */
  readonly resourceVersion: string;
  /** Lists come in pages, except when a page had expired. */
  readonly paged: boolean;
  /** Before this, lists are not streamed: the server does not offer it, or not well. */
  readonly streamFromMs: number;
  readonly notBeforeMs: number;
  /** In a row, without an event, a bookmark or a list between them. */
  readonly failures: number;
  readonly backoffLevel: number;
  readonly lastBackoffMs: number;
  /** When the server last showed that it knows our resourceVersion: by a list, an event or a bookmark. */
  readonly provenAtMs: number;
}

/** How a step went. */
export type Outcome =
  | { readonly kind: "listed"; readonly resourceVersion: string }
  | { readonly kind: "listFailed"; readonly failure: Failure; readonly expiredAtLaterPage: boolean }
  /** A streamed list was refused, or broke off, or never said that it was complete. */
  | { readonly kind: "streamFailed"; readonly failure: Failure }
  | {
      readonly kind: "watchEnded";
      readonly startedAtMs: number;
      /** The last one seen; the one it began with when there was none. */
      readonly resourceVersion: string;
      /** Something was learned: an event or a bookmark. */
      readonly progress: boolean;
      /** Undefined when the server ended it at its time. */
      readonly failure: Failure | undefined;
    };

/** Where a reflector begins: with a list of any state that the server has at hand. */
export const INITIAL_STATE: ReflectorState = {
  step: "list",
  resourceVersion: "0",
  paged: true,
  streamFromMs: Number.NEGATIVE_INFINITY,
  notBeforeMs: 0,
  failures: 0,
  backoffLevel: 0,
  lastBackoffMs: Number.NEGATIVE_INFINITY,
  provenAtMs: Number.NEGATIVE_INFINITY,
};

/**
 * Decides the next step. A broken watch is resumed from the last resourceVersion; a list is made when resuming cannot
 * bring what was missed. Every failure but one waits, each longer than the one before: a first expired version or
 * refused credential is answered at once.
 */
export function nextStep(
  state: ReflectorState,
  outcome: Outcome,
  nowMs: number,
  random: Random,
): ReflectorState {
  if (outcome.kind === "watchEnded") return afterWatch(state, outcome, nowMs, random);
  // Any trouble shows again, and counts, in the paged list that is made at once.
  if (outcome.kind === "streamFailed") {
    return { ...state, streamFromMs: nowMs + STREAM_RETRY_MS, notBeforeMs: nowMs };
  }
  if (outcome.kind === "listFailed") {
    return afterFailedList(state, outcome.failure, outcome.expiredAtLaterPage, nowMs, random);
  }
  const { resourceVersion } = outcome;
  return {
    ...state,
    step: "watch",
    resourceVersion,
    paged: true,
    failures: 0,
    notBeforeMs: nowMs,
    provenAtMs: nowMs,
  };
}

function afterFailedList(
  state: ReflectorState,
  failure: Failure,
  expiredAtLaterPage: boolean,
  nowMs: number,
  random: Random,
): ReflectorState {
  const failed = { ...backOff(state, failure, nowMs, random), failures: state.failures + 1 };
  if (failure.kind !== "gone") return failed;
  // A list that was too large for its continue token's life is fetched in one piece.
  return expiredAtLaterPage ? { ...failed, paged: false } : { ...failed, resourceVersion: "" };
}

function afterWatch(
  state: ReflectorState,
  ended: Extract<Outcome, { kind: "watchEnded" }>,
  nowMs: number,
  random: Random,
): ReflectorState {
  const { failure, resourceVersion, startedAtMs, progress } = ended;
  const earliestMs = startedAtMs + WATCH_INTERVAL_MS;
  const provenAtMs = progress ? nowMs : state.provenAtMs;
  if (failure === undefined) {
    const step = nowMs - provenAtMs >= UNPROVEN_LIMIT_MS ? "list" : "watch";
    return {
      ...state,
      step,
      resourceVersion,
      provenAtMs,
      failures: 0,
      notBeforeMs: Math.max(nowMs, earliestMs),
    };
  }
  const backedOff = backOff(state, failure, nowMs, random);
  const failures = progress ? 1 : state.failures + 1;
  const failed = { ...backedOff, resourceVersion, provenAtMs, failures };
  // A list with the version that has just been refused could loop: https://github.com/kubernetes/kubernetes/issues/133810
  if (failure.kind === "gone") return { ...failed, step: "list", resourceVersion: "" };
  const listNeeded = losesEvents(failure) || failures >= FAILURES_BEFORE_LIST;
  if (listNeeded) return { ...failed, step: "list" };
  return { ...failed, notBeforeMs: Math.max(backedOff.notBeforeMs, earliestMs) };
}

function losesEvents({ kind }: Failure): boolean {
  return kind === "undecodable" || kind === "handler";
}

function backOff(state: ReflectorState, failure: Failure, nowMs: number, random: Random): ReflectorState {
  const level = nowMs - state.lastBackoffMs >= BACKOFF_RESET_MS ? 0 : state.backoffLevel;
  const atOnce = level === 0 && (failure.kind === "gone" || failure.kind === "unauthorized");
  const delayMs = atOnce ? 0 : Math.min(BACKOFF_BASE_MS * 2 ** level, BACKOFF_CAP_MS) * (1 + random());
  const waitMs = Math.max(delayMs, failure.retryAfterMs ?? 0);
  return { ...state, backoffLevel: level + 1, lastBackoffMs: nowMs + waitMs, notBeforeMs: nowMs + waitMs };
}
