import { performance } from "node:perf_hooks";

/** How much to measure: `quick` takes fewer rounds, not smaller ones. */
export interface Effort {
  readonly quick: boolean;
}

/** What `--json` writes; the keys are a contract with whoever draws curves from it. */
export interface Results {
  readonly ingest: {
    /** Each Service is selected by some rule. */
    readonly small: Rate;
    readonly large: Rate;
    /** One Service in ten is. */
    readonly oneInTen: { readonly small: Rate; readonly large: Rate };
  };
  readonly latency: { readonly p50Ms: number; readonly p99Ms: number };
  readonly outbox: Rate;
  readonly memory: { readonly rssMiB: number; readonly heapMiB: number };
  readonly alerts: {
    /** Used heap of 100,000 pending alerts with their rings. */
    readonly pendingHeapMiB: number;
    /** Microseconds for the change of one ring: beside 10, 100, 1,000 and 10,000 rings. */
    readonly microsByRings: readonly number[];
    /** The same beside 10, 100 and 1,000 rules that select other rings. */
    readonly microsByRules: readonly number[];
  };
  /** Seconds for a recorded hour. */
  readonly replay: { readonly hour: number };
  readonly startup: { readonly readyMs: number };
  readonly bundle: { readonly bytes: number };
}

/** A throughput, and its relation to the plainest program that handles the same bytes in the same run. */
export interface Rate {
  readonly perSecond: number;
  readonly ratio: number;
}

/** One round: how many were handled, in how much time. */
interface Round {
  readonly perSecond: number;
  readonly cpuMicros: number;
}

/** What a process that compares two programs hands back. */
export interface Comparison {
  readonly rate: Rate;
  /** CPU time of the process (all threads) for one event, ours and bare, in microseconds: the least of any round. Busy neighbours change it little. */
  readonly cpuMicros: { readonly ours: number; readonly bare: number };
}

/** Runs `work`, which handles `count` things. */
export async function timeRound(count: number, work: () => void | Promise<void>): Promise<Round> {
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  await work();
  const tookMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: (count / tookMs) * 1000, cpuMicros: (user + system) / count };
}

/** The best of our rounds and the best of the bare ones: noise of the machine only ever slows a round down. */
export function compare(ours: readonly Round[], bare: readonly Round[]): Comparison {
  const fastest = (rounds: readonly Round[]): number => Math.max(...rounds.map((r) => r.perSecond));
  const leanest = (rounds: readonly Round[]): number => round(Math.min(...rounds.map((r) => r.cpuMicros)), 1);
  const perSecond = fastest(ours);
  return {
    rate: { perSecond: Math.round(perSecond), ratio: round(perSecond / fastest(bare), 3) },
    cpuMicros: { ours: leanest(ours), bare: leanest(bare) },
  };
}

/** `values` need not be sorted; `share` is from 0 to 1. Nearest rank. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
