/** How the API server knows a kind of objects. */
export interface ApiResource {
  /** The API group; empty for the core one. */
  readonly group: string;
  /** The plural, as in paths and in RBAC. */
  readonly resource: string;
  /** What comes before `/namespaces/NAME/PLURAL`. */
  readonly root: string;
}

/** What to ask the API server for. */
export interface ScopeRequest {
  readonly path: string;
  /** Plain text, not yet encoded for a URL, as the other one. */
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** The path under which the objects of a namespace, or of all namespaces (`undefined`), are listed and watched. */
export function resourcePath({ root, resource }: ApiResource, namespace: string | undefined): string {
  return namespace === undefined
    ? `${root}/${resource}`
    : `${root}/namespaces/${encodeURIComponent(namespace)}/${resource}`;
}
