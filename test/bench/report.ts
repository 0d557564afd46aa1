import type { Rate, Results } from "./measurement.ts";

interface Line {
  readonly what: string;
  readonly value: string;
  readonly target: string;
  readonly met: boolean | undefined;
}

/** The results as a table with targets, for people. */
export function formatTable(results: Results): string {
  const lines = linesOf(results);
  const cells = [
    ["measurement", "result", "target", ""],
    ...lines.map(({ what, value, target, met }) => [
      what,
      value,
      target,
      met === undefined ? "" : met ? "met" : "MISSED",
    ]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map(([what = "", value = "", target = "", verdict = ""]) =>
      [what.padEnd(widths[0] ?? 0), value.padStart(widths[1] ?? 0), target.padStart(widths[2] ?? 0), verdict]
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function linesOf({
  ingest,
  latency,
  outbox,
  memory,
  alerts,
  replay,
  startup,
  bundle,
}: Results): readonly Line[] {
  return [
    ...ingestLines("ingest, 3 endpoints", ingest.small, 0.7),
    ...ingestLines("ingest, 100 endpoints", ingest.large, 0.7),
    ...ingestLines("ingest, 3 endpoints, 1 Service in 10", ingest.oneInTen.small, 2),
    ...ingestLines("ingest, 100 endpoints, 1 Service in 10", ingest.oneInTen.large, 2),
    atMost("latency, p50", latency.p50Ms, 1.5, "ms"),
    atMost("latency, p99", latency.p99Ms, 5, "ms"),
    plain("outbox", `${count(outbox.perSecond)} notices/s`),
    atLeast("  of bare POST", outbox.ratio, 0.3),
    atMost("RSS at 10,000 slices", memory.rssMiB, 150, "MiB"),
    atMost("heap at 10,000 slices", memory.heapMiB, 100, "MiB"),
    atMost("heap of 100,000 pending alerts", alerts.pendingHeapMiB, 150, "MiB"),
    atMost("change of a ring, 10,000 rings : 10", growth(alerts.microsByRings), 2, "times"),
    atMost("change of a ring, 1,000 other rules : 10", growth(alerts.microsByRules), 2, "times"),
    atMost("replay of an hour, 100,000 events", replay.hour, 10, "s"),
    atMost("start to ready", startup.readyMs, 700, "ms"),
    plain("bundle", `${count(bundle.bytes)} bytes`),
  ];
}

function ingestLines(what: string, { perSecond, ratio }: Rate, target: number): readonly Line[] {
  return [plain(what, `${count(perSecond)} events/s`), atLeast("  of bare JSON.parse", ratio, target)];
}

function plain(what: string, value: string): Line {
  return { what, value, target: "", met: undefined };
}

function atLeast(what: string, value: number, target: number): Line {
  return { what, value: value.toFixed(2), target: `>= ${target}`, met: value >= target };
}

function atMost(what: string, value: number, target: number, unit: string): Line {
  return { what, value: `${value} ${unit}`, target: `<= ${target} ${unit}`, met: value <= target };
}

/** How many times as long it takes beside the most as beside the fewest. */
function growth(micros: readonly number[]): number {
  return Number(((micros.at(-1) ?? Number.NaN) / (micros[0] ?? Number.NaN)).toFixed(2));
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}
