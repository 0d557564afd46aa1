import type { DestinationConfig } from "./build-destinations.ts";
import { isFields } from "./build-destinations.ts";
import { formatDuration } from "./duration.ts";
import type { Habit } from "./habit.ts";
import type { ChangeTrigger, ChangeWord, Rule } from "./rule.ts";

/** A Pod whose container restarts is away for about this long at least. */
const SHORT_SETTLE_MS = 1000;

/** What of a rule with `on` can never happen or changes nothing. `own`: its keys as they stand in the file. */
export function changeHabits(
  rule: Rule,
  trigger: ChangeTrigger,
  own: Readonly<Record<string, unknown>>,
  destinations: ReadonlyMap<string, DestinationConfig>,
): Habit[] {
  return [
    ...readinessOfServing(rule, trigger),
    ...hastyWebhook(rule, trigger, destinations),
    ...needlessReason(trigger),
    ...guardHabits(rule, trigger, own),
  ];
}

function readinessOfServing({ membership }: Rule, { on }: ChangeTrigger): Habit[] {
  if (membership !== "serving") return [];
  return on.flatMap((word, index): Habit[] => {
    if (word !== "ready" && word !== "unready") return [];
    const message = `"${word}" never happens with membership: serving: a member that stops serving has left`;
    return [
      {
        keys: ["on", index],
        message,
        hint: `use ${word === "ready" ? "joined" : "left"}, or leave membership out`,
      },
    ];
  });
}

// Of settle 0s `check-rule.ts` warns, whoever is told.
function hastyWebhook(
  { notify }: Rule,
  { settleMs }: ChangeTrigger,
  destinations: ReadonlyMap<string, DestinationConfig>,
): Habit[] {
  if (settleMs === 0 || settleMs >= SHORT_SETTLE_MS) return [];
  const job = notify.find((name) => startsJobs(destinations.get(name)));
  if (job === undefined) return [];
  const message = `with settle ${formatDuration(settleMs)} a Pod that only restarts starts what "${job}" does`;
  return [{ keys: ["settle"], message, hint: "a Pod that is back within settle never left; 60s is usual" }];
}

/** A webhook that is signed, or that has its own time, does more than show a text. */
function startsJobs(destination: DestinationConfig | undefined): boolean {
  if (destination?.kind !== "webhook") return false;
  const { config, retryForMs } = destination;
  return retryForMs !== undefined || (isFields(config) && config["signingSecret"] !== undefined);
}

const LEAVING: ReadonlySet<ChangeWord> = new Set(["left", "changed"]);

function needlessReason({ on, reasons }: ChangeTrigger): Habit[] {
  if (!reasons || on.some((word) => LEAVING.has(word))) return [];
  const message =
    '"reason" changes nothing: it is about members that leave, and "on" has neither left nor changed';
  return [{ keys: ["reason"], message }];
}

function guardHabits(
  { notify }: Rule,
  { guard }: ChangeTrigger,
  own: Readonly<Record<string, unknown>>,
): Habit[] {
  if (!guard) return [];
  const { maxLost, otherwise } = guard;
  const habits: Habit[] = [];
  if (maxLost?.kind === "percent" && maxLost.percent === 100) {
    const message = '"maxLost" holds nothing back: no change loses more than 100% of the members';
    habits.push({ keys: ["guard", "maxLost"], message });
  }
  if (isFields(own["guard"]) && own["guard"]["otherwise"] === undefined) {
    const hint = "add otherwise: [a destination], or otherwise: [] where that is meant";
    habits.push({ keys: ["guard"], message: "a change beyond this guard is told to nobody", hint });
  }
  const isSame = otherwise.length === notify.length && otherwise.every((name) => notify.includes(name));
  if (isSame) {
    const message = '"otherwise" names whom "notify" names, so the guard changes nothing';
    habits.push({ keys: ["guard", "otherwise"], message });
  }
  return habits;
}
