import type { Received } from "../../src/simulator/receiver.ts";
import { alertFaults, baselineFaults, ringFaults } from "./check-dump.ts";
import { changeFaults, deliveryFaults, toldOf } from "./check-notices.ts";
import type { Dump, Sample } from "./messages.ts";
import type { Delivered } from "./soak-receiver.ts";
import type { Truth } from "./truth.ts";
import { none, type Verdict } from "./verdicts.ts";

/** Rules on every change: each change goes on where the one before it ended. */
const WHOLE_RULES = new Set(["changed", "instant", "endpoints", "single", "folded"]);
const isWhole = (rule: string): boolean => WHOLE_RULES.has(rule);
/** Asked for by some faults. */
const EXPECTED_ERROR = "Permission missing for watch";

/** What is known at the end. */
export interface Evidence {
  readonly dump: Dump;
  readonly end: Sample;
  readonly truth: Truth;
  /** What came to the webhook. */
  readonly requests: readonly Delivered[];
  /** What came to PagerDuty. */
  readonly incidents: readonly Received[];
}

/** Holds what Ringbell saw, stored and told against the truth. */
export function checkAll({ dump, end, truth, requests, incidents }: Evidence): Verdict[] {
  const told = toldOf(requests);
  const open = openIncidents(incidents);
  const firing = dump.alerts.filter(
    ({ rule, phase }) => rule === "none-ready" && phase.kind === "firing",
  ).length;
  const errors = Object.entries(end.errors).filter(([message]) => message !== EXPECTED_ERROR);
  return [
    none("rings that differ from the truth", ringFaults(dump, truth)),
    none("baselines that differ from the truth", baselineFaults(dump, told, truth, isWhole)),
    none("alerts that differ from the truth", alertFaults(dump, truth)),
    none("changes that do not add up", changeFaults(told, isWhole)),
    none("ids, repeats or order that are wrong", deliveryFaults(requests)),
    {
      what: "open incidents",
      found: `${open}`,
      wanted: `${firing}, as many as alerts fire`,
      ok: open === firing,
    },
    { what: "notices owed at the end", found: `${end.owed}`, wanted: "0", ok: end.owed === 0 },
    none("unhandled rejections and other troubles", end.troubles),
    none(
      "errors logged",
      errors.map(([message, count]) => `${count} × ${message}`),
    ),
  ];
}

function openIncidents(received: readonly Received[]): number {
  const actions = new Map<string, string>();
  for (const { json, status } of received) {
    const event = json as { readonly dedup_key: string; readonly event_action: string };
    if (status === 202) actions.set(event.dedup_key, event.event_action);
  }
  return [...actions.values()].filter((action) => action === "trigger").length;
}
