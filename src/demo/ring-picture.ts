import type { Baseline } from "../alerts/baseline.ts";
import type { Member, Ring } from "../ring/ring.ts";
import { type Line, span, type Span } from "./styled-line.ts";

/** What the signs before the members mean. */
export const RING_LEGEND: Line = [
  span("●", "green"),
  span(" ready  ", "dim"),
  span("○", "yellow"),
  span(" not ready  ", "dim"),
  span("◌", "magenta"),
  span(" terminating  ", "dim"),
  span("·", "dim"),
  span(" away", "dim"),
];

/**
 * The members by zone, each with the sign of its state, one line for each zone: `zone-a ● cassandra-0 ○ cassandra-3`.
 * Members of `baseline` that are not in the ring keep their place: they may yet come back.
 */
export function ringPicture(ring: Ring, baseline: Baseline | undefined): readonly Line[] {
  const here = new Map(ring.members.map((member) => [member.key, member]));
  const known = new Map([...(baseline?.members ?? []), ...here]);
  const members = [...known.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  const zones = Map.groupBy(members, ({ zone }) => zone ?? "no zone");
  return [...zones]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([zone, own]) => [
      span(zone, "dim"),
      ...own.flatMap((member) => memberSpans(member, here.has(member.key))),
    ]);
}

function memberSpans({ name, terminating, ready }: Member, isHere: boolean): Span[] {
  const gap = span("  ");
  if (!isHere) return [gap, span(`· ${name}`, "dim")];
  if (terminating) return [gap, span("◌", "magenta"), span(` ${name}`, "magenta")];
  if (ready) return [gap, span("●", "green"), span(` ${name}`)];
  return [gap, span("○", "yellow"), span(` ${name}`, "yellow")];
}
