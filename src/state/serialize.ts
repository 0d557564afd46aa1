import { type Baseline, NO_DEVIATIONS } from "../alerts/baseline.ts";

/** A baseline as JSON: its maps become lists of pairs. */
export function baselineToJson(baseline: Baseline): string {
  return JSON.stringify(baseline, (_key, value: unknown) => (value instanceof Map ? [...value] : value));
}

/** The inverse of `baselineToJson`. */
export function baselineFromJson(json: string): Baseline {
  const stored = JSON.parse(json) as Baseline;
  return {
    ...stored,
    presenceDeviation: stored.presenceDeviation,
    members: new Map(stored.members),
    deviations: mapOf(stored.deviations),
    readiness: mapOf(stored.readiness),
  };
}

function mapOf(pairs: Baseline["deviations"]): Baseline["deviations"] {
  const map = new Map(pairs);
  return map.size > 0 ? map : NO_DEVIATIONS;
}
