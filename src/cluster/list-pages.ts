import type { Clock } from "../runtime/clock.ts";
import type { ApiConnection, Query } from "./api-connection.ts";
import { decodeStatusText } from "./decode-event.ts";
import { answerFailure, describeAttempt, type Failure, parseRetryAfter, thrownFailure } from "./failure.ts";
import { asObject, asText } from "./object-fields.ts";
import { scopeRequest, type WatchScope } from "./watch-plan.ts";

/** How to list a scope. */
export interface ListOptions {
  readonly scope: WatchScope;
  readonly connection: ApiConnection;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** For each page. */
  readonly timeoutMs: number;
  /** Which state will do. "0": any that the server has at hand, "": the latest, else at least as new as this one. */
  readonly resourceVersion: string;
  readonly paged: boolean;
  /** Called with each object, in the order of their keys. Returns why it is left out, if it is. */
  readonly take: (object: unknown) => string | undefined;
  /** Called for each page that arrived. */
  readonly onPage: (nowMs: number) => void;
}

/** A complete list, or why there is none. */
export type ListResult =
  | {
      readonly kind: "listed";
      readonly resourceVersion: string;
      /** Objects that are left out, and why. */
      readonly issues: readonly string[];
    }
  | { readonly kind: "failed"; readonly failure: Failure; readonly expiredAtLaterPage: boolean };

/** As client-go's pager. */
const PAGE_SIZE = 500;

/** Reads all objects of a scope, page by page; nothing of a page is kept but what `take` keeps. Never throws. */
export async function listPages(options: ListOptions): Promise<ListResult> {
  const { scope, resourceVersion: wanted, paged } = options;
  const issues: string[] = [];
  let resourceVersion: string | undefined;
  let token: string | undefined;
  do {
    // The API server serves any but these two from its cache, whole, and refuses a version next to a token.
    const limit = paged && (token !== undefined || wanted === "" || wanted === "0") ? PAGE_SIZE : undefined;
    const version = token === undefined && wanted !== "" ? wanted : undefined;
    const page = await getPage(options, { limit, continue: token, resourceVersion: version }, issues);
    if (page.kind === "failed") return { ...page, expiredAtLaterPage: token !== undefined };
    resourceVersion ??= page.resourceVersion;
    token = page.token;
  } while (token !== undefined);
  if (resourceVersion !== undefined) return { kind: "listed", resourceVersion, issues };
  const message = `${describeAttempt("list", scope)}: the list has no metadata.resourceVersion`;
  return { kind: "failed", failure: { kind: "undecodable", message }, expiredAtLaterPage: false };
}

type Page =
  | {
      readonly kind: "page";
      readonly resourceVersion: string | undefined;
      readonly token: string | undefined;
    }
  | { readonly kind: "failed"; readonly failure: Failure };

async function getPage(options: ListOptions, query: Query, issues: string[]): Promise<Page> {
  const { scope, connection, clock, signal, timeoutMs } = options;
  const { path, ...selectors } = scopeRequest(scope);
  try {
    const answer = await connection.get(path, { ...selectors, ...query }, { signal, timeoutMs });
    const nowMs = clock.now();
    options.onPage(nowMs);
    if (answer.status !== 200) {
      const status = decodeStatusText(answer.body.toString("utf8"));
      const retryAfterMs = parseRetryAfter(answer.retryAfter, nowMs);
      return { kind: "failed", failure: answerFailure("list", scope, answer.status, status, retryAfterMs) };
    }
    return readPage(options, answer.body, issues);
  } catch (error) {
    return { kind: "failed", failure: thrownFailure("list", scope, error) };
  }
}

function readPage(options: ListOptions, body: Buffer, issues: string[]): Page {
  const list = parseList(body);
  const items = list?.["items"] ?? [];
  if (list === undefined || !Array.isArray(items)) {
    const message = `${describeAttempt("list", options.scope)}: ${body.length} bytes are no JSON list`;
    return { kind: "failed", failure: { kind: "undecodable", message } };
  }
  for (const item of items) {
    const issue = options.take(item);
    if (issue !== undefined) issues.push(issue);
  }
  const metadata = asObject(list["metadata"]);
  return {
    kind: "page",
    resourceVersion: asText(metadata?.["resourceVersion"]),
    token: asText(metadata?.["continue"]),
  };
}

function parseList(body: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    return asObject(JSON.parse(body.toString("utf8")));
  } catch {
    return undefined;
  }
}
