import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createMetrics, type MetricSources } from "../../src/runtime/metrics.ts";
import { VERSION } from "../../src/runtime/version.ts";
import { parsePrometheusText } from "../support/prometheus-text.ts";

const QUIET: MetricSources = {
  alerts: () => ({ pending: 0, firing: 0 }),
  owed: () => new Map(),
  watches: () => new Map(),
  rings: () => 0,
  silences: () => ({ pending: 1, active: 2 }),
  nowMs: () => 0,
};

function observed() {
  const metrics = createMetrics({ processMetrics: false });
  metrics.observe(QUIET);
  return metrics.registry;
}

describe("metrics", () => {
  test("are those that the operations page lists, with their labels", async () => {
    const page = readFileSync(new URL("../../docs/operations.md", import.meta.url), "utf8");
    const listed = [...page.matchAll(/^\| `(ringbell_\w+)(?:\{([\w,]+)\})?` \|/gm)].map(
      ([, name, labels = ""]) => `${name}{${labels}}`,
    );
    const made = (await observed().getMetricsAsJSON()).map(({ name }) => {
      const metric = observed().getSingleMetric(name) as unknown as {
        readonly labelNames: readonly string[];
      };
      return `${name}{${metric.labelNames.join(",")}}`;
    });
    expect(listed.toSorted()).toEqual(made.toSorted());
  });

  test("tell of silences and of the version", async () => {
    const { value } = parsePrometheusText(await observed().metrics());
    expect(value("ringbell_silences", { state: "pending" })).toBe(1);
    expect(value("ringbell_silences", { state: "active" })).toBe(2);
    expect(value("ringbell_build_info", { version: VERSION })).toBe(1);
  });
});
