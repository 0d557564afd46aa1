import type { Alert } from "./alert.ts";
import type { Baseline } from "./baseline.ts";
import type { Notice } from "./notice.ts";

/** What came of one or more steps: to be stored in one transaction, then sent. */
export interface Decisions {
  readonly alerts: Alert[];
  readonly baselines: Baseline[];
  readonly notices: { readonly notice: Notice; readonly notify: readonly string[] }[];
}

/** Nothing decided yet. */
export function noDecisions(): Decisions {
  return { alerts: [], baselines: [], notices: [] };
}
