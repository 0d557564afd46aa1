import type { ApiRequest } from "./api-request.ts";
import type { ObjectStore } from "./object-store.ts";
import { type ApiObject, RESOURCES } from "./resources.ts";
import { badRequest, goneContinue, goneList, tooLargeVersion } from "./status.ts";

/** Answers a list: the list object, or the Status that it is refused with. Pure. */
export function answerList(store: ObjectStore, request: ApiRequest): object {
  if (request.continueToken !== undefined) return nextPage(store, request, request.continueToken);
  const { version } = request;
  if (version !== undefined && version > store.version) return tooLargeVersion(version, store.version);
  if (version !== undefined && isExact(request, version)) {
    const objects = store.listAt(request.source, version);
    return objects ? page(request, objects, version) : goneList();
  }
  return page(request, store.list(request.source), store.version);
}

/**
 * A limit with a resourceVersion means that very version.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#resourceversion-in-query-parameters
 */
function isExact(request: ApiRequest, version: number): boolean {
  return request.match === "Exact" || (request.match === undefined && request.limit > 0 && version !== 0);
}

function nextPage(store: ObjectStore, request: ApiRequest, text: string): object {
  const token = decodeToken(text);
  if (!token) return badRequest("continue key is not valid");
  if (request.version !== undefined && request.version !== 0) {
    return badRequest("specifying resource version is not allowed when using continue");
  }
  const version = token.rv < 0 ? store.version : token.rv;
  const objects = store.listAt(request.source, version);
  if (!objects) return goneContinue(encodeToken({ rv: -1, start: token.start }));
  const prefix = request.namespace === undefined ? "" : `${request.namespace}/`;
  const start = prefix + token.start;
  return page(
    request,
    objects.filter((object) => pathOf(object) >= start),
    version,
  );
}

/** One page of objects. A list of version 0 comes from the watch cache, which ignores the limit. */
function page(request: ApiRequest, objects: readonly ApiObject[], version: number): object {
  const matching = objects.filter((object) => request.matches(object));
  const limit = request.version === 0 ? 0 : request.limit;
  const items = limit > 0 ? matching.slice(0, limit) : matching;
  const last = items.at(-1);
  const remaining = matching.length - items.length;
  const { listKind, apiVersion } = RESOURCES[request.source];
  return {
    kind: listKind,
    apiVersion,
    metadata: {
      resourceVersion: String(version),
      ...(remaining > 0 &&
        last && { continue: encodeToken({ rv: version, start: startAfter(last, request) }) }),
      // With a selector the server does not know how many are left:
      // https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/list-meta/
      ...(remaining > 0 && !request.selects && { remainingItemCount: remaining }),
    },
    items: items.map(withoutType),
  };
}

/** Items of a list bear no kind and no apiVersion. */
function withoutType({ kind: _kind, apiVersion: _apiVersion, ...item }: ApiObject): object {
  return item;
}

const pathOf = (object: ApiObject): string => `${object.metadata.namespace ?? ""}/${object.metadata.name}`;

function startAfter(object: ApiObject, request: ApiRequest): string {
  return `${request.namespace === undefined ? pathOf(object) : object.metadata.name}\0`;
}

interface Token {
  readonly rv: number;
  readonly start: string;
}

/** The token format of etcd3 storage; `rv` -1 means "whatever is there now". */
function encodeToken(token: Token): string {
  return Buffer.from(JSON.stringify({ v: "meta.k8s.io/v1", ...token })).toString("base64url");
}

function decodeToken(text: string): Token | undefined {
  try {
    const token = JSON.parse(Buffer.from(text, "base64url").toString()) as Partial<Token> | null;
    return typeof token?.rv === "number" && typeof token.start === "string"
      ? { rv: token.rv, start: token.start }
      : undefined;
  } catch {
    return undefined;
  }
}
