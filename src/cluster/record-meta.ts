import { asObject, asText, type JsonObject } from "./object-fields.ts";

/** The `metadata` of an object of any kind, as far as it matters here. */
export interface RecordMeta {
  readonly name: string;
  /** Undefined for kinds that belong to no namespace. */
  readonly namespace: string | undefined;
  /** `namespace/name`, or the bare name. */
  readonly key: string;
  readonly uid: string | undefined;
  readonly labels: JsonObject | undefined;
  readonly annotations: JsonObject | undefined;
  readonly generation: number;
  /** The object that manages this one. */
  readonly owner: Owner | undefined;
  /** When its deletion was asked for, in epoch milliseconds of the API server's clock; undefined while it is to stay. */
  readonly deletedAtMs: number | undefined;
}

/** The controller among an object's owners. */
export interface Owner {
  readonly kind: string;
  readonly name: string;
  readonly uid: string | undefined;
}

/** Reads `metadata`; undefined when there is no name. */
export function recordMeta(object: JsonObject | undefined): RecordMeta | undefined {
  const metadata = asObject(object?.["metadata"]);
  const name = asText(metadata?.["name"]);
  if (metadata === undefined || name === undefined) return undefined;
  const namespace = asText(metadata["namespace"]);
  return {
    name,
    namespace,
    key: namespace === undefined ? name : `${namespace}/${name}`,
    uid: asText(metadata["uid"]),
    labels: asObject(metadata["labels"]),
    annotations: asObject(metadata["annotations"]),
    generation: asNumber(metadata["generation"]) ?? 0,
    owner: ownerOf(metadata["ownerReferences"]),
    deletedAtMs: deletedAtMs(metadata),
  };
}

function ownerOf(references: unknown): Owner | undefined {
  for (const value of asList(references)) {
    const reference = asObject(value);
    const kind = asText(reference?.["kind"]);
    const name = asText(reference?.["name"]);
    if (reference?.["controller"] !== true || kind === undefined || name === undefined) continue;
    return { kind, name, uid: asText(reference["uid"]) };
  }
  return undefined;
}

/**
 * `deletionTimestamp` lies in the future: it is when the grace period ends.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/
 */
function deletedAtMs(metadata: JsonObject): number | undefined {
  const endsAtMs = asTimeMs(metadata["deletionTimestamp"]);
  return endsAtMs === undefined
    ? undefined
    : endsAtMs - (asNumber(metadata["deletionGracePeriodSeconds"]) ?? 0) * 1000;
}

/** The conditions of a `status` by their type. */
export function conditionsOf(status: JsonObject | undefined): ReadonlyMap<string, JsonObject> {
  const conditions = new Map<string, JsonObject>();
  for (const value of asList(status?.["conditions"])) {
    const condition = asObject(value);
    const type = asText(condition?.["type"]);
    if (condition !== undefined && type !== undefined) conditions.set(type, condition);
  }
  return conditions;
}

/** The value when it is a number. */
export function asNumber(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** The value when it is a list; an empty one for anything else, as Go writes empty lists as null or not at all. */
export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** An RFC 3339 time in epoch milliseconds. */
export function asTimeMs(value: unknown): number | undefined {
  const timeMs = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(timeMs) ? undefined : timeMs;
}
