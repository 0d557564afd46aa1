import type { ApiStatus } from "./decode-event.ts";
import { OBJECT_RESOURCES, type ObjectScope } from "./object-plan.ts";
import { type Scope, scopeResource, type WatchScope } from "./watch-plan.ts";

/**
 * Why a list or a watch did not go on, by what is to be done about it:
 * - `gone`: the resourceVersion is too old, or from a future that the server never had (a restored etcd). List anew, without one.
 * - `unauthorized`: the credentials are refused. Read them again.
 * - `forbidden`: a permission is missing.
 * - `overloaded`: 429, 503 or 504. Wait, as long as the server asks for.
 * - `server`: another answer that is not a success.
 * - `network`: no connection, or one that broke.
 * - `deadline`: no complete answer in time.
 * - `short`: a watch that the server ended within a second and without an event.
 * - `undecodable`: bytes that are no watch events or no list; what they said is lost.
 * - `handler`: our own code failed to take an event in; what it said is lost.
 */
export type FailureKind =
  | "gone"
  | "unauthorized"
  | "forbidden"
  | "overloaded"
  | "server"
  | "network"
  | "deadline"
  | "short"
  | "undecodable"
  | "handler";

/** Why a list or a watch did not go well. */
export interface Failure {
  readonly kind: FailureKind;
  /** What was attempted, on what, and what came of it. */
  readonly message: string;
  readonly retryAfterMs?: number;
  /** For `handler`: what it threw. */
  readonly cause?: unknown;
}

/** What was attempted, in RBAC's words. */
export type Verb = "list" | "watch";

/** The permission that a 403 asks for. */
export interface MissingPermission {
  readonly verb: Verb;
  /** As RBAC names it, with its API group: `endpointslices.discovery.k8s.io`. */
  readonly resource: string;
  /** `undefined` means all namespaces: it takes a ClusterRole. */
  readonly namespace: string | undefined;
}

/** A proxy that asks for hours must not make us blind for hours. */
const RETRY_AFTER_CAP_MS = 120_000;

/** Reads a `Retry-After` header: seconds or a date. https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  // Dates begin with a weekday; Date.parse would take "-1" for one too.
  const dateMs = /^[A-Za-z]/.test(text) ? Date.parse(text) : Number.NaN;
  const waitMs = /^\d+$/.test(text) ? Number(text) * 1000 : dateMs - nowMs;
  return waitMs > 0 ? Math.min(waitMs, RETRY_AFTER_CAP_MS) : undefined;
}

/** The failure that an answer stands for, whether it came as an HTTP status or as an ERROR event (`httpStatus` 200 then). */
export function answerFailure(
  verb: Verb,
  scope: WatchScope,
  httpStatus: number,
  status: ApiStatus,
  retryAfterMs?: number,
): Failure {
  const code = httpStatus === 200 ? status.code : httpStatus;
  const waitMs = retryAfterMs ?? status.retryAfterMs;
  const said = status.message ?? status.reason;
  return {
    kind: answerKind(code, status),
    message: `${describeAttempt(verb, scope)}: ${code || "an error without a code"}${said === undefined ? "" : ` ${said}`}`,
    ...(waitMs === undefined ? {} : { retryAfterMs: Math.min(waitMs, RETRY_AFTER_CAP_MS) }),
  };
}

function answerKind(code: number, status: ApiStatus): FailureKind {
  const tooLarge =
    status.causes.includes("ResourceVersionTooLarge") ||
    status.message?.includes("Too large resource version") === true;
  if (code === 410 || status.reason === "Expired" || status.reason === "Gone" || tooLarge) return "gone";
  if (code === 401) return "unauthorized";
  if (code === 403) return "forbidden";
  return code === 429 || code === 503 || code === 504 ? "overloaded" : "server";
}

/** The permission that would make this request succeed. */
export function missingPermission(verb: Verb, scope: WatchScope): MissingPermission {
  const { group, resource } = scopeResource(scope);
  return { verb, resource: group === "" ? resource : `${resource}.${group}`, namespace: scope.namespace };
}

/** The start of every message about a scope: `Cannot watch endpointslices of Service cassandra in namespace data`. */
export function describeAttempt(verb: Verb, scope: WatchScope): string {
  return `Cannot ${verb} ${"source" in scope ? ringsOf(scope) : objectsOf(scope)}`;
}

function ringsOf({ services, namespace, source }: Scope): string {
  const first = services?.[0] ?? "";
  const what =
    services === undefined
      ? source
      : services.length === 1
        ? `${source} of Service ${first}`
        : `${source} of ${services.length} Services (${first}, …)`;
  return `${what} in ${place(namespace)}`;
}

function objectsOf({ kind, namespace, name }: ObjectScope): string {
  if (kind !== "Namespace") return `${OBJECT_RESOURCES[kind].resource} in ${place(namespace)}`;
  return name === undefined ? place(undefined) : place(name);
}

function place(namespace: string | undefined): string {
  return namespace === undefined ? "all namespaces" : `namespace ${namespace}`;
}

/** The failure that a thrown error stands for: no connection, a broken one, or no answer in time. */
export function thrownFailure(verb: Verb, scope: WatchScope, error: unknown): Failure {
  const { name, message, code } = innermost(error);
  const text = code === undefined || message.includes(code) ? message : `${code} ${message}`;
  return {
    kind: name === "DeadlineError" ? "deadline" : "network",
    message: `${describeAttempt(verb, scope)}: ${text}`,
  };
}

/** undici's "terminated" and the like have the reason in their cause. */
function innermost(error: unknown): { name: string; message: string; code: string | undefined } {
  if (!(error instanceof Error)) return { name: "Error", message: String(error), code: undefined };
  if (error.cause instanceof Error) return innermost(error.cause);
  // When a name has several addresses: https://nodejs.org/api/net.html#socketconnectoptions-connectlistener
  if (error instanceof AggregateError && error.errors.length > 0) return innermost(error.errors[0]);
  return { name: error.name, message: error.message, code: (error as NodeJS.ErrnoException).code };
}
