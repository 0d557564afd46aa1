import { asObject, asText } from "./object-fields.ts";

/** What an API server says when it cannot do what was asked: `Status` of meta/v1, as far as it matters. */
export interface ApiStatus {
  readonly code: number;
  /** A word for programs, like `Expired` or `Forbidden`. */
  readonly reason: string | undefined;
  readonly message: string | undefined;
  readonly retryAfterMs: number | undefined;
  /** Words for programs that say more, like `ResourceVersionTooLarge`. */
  readonly causes: readonly string[];
}

/** One line of a watch. https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes */
export type WatchLine =
  | {
      readonly kind: "added" | "modified" | "deleted";
      readonly resourceVersion: string;
      readonly object: unknown;
    }
  /** `initialEventsEnd`: everything that existed when the watch began has been sent. */
  | { readonly kind: "bookmark"; readonly resourceVersion: string; readonly initialEventsEnd: boolean }
  | { readonly kind: "error"; readonly status: ApiStatus }
  /** A type that is not among the five; new ones may be added to Kubernetes. */
  | { readonly kind: "unknown"; readonly type: string }
  | { readonly kind: "undecodable"; readonly issue: string };

const KINDS = { ADDED: "added", MODIFIED: "modified", DELETED: "deleted" } as const;

/** Reads one line of a watch, without its line feed. Never throws. */
export function decodeEvent(line: Buffer): WatchLine {
  let event: { readonly type?: unknown; readonly object?: unknown } | undefined;
  try {
    event = asObject(parseLine(line.toString("utf8")));
  } catch {
    return { kind: "undecodable", issue: `Cannot read watch event: ${line.length} bytes are not JSON` };
  }
  const type = event?.type;
  if (typeof type !== "string")
    return { kind: "undecodable", issue: "Cannot read watch event: it has no type" };
  if (type === "ERROR") return { kind: "error", status: decodeStatus(event?.object) };
  if (type !== "BOOKMARK" && !Object.hasOwn(KINDS, type)) return { kind: "unknown", type };

  const metadata = asObject(asObject(event?.object)?.["metadata"]);
  const resourceVersion = asText(metadata?.["resourceVersion"]);
  if (resourceVersion === undefined) {
    return { kind: "undecodable", issue: `Cannot read watch event: ${type} has no metadata.resourceVersion` };
  }
  if (type === "BOOKMARK") {
    const initialEventsEnd = asObject(metadata?.["annotations"])?.["k8s.io/initial-events-end"] === "true";
    return { kind: "bookmark", resourceVersion, initialEventsEnd };
  }
  return { kind: KINDS[type as keyof typeof KINDS], resourceVersion, object: event?.object };
}

// An unescaped quote cannot stand inside a JSON string, so these are structure wherever they are found.
const FIELDS_START = ',"managedFields":[';
const FIELDS_END = "}]}";

/**
 * Parses without `managedFields`, which nobody here reads and which are a third of a small slice. Go writes them last in
 * `metadata`; the strings in them are field names, each beginning with `f:`, `k:`, `v:` or `i:`, so that a cut in the middle of
 * one leaves no JSON: https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
 */
function parseLine(text: string): unknown {
  const start = text.indexOf(FIELDS_START);
  const end = start === -1 ? -1 : text.indexOf(FIELDS_END, start);
  if (end === -1) return JSON.parse(text);
  try {
    return JSON.parse(text.slice(0, start) + text.slice(end + FIELDS_END.length - 1));
  } catch {
    return JSON.parse(text);
  }
}

/** Reads a `Status`; anything else has code 0. */
export function decodeStatus(value: unknown): ApiStatus {
  const status = asObject(value);
  const details = asObject(status?.["details"]);
  const seconds = details?.["retryAfterSeconds"];
  const causes = details?.["causes"];
  return {
    code: typeof status?.["code"] === "number" ? status["code"] : 0,
    reason: asText(status?.["reason"]),
    message: asText(status?.["message"]),
    retryAfterMs: typeof seconds === "number" && seconds > 0 ? seconds * 1000 : undefined,
    causes: Array.isArray(causes) ? causes.flatMap((cause) => asText(asObject(cause)?.["reason"]) ?? []) : [],
  };
}

/** Reads a `Status` from the body of an answer; text that is none becomes its message, cut to 200 characters. */
export function decodeStatusText(body: string): ApiStatus {
  try {
    return decodeStatus(JSON.parse(body));
  } catch {
    const message = body.trim().slice(0, 200);
    return { code: 0, reason: undefined, message: asText(message), retryAfterMs: undefined, causes: [] };
  }
}
