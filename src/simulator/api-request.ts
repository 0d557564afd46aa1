import { RESOURCES, type ResourceName } from "./resources.ts";
import { type Matcher, parseFieldSelector, parseLabelSelector } from "./selectors.ts";
import { badRequest, badVersion, invalidOption, type Status } from "./status.ts";

/** A list or watch that was asked for, read from its URL. */
export interface ApiRequest {
  readonly verb: "list" | "watch";
  readonly source: ResourceName;
  readonly namespace: string | undefined;
  /** Namespace and selectors in one. */
  readonly matches: Matcher;
  /** Whether there is a label or field selector. */
  readonly selects: boolean;
  /** undefined: not given. */
  readonly version: number | undefined;
  readonly match: "Exact" | "NotOlderThan" | undefined;
  readonly limit: number;
  readonly continueToken: string | undefined;
  readonly bookmarks: boolean;
  readonly sendInitialEvents: boolean | undefined;
  readonly timeoutMs: number | undefined;
}

/** Where a path leads to: the resource and the namespace, undefined for all of them. */
export interface Target {
  readonly source: ResourceName;
  readonly namespace: string | undefined;
}

/** Reads `/apis/discovery.k8s.io/v1[/namespaces/NS]/endpointslices` and the like; undefined for any other path. */
export function parseTarget(path: string): Target | undefined {
  for (const { source, pathPrefix, isNamespaced } of Object.values(RESOURCES)) {
    if (path === `${pathPrefix}/${source}`) return { source, namespace: undefined };
    if (!isNamespaced) continue;
    const inNamespace = /^\/namespaces\/([^/]+)\/([^/]+)$/.exec(path.slice(pathPrefix.length));
    if (path.startsWith(pathPrefix) && inNamespace?.[1] !== undefined && inNamespace[2] === source) {
      return { source, namespace: decodeURIComponent(inNamespace[1]) };
    }
  }
  return undefined;
}

const isTrue = (text: string | null): boolean => text === "true" || text === "1";

/** Whether the query asks for a watch. */
export const asksForWatch = (query: URLSearchParams): boolean => isTrue(query.get("watch"));

/** Reads the query of a list or watch, or says what a real server would refuse it with. */
export function parseRequest(target: Target, query: URLSearchParams): ApiRequest | Status {
  const labels = parseLabelSelector(query.get("labelSelector") ?? "");
  if (!labels.ok) return badRequest(labels.message);
  const fields = parseFieldSelector(query.get("fieldSelector") ?? "");
  if (!fields.ok) return badRequest(fields.message);
  const versionText = query.get("resourceVersion") ?? "";
  if (!/^\d*$/.test(versionText)) return badVersion(versionText);
  const verb = asksForWatch(query) ? "watch" : "list";
  const refusal = refusedOptions(verb, query);
  if (refusal) return refusal;
  const match = query.get("resourceVersionMatch") || undefined;
  const initial = query.get("sendInitialEvents");
  const timeoutSeconds = Number(query.get("timeoutSeconds") ?? 0);
  return {
    verb,
    ...target,
    matches: (object) =>
      (target.namespace === undefined || object.metadata.namespace === target.namespace) &&
      labels.matches(object) &&
      fields.matches(object),
    selects: Boolean(query.get("labelSelector") ?? query.get("fieldSelector")),
    version: versionText === "" ? undefined : Number(versionText),
    match: match as ApiRequest["match"],
    limit: Math.max(0, Number(query.get("limit") ?? 0) || 0),
    continueToken: query.get("continue") || undefined,
    bookmarks: isTrue(query.get("allowWatchBookmarks")),
    sendInitialEvents: initial === null ? undefined : isTrue(initial),
    timeoutMs: timeoutSeconds > 0 ? timeoutSeconds * 1_000 : undefined,
  };
}

/**
 * Options that do not go together, as ValidateListOptions has them:
 * https://github.com/kubernetes/apimachinery/blob/master/pkg/apis/meta/internalversion/validation/validation.go
 */
function refusedOptions(verb: "list" | "watch", query: URLSearchParams): Status | undefined {
  const match = query.get("resourceVersionMatch") ?? "";
  const version = query.get("resourceVersion") ?? "";
  if (verb === "watch") {
    const asks = query.has("sendInitialEvents");
    if (asks && match !== "NotOlderThan") {
      return invalidOption(
        "resourceVersionMatch",
        "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
      );
    }
    return !asks && match
      ? invalidOption(
          "resourceVersionMatch",
          "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        )
      : undefined;
  }
  if (query.has("sendInitialEvents")) {
    return invalidOption("sendInitialEvents", "sendInitialEvents is forbidden for list");
  }
  if (match && !version) {
    return invalidOption(
      "resourceVersionMatch",
      "resourceVersionMatch is forbidden unless resourceVersion is provided",
    );
  }
  if (match && query.get("continue")) {
    return invalidOption(
      "resourceVersionMatch",
      "resourceVersionMatch is forbidden when continue is provided",
    );
  }
  if (match === "Exact" && version === "0") {
    return invalidOption(
      "resourceVersionMatch",
      'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
    );
  }
  if (match && match !== "Exact" && match !== "NotOlderThan") {
    return invalidOption("resourceVersionMatch", `"${match}" is not a supported value`);
  }
  return undefined;
}
