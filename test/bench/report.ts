import type { Results } from "./measurement.ts";

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

function linesOf({ ingest, latency, outbox, memory, startup, bundle }: Results): readonly Line[] {
  return [
    plain("ingest, 3 endpoints", `${count(ingest.small.perSecond)} events/s`),
    atLeast("  of bare JSON.parse", ingest.small.ratio, 0.5),
    plain("ingest, 100 endpoints", `${count(ingest.large.perSecond)} events/s`),
    atLeast("  of bare JSON.parse", ingest.large.ratio, 0.5),
    atMost("latency, p50", latency.p50Ms, 1.5, "ms"),
    atMost("latency, p99", latency.p99Ms, 5, "ms"),
    plain("outbox", `${count(outbox.perSecond)} notices/s`),
    atLeast("  of bare POST", outbox.ratio, 0.3),
    atMost("RSS at 10,000 slices", memory.rssMiB, 200, "MiB"),
    plain("heap at 10,000 slices", `${memory.heapMiB} MiB`),
    atMost("start to ready", startup.readyMs, 700, "ms"),
    plain("bundle", `${count(bundle.bytes)} bytes`),
  ];
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

function count(value: number): string {
  return value.toLocaleString("en-US");
}
