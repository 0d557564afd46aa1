import type { Alert } from "./alert.ts";
import type { Baseline } from "./baseline.ts";
import type { Notice } from "./notice.ts";

/** What came of one or more steps: to be stored in one transaction, then sent. */
export interface Decisions {
  readonly alerts: Alert[];
  readonly baselines: Baseline[];
  /** Rules that cannot be judged on a ring, each told once. `err`: a fault of ours, which comes again until it is over. */
  readonly troubles: {
    readonly rule: string;
    readonly ring: string;
    readonly message: string;
    readonly err?: unknown;
  }[];
  readonly notices: Decided[];
}

/** A notice, and who is to hear it. */
export interface Decided {
  readonly notice: Notice;
  readonly notify: readonly string[];
  /** The same together with an earlier one of its subject that has not been sent; undefined when they must stay two. */
  readonly mergedWith?: (earlier: Notice) => Notice | undefined;
}

/** Nothing decided yet. */
export function noDecisions(): Decisions {
  return { alerts: [], baselines: [], notices: [], troubles: [] };
}
