import type { Target } from "./api-request.ts";
import type { ResourceName } from "./resources.ts";

/** What a user wants to do, in the words of RBAC. */
export interface Attributes {
  readonly verb: "list" | "watch";
  readonly source: ResourceName;
  readonly namespace: string | undefined;
  /** From the field selector `metadata.name=NAME`, which is what `resourceNames` of a Role are held against. */
  readonly name: string | undefined;
}

/** Who may do what. */
export interface AccessOptions {
  /** When given, each list and watch must bear it. Asked at each request, so that it can be rotated. */
  readonly bearerToken?: () => string;
  /** Refuses with 403 by returning false; default: everything is allowed. */
  readonly authorize?: (attributes: Attributes) => boolean;
  /** The name in the text of a 403; default `system:serviceaccount:lab:default`. */
  readonly user?: string;
}

/** Who may do what. */
export class Access {
  readonly user: string;
  readonly #options: AccessOptions;

  constructor(options: AccessOptions) {
    this.#options = options;
    this.user = options.user ?? "system:serviceaccount:lab:default";
  }

  /** Whether the `Authorization` header is good enough. A wrong token is refused even where none is needed. */
  admits(authorization: string | undefined, needed: boolean): boolean {
    if (!this.#options.bearerToken) return true;
    return authorization === undefined ? !needed : authorization === `Bearer ${this.#options.bearerToken()}`;
  }

  allows(verb: "list" | "watch", target: Target, query: URLSearchParams): boolean {
    if (!this.#options.authorize) return true;
    const name = /(?:^|,)metadata\.name==?([^,]+)/.exec(query.get("fieldSelector") ?? "")?.[1];
    return this.#options.authorize({ verb, ...target, name });
  }
}
