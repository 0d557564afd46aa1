/** A JSON object whose fields are not yet known. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The value as an object, or undefined for anything else; arrays and null are not objects here. */
export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}

/** The value when it is a string with something in it. */
export function asText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** What every object of the Kubernetes API carries, as far as it matters here. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace: string;
  readonly labels: JsonObject | undefined;
  readonly annotations: JsonObject | undefined;
}

/** Name, namespace, labels and annotations, or undefined when the object has no name or namespace. */
export function objectMeta(object: JsonObject | undefined): ObjectMeta | undefined {
  const metadata = asObject(object?.["metadata"]);
  const name = asText(metadata?.["name"]);
  const namespace = asText(metadata?.["namespace"]);
  if (metadata === undefined || name === undefined || namespace === undefined) return undefined;
  return {
    name,
    namespace,
    labels: asObject(metadata["labels"]),
    annotations: asObject(metadata["annotations"]),
  };
}

/** `namespace/name` of a Kubernetes object, or undefined when it has none. */
export function objectKey(object: unknown): string | undefined {
  const meta = objectMeta(asObject(object));
  return meta && `${meta.namespace}/${meta.name}`;
}

/** https://kubernetes.io/docs/reference/labels-annotations-taints/#endpoints-kubernetes-io-last-change-trigger-time */
export const TRIGGER_TIME = "endpoints.kubernetes.io/last-change-trigger-time";

/** When the change that led to this state of the object happened, in epoch milliseconds; often absent. */
export function triggerTimeMs(annotations: JsonObject | undefined): number | undefined {
  const text = annotations?.[TRIGGER_TIME];
  return typeof text === "string" ? parseTriggerTimeMs(text) : undefined;
}

/** The value of that annotation in epoch milliseconds; undefined where it is no time. */
export function parseTriggerTimeMs(text: string): number | undefined {
  const timeMs = Date.parse(text);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}
