import type { Clock } from "../runtime/clock.ts";
import type { ApiConnection, Query } from "./api-connection.ts";
import { decodeEndpoints } from "./decode-endpoints.ts";
import { decodeStatusText } from "./decode-event.ts";
import { type Decoded, decodeSlice, type PreviousSlice } from "./decode-slice.ts";
import { answerFailure, describeAttempt, type Failure, parseRetryAfter, thrownFailure } from "./failure.ts";
import { asObject, asText } from "./object-fields.ts";
import type { Slice, Source } from "./slice.ts";
import { type Scope, scopeRequest } from "./watch-plan.ts";
import { inOrderOfWriting, versionOf, type Written } from "./write-order.ts";

/** How to list a scope. */
export interface ListOptions {
  readonly scope: Scope;
  readonly connection: ApiConnection;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** For each page. */
  readonly timeoutMs: number;
  /** Which state will do. "0": any that the server has at hand, "": the latest, else at least as new as this one. */
  readonly resourceVersion: string;
  readonly paged: boolean;
  readonly previousSlice: PreviousSlice;
  /** Whether a slice is to be in the list. */
  readonly keeps: (slice: Slice) => boolean;
  /** Called for each page that arrived. */
  readonly onPage: (nowMs: number) => void;
}

/** A complete list, or why there is none. */
export type ListResult =
  | {
      readonly kind: "listed";
      readonly slices: readonly Slice[];
      readonly resourceVersion: string;
      /** Objects that are left out, and why. */
      readonly issues: readonly string[];
    }
  | { readonly kind: "failed"; readonly failure: Failure; readonly expiredAtLaterPage: boolean };

/** As client-go's pager. */
const PAGE_SIZE = 500;

/** Reads all slices of a scope, page by page, in the order of their writing; of a page only its slices are kept. Never throws. */
export async function listSlices(options: ListOptions): Promise<ListResult> {
  const { scope, resourceVersion: wanted, paged } = options;
  const written: Written[] = [];
  const issues: string[] = [];
  let resourceVersion: string | undefined;
  let token: string | undefined;
  do {
    // The API server serves any but these two from its cache, whole, and refuses a version next to a token.
    const limit = paged && (token !== undefined || wanted === "" || wanted === "0") ? PAGE_SIZE : undefined;
    const version = token === undefined && wanted !== "" ? wanted : undefined;
    const page = await getPage(
      options,
      { limit, continue: token, resourceVersion: version },
      written,
      issues,
    );
    if (page.kind === "failed") return { ...page, expiredAtLaterPage: token !== undefined };
    resourceVersion ??= page.resourceVersion;
    token = page.token;
  } while (token !== undefined);
  if (resourceVersion !== undefined) {
    return { kind: "listed", slices: inOrderOfWriting(written), resourceVersion, issues };
  }
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

async function getPage(
  options: ListOptions,
  query: Query,
  written: Written[],
  issues: string[],
): Promise<Page> {
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
    return readPage(options, answer.body, written, issues);
  } catch (error) {
    return { kind: "failed", failure: thrownFailure("list", scope, error) };
  }
}

function readPage(options: ListOptions, body: Buffer, written: Written[], issues: string[]): Page {
  const list = parseList(body);
  const items = list?.["items"] ?? [];
  if (list === undefined || !Array.isArray(items)) {
    const message = `${describeAttempt("list", options.scope)}: ${body.length} bytes are no JSON list`;
    return { kind: "failed", failure: { kind: "undecodable", message } };
  }
  for (const item of items) {
    const decoded = decodeObject(options.scope.source, item, options.previousSlice);
    if (decoded.kind !== "slice") issues.push(decoded.issue);
    else if (options.keeps(decoded.slice)) written.push({ slice: decoded.slice, version: versionOf(item) });
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

/** Decodes an object of either source. */
export function decodeObject(source: Source, value: unknown, previousSlice: PreviousSlice): Decoded {
  return source === "endpointslices"
    ? decodeSlice(value, previousSlice)
    : decodeEndpoints(value, previousSlice);
}
