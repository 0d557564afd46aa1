import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { VERSION } from "./version.ts";

/** What a gauge asks for when it is scraped. */
export interface MetricSources {
  readonly alerts: () => { readonly pending: number; readonly firing: number };
  /** By destination: how many deliveries are owed, and when the oldest was accepted (epoch milliseconds). */
  readonly owed: () => ReadonlyMap<string, { readonly count: number; readonly oldestMs: number }>;
  /** By scope: whether it has listed, and when its last byte came (epoch milliseconds). */
  readonly watches: () => ReadonlyMap<
    string,
    { readonly synced: boolean; readonly isBlind: boolean; readonly lastByteMs: number | undefined }
  >;
  readonly rings: () => number;
  readonly silences: () => { readonly pending: number; readonly active: number };
  readonly nowMs: () => number;
}

/** Ringbell's own metrics. Labels are bounded: names of the rules file, and fixed reason words. */
export interface Metrics {
  readonly registry: Registry;
  readonly events: Counter<"source">;
  readonly notices: Counter<"rule" | "kind">;
  readonly attempts: Counter<"destination" | "outcome" | "reason">;
  readonly ended: Counter<"destination" | "end" | "reason">;
  readonly latency: Histogram<"destination">;
  readonly commitFailures: Counter;
  readonly rulesAreGood: Gauge;
  /** Connects the gauges to what they read; call it once. */
  observe(sources: MetricSources): void;
}

/** Makes a registry of its own with all metrics; `processMetrics` adds those of Node. */
export function createMetrics(options: { readonly processMetrics: boolean }): Metrics {
  const registry = new Registry();
  const registers = [registry];
  new Gauge({
    name: "ringbell_build_info",
    help: "Always 1; the version that runs",
    labelNames: ["version"],
    registers,
  }).set({ version: VERSION }, 1);
  if (options.processMetrics) collectDefaultMetrics({ register: registry });
  return {
    registry,
    events: new Counter({
      name: "ringbell_watch_events_total",
      help: "Events received from watches and lists",
      labelNames: ["source"],
      registers,
    }),
    notices: new Counter({
      name: "ringbell_notices_total",
      help: "Notices decided",
      labelNames: ["rule", "kind"],
      registers,
    }),
    attempts: new Counter({
      name: "ringbell_delivery_attempts_total",
      help: "Requests to destinations, by outcome: delivered, retry or refused",
      labelNames: ["destination", "outcome", "reason"],
      registers,
    }),
    ended: new Counter({
      name: "ringbell_deliveries_ended_total",
      help: "Deliveries that left the outbox: delivered or dead",
      labelNames: ["destination", "end", "reason"],
      registers,
    }),
    latency: new Histogram({
      name: "ringbell_delivery_latency_seconds",
      help: "From the decision to speak to the destination's yes",
      labelNames: ["destination"],
      buckets: [0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 21_600],
      registers,
    }),
    commitFailures: new Counter({
      name: "ringbell_state_commit_failures_total",
      help: "Transactions that could not be written; nothing of them is sent until they are",
      registers,
    }),
    rulesAreGood: new Gauge({
      name: "ringbell_rules_file_good",
      help: "1 while the rules file as it is now is the one that counts, 0 after a bad edit",
      registers,
    }),
    observe: (sources) => observe(registry, sources),
  };
}

function observe(registry: Registry, sources: MetricSources): void {
  const registers = [registry];
  new Gauge({
    name: "ringbell_alerts",
    help: "Alerts by phase",
    labelNames: ["phase"],
    registers,
    collect() {
      const { pending, firing } = sources.alerts();
      this.set({ phase: "pending" }, pending);
      this.set({ phase: "firing" }, firing);
    },
  });
  new Gauge({
    name: "ringbell_deliveries_owed",
    help: "Deliveries accepted and not yet delivered or dead",
    labelNames: ["destination"],
    registers,
    collect() {
      for (const [destination, { count }] of sources.owed()) this.set({ destination }, count);
    },
  });
  new Gauge({
    name: "ringbell_oldest_owed_age_seconds",
    help: "Age of the oldest delivery still owed; 0 when nothing is",
    labelNames: ["destination"],
    registers,
    collect() {
      const nowMs = sources.nowMs();
      for (const [destination, { count, oldestMs }] of sources.owed()) {
        this.set({ destination }, count === 0 ? 0 : (nowMs - oldestMs) / 1000);
      }
    },
  });
  new Gauge({
    name: "ringbell_silences",
    help: "Silences that are not over, by state: pending or active",
    labelNames: ["state"],
    registers,
    collect() {
      const { pending, active } = sources.silences();
      this.set({ state: "pending" }, pending);
      this.set({ state: "active" }, active);
    },
  });
  observeWatches(registers, sources);
}

function observeWatches(registers: Registry[], sources: MetricSources): void {
  new Gauge({
    name: "ringbell_watch_synced",
    help: "1 when the scope has been listed",
    labelNames: ["scope"],
    registers,
    collect() {
      this.reset();
      for (const [scope, { synced }] of sources.watches()) this.set({ scope }, synced ? 1 : 0);
    },
  });
  new Gauge({
    name: "ringbell_watch_blind",
    help: "1 while the scope shows no life: nothing of it fires or resolves",
    labelNames: ["scope"],
    registers,
    collect() {
      this.reset();
      for (const [scope, { isBlind }] of sources.watches()) this.set({ scope }, isBlind ? 1 : 0);
    },
  });
  new Gauge({
    name: "ringbell_watch_age_seconds",
    help: "Since the last byte from the API server for this scope",
    labelNames: ["scope"],
    registers,
    collect() {
      this.reset();
      for (const [scope, { lastByteMs }] of sources.watches()) {
        if (lastByteMs !== undefined) this.set({ scope }, (sources.nowMs() - lastByteMs) / 1000);
      }
    },
  });
  new Gauge({
    name: "ringbell_rings",
    help: "Rings known",
    registers,
    collect() {
      this.set(sources.rings());
    },
  });
}
