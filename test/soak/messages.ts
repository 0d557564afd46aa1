import type { Alert } from "../../src/alerts/alert.ts";
import type { ScopeStatus } from "../../src/cluster/scope-status.ts";
import type { Ring } from "../../src/ring/ring.ts";

/** What the process with Ringbell is asked; it answers each with one message. */
export type Question =
  | { readonly kind: "start"; readonly rules: string; readonly server: string }
  | { readonly kind: "sample" }
  | { readonly kind: "dump" }
  /** Ends Ringbell; the process stays, to be looked at. */
  | { readonly kind: "stop" };

/** How the process is doing, after a garbage collection. */
export interface Sample {
  readonly heapBytes: number;
  readonly rssBytes: number;
  /** By type: what keeps the process alive. https://nodejs.org/api/process.html#processgetactiveresourcesinfo */
  readonly resources: Readonly<Record<string, number>>;
  /** Unhandled rejections, uncaught exceptions and warnings of leaks. */
  readonly troubles: readonly string[];
  /** Messages logged as errors, and how often. */
  readonly errors: Readonly<Record<string, number>>;
  readonly scopes: readonly ScopeStatus[];
  readonly owed: number;
}

/** A baseline, without what cannot be sent. */
export interface DumpedBaseline {
  readonly rule: string;
  readonly ring: string;
  readonly presence: string;
  readonly generation: number;
  readonly members: readonly string[];
  readonly settling: number;
}

/** Everything that is to be compared with the truth. */
export interface Dump {
  /** As last taken in; absent ones are left out. */
  readonly rings: readonly Ring[];
  readonly baselines: readonly DumpedBaseline[];
  readonly alerts: readonly Alert[];
}
