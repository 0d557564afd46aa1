import type { Standing } from "../alerts/standing.ts";
import { formatDuration } from "../rules/duration.ts";

/** What a rule does next if nothing else happens: `fires in 12s`. */
export function nextWords({ next, phase }: Standing, nowMs: number): string {
  if (!next) return phase === "firing" ? "resolves when it does not hold" : "";
  const inMs = next.atMs - nowMs;
  return `${NEXT[next.what]} ${inMs > 0 ? `in ${formatDuration(Math.ceil(inMs / 1000) * 1000)}` : "now"}`;
}

const NEXT: Readonly<Record<NonNullable<Standing["next"]>["what"], string>> = {
  fire: "fires",
  update: "is told again",
  resolve: "resolves",
  report: "is told",
};
