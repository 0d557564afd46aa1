import type { ApiConnection } from "../cluster/api-connection.ts";
import { decodeRecord, type ObjectRecord } from "../cluster/decode-record.ts";
import { listPages } from "../cluster/list-pages.ts";
import { SliceListing } from "../cluster/list-slices.ts";
import type { ObjectScope } from "../cluster/object-plan.ts";
import type { Scope, WatchScope } from "../cluster/watch-plan.ts";
import type { Plan } from "../pipeline.ts";
import type { History } from "../rehearsal/recorded-history.ts";
import type { Moment } from "../rehearsal/recorded-moments.ts";
import type { Clock } from "../runtime/clock.ts";

/** How to look at a cluster once. */
export interface ListOnceOptions {
  readonly plan: Plan;
  readonly connection: ApiConnection;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** As long as for each page of a watch's own list. */
const TIMEOUT_MS = 30_000;

/** Lists all scopes of a plan once, and returns what there is as a history of one moment; `warnings` tell what could not be listed. */
export async function listOnce({ plan, ...reach }: ListOnceOptions): Promise<History> {
  const scopes: readonly WatchScope[] = [...plan.objects, ...plan.scopes];
  const lists = await Promise.all([
    ...plan.objects.map((scope) => listObjects(scope, reach)),
    ...plan.scopes.map((scope) => listSlices(scope, reach)),
  ]);
  const nowMs = reach.clock.now();
  const moments = lists.flatMap(({ moment }): Moment[] => (moment ? [{ ...moment, atMs: nowMs }] : []));
  return {
    startMs: nowMs,
    endMs: nowMs,
    scopes,
    events: moments.length,
    warnings: lists.flatMap(({ failure }) => failure ?? []),
    moments: () => moments,
  };
}

type Reach = Omit<ListOnceOptions, "plan">;

interface Listed {
  readonly moment?: Moment;
  /** Why it could not be listed. */
  readonly failure?: string;
}

async function listSlices(scope: Scope, reach: Reach): Promise<Listed> {
  const listing = new SliceListing(
    scope.source,
    () => undefined,
    () => true,
  );
  const failure = await list(scope, reach, (object) => listing.take(object));
  if (failure !== undefined) return { failure };
  const writes = listing.items().map((slice) => ({ kind: "changed", slice }) as const);
  return { moment: { kind: "writes", atMs: 0, source: scope.source, writes } };
}

async function listObjects(scope: ObjectScope, reach: Reach): Promise<Listed> {
  const objects: ObjectRecord[] = [];
  const failure = await list(scope, reach, (value) => {
    const object = decodeRecord(scope.kind, value);
    if (object === undefined) return `Cannot read ${scope.kind}: it has no name`;
    objects.push(object);
    return undefined;
  });
  if (failure !== undefined) return { failure };
  return {
    moment: { kind: "objects", atMs: 0, writes: objects.map((object) => ({ kind: "changed", object })) },
  };
}

async function list(
  scope: WatchScope,
  { connection, clock, signal }: Reach,
  take: (object: unknown) => string | undefined,
): Promise<string | undefined> {
  const result = await listPages({
    scope,
    connection,
    clock,
    signal,
    timeoutMs: TIMEOUT_MS,
    resourceVersion: "",
    paged: true,
    take,
    onPage: () => undefined,
  });
  return result.kind === "failed" ? result.failure.message : undefined;
}
