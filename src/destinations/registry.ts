import type { DestinationKind } from "./destination.ts";
import { pagerduty } from "./pagerduty.ts";
import { slack } from "./slack.ts";
import { webhook } from "./webhook.ts";

/**
 * A kind whose configuration type is not known here. Sound as long as a kind is only given what its own `schema`
 * has parsed.
 */
export type AnyDestinationKind = DestinationKind<unknown>;

const kinds: readonly AnyDestinationKind[] = [slack, pagerduty, webhook];

/** Every kind of destination, by its key in the rules file. */
export const destinationKinds: ReadonlyMap<string, AnyDestinationKind> = new Map(
  kinds.map((kind) => [kind.kind, kind]),
);
