import type { Standing } from "./standing.ts";

/** A standing as programs get it: its times are RFC 3339 in UTC. */
export interface StandingJson extends Omit<Standing, "sinceMs" | "next"> {
  readonly since?: string;
  readonly next?: { readonly at: string; readonly what: NonNullable<Standing["next"]>["what"] };
}

/** For programs. */
export function standingToJson({ sinceMs, next, ...rest }: Standing): StandingJson {
  return {
    ...rest,
    ...(sinceMs !== undefined && { since: new Date(sinceMs).toISOString() }),
    ...(next && { next: { at: new Date(next.atMs).toISOString(), what: next.what } }),
  };
}

/** The same, back. */
export function standingFromJson({ since, next, ...rest }: StandingJson): Standing {
  return {
    ...rest,
    ...(since !== undefined && { sinceMs: Date.parse(since) }),
    ...(next && { next: { atMs: Date.parse(next.at), what: next.what } }),
  };
}
