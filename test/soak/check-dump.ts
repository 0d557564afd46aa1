import type { Ring } from "../../src/ring/ring.ts";
import type { TrueRing } from "../property/true-ring.ts";
import { identityOf, lastMembers, type Told } from "./check-notices.ts";
import type { Dump } from "./messages.ts";
import type { Truth } from "./truth.ts";

/** How the rings of the dump differ from the truth. */
export function ringFaults({ rings }: Dump, truth: Truth): string[] {
  const seen = new Map(rings.map((ring) => [`${ring.source} ${ring.key}`, ring]));
  const faults = [...seen.keys()]
    .filter((key) => !truth.has(key))
    .map((key) => `${key} is not there, and Ringbell sees it`);
  for (const [key, ring] of truth) {
    const ours = seen.get(key);
    if (!ours) faults.push(`${key} is there, and Ringbell does not see it`);
    else faults.push(...differences(key, [...ring.members.values()].map(wholeOf), ours.members.map(wholeOf)));
  }
  return faults;
}

/** How the stored baselines, and the last that was told, differ from the truth. */
export function baselineFaults(
  { baselines }: Dump,
  told: Told,
  truth: Truth,
  isWhole: (rule: string) => boolean,
): string[] {
  const faults: string[] = [];
  for (const { rule, ring, presence, generation, members, settling } of baselines) {
    const source = rule === "endpoints" ? "endpoints" : "endpointslices";
    const name = `${rule} ${source} ${ring}`;
    const real = truth.get(`${source} ${ring}`);
    const standing = real ? standingOf(real, rule === "serving") : [];
    if (settling > 0) faults.push(`${name} is still settling`);
    if ((presence === "present") !== (real !== undefined))
      faults.push(`${name}: the baseline is ${presence}`);
    const keys = standing.map(({ key }) => key);
    faults.push(...differences(`${name}: the ring`, keys, members));
    const lastTold = told.get(name)?.at(-1)?.generation ?? 0;
    if (lastTold !== generation)
      faults.push(`${name}: generation ${generation}, and ${lastTold} was the last told`);
    const last = lastMembers(told.get(name));
    if (isWhole(rule) && last !== undefined && last !== identityOf(standing)) {
      faults.push(...differences(`${name}: the ring`, identityOf(standing).split(", "), last.split(", ")));
    }
  }
  return faults;
}

/** Whether each alert fires while its condition holds: no member of an existing ring is ready. */
export function alertFaults({ alerts }: Dump, truth: Truth): string[] {
  const firing = new Set(
    alerts
      .filter(({ phase, rule }) => phase.kind === "firing" && rule === "none-ready")
      .map(({ ring }) => ring),
  );
  const places = new Set([...firing, ...[...truth.keys()].map((key) => key.slice(key.indexOf(" ") + 1))]);
  return [...places]
    .filter((ring) => /^ns-[01]\//.test(ring))
    .filter((ring) => firing.has(ring) !== holds(truth.get(`endpointslices ${ring}`)))
    .map((ring) => `none-ready ${firing.has(ring) ? "fires" : "does not fire"} for ${ring}`);
}

function holds(ring: TrueRing | undefined): boolean {
  return ring !== undefined && ![...ring.members.values()].some(({ ready }) => ready);
}

function standingOf({ members }: TrueRing, serving: boolean) {
  return [...members.values()].filter((member) => !member.terminating && (!serving || member.serving));
}

function wholeOf({
  key,
  uid,
  addresses,
  ready,
  serving,
  terminating,
}: Omit<Ring["members"][number], "name">): string {
  const states = Object.entries({ ready, serving, terminating }).flatMap(([name, is]) => (is ? name : []));
  return [key, uid, addresses.join("+"), ...states].join(" ");
}

function differences(what: string, truth: readonly string[], ours: readonly string[]): string[] {
  const only = (a: readonly string[], b: readonly string[]): string =>
    a.filter((each) => !b.includes(each)).join(", ");
  const [missing, wrong] = [only(truth, ours), only(ours, truth)];
  return missing === "" && wrong === ""
    ? []
    : [`${what} has ${missing || "nothing else"}; Ringbell has ${wrong || "nothing else"}`];
}
