import { RESOURCES, type ResourceName } from "./resources.ts";

/**
 * The API server's object for a failure; key order as on the wire.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/
 */
export interface Status {
  readonly kind: "Status";
  readonly apiVersion: "v1";
  readonly metadata: Readonly<Record<string, string>>;
  readonly status: "Failure";
  readonly message: string;
  readonly reason?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly code: number;
}

/** A failure with its code, the API's word for it, and details where the API gives some. */
export function status(
  code: number,
  reason: string | undefined,
  message: string,
  details?: Readonly<Record<string, unknown>>,
  metadata: Readonly<Record<string, string>> = {},
): Status {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata,
    status: "Failure",
    message,
    ...(reason !== undefined && { reason }),
    ...(details && { details }),
    code,
  };
}

/** HTTP 400. */
export const badRequest = (message: string): Status => status(400, "BadRequest", message);

/** HTTP 401, as recorded. */
export const unauthorized = (): Status => status(401, "Unauthorized", "Unauthorized");

/** HTTP 404. */
export const notFound = (): Status =>
  status(404, "NotFound", "the server could not find the requested resource", {});

/** What a user may not do, in the words of RBAC. */
export function forbidden(
  user: string,
  verb: string,
  source: ResourceName,
  namespace: string | undefined,
): Status {
  const { group } = RESOURCES[source];
  const resource = group ? `${source}.${group}` : source;
  const where = namespace === undefined ? "at the cluster scope" : `in the namespace "${namespace}"`;
  return status(
    403,
    "Forbidden",
    `${resource} is forbidden: User "${user}" cannot ${verb} resource "${source}" in API group "${group}" ${where}`,
    { ...(group && { group }), kind: source },
  );
}

/** A watch from a compacted version. `oldest` is the oldest version that is still there. */
export const goneWatch = (version: number, oldest: number): Status =>
  status(410, "Expired", `too old resource version: ${version} (${oldest})`);

/** HTTP 410 of a list, as recorded. */
export const goneList = (): Status =>
  status(410, "Expired", "The resourceVersion for the provided list is too old.");

/** A page of a list whose version is compacted; the token in it leads on, at the price of consistency. */
export const goneContinue = (inconsistentToken: string): Status =>
  status(
    410,
    "Expired",
    "The provided continue parameter is too old to display a consistent list result. You can start a new list " +
      "without the continue parameter, or use the continue token in this response to retrieve the remainder of the " +
      "results. Continuing with the provided token results in an inconsistent list - objects that were created, " +
      "modified, or deleted between the time the first chunk was returned and now may show up in the list.",
    undefined,
    { continue: inconsistentToken },
  );

/** A list from a version that does not exist yet. Goes with `Retry-After: 1`. */
export const tooLargeVersion = (version: number, current: number): Status =>
  status(504, "Timeout", `Timeout: Too large resource version: ${version}, current: ${current}`, {
    causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
    retryAfterSeconds: 1,
  });

/** HTTP 500 for a resourceVersion that is no number, as recorded for a watch. */
export const badVersion = (text: string): Status =>
  status(
    500,
    undefined,
    `resourceVersion: Invalid value: "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`,
  );

/** List options that do not go together. */
export const invalidOption = (field: string, message: string): Status =>
  status(422, "Invalid", `ListOptions.meta.k8s.io "" is invalid: ${field}: Forbidden: ${message}`, {
    group: "meta.k8s.io",
    kind: "ListOptions",
    causes: [{ reason: "FieldValueForbidden", message: `Forbidden: ${message}`, field }],
  });

/** Whether an answer is a refusal. */
export function isStatus(answer: object): answer is Status {
  return "kind" in answer && answer.kind === "Status";
}
