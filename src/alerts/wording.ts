import type { Member, MemberChange, RingChange } from "../ring/ring.ts";
import type { AlertWord } from "./advance-alert.ts";
import type { ReportedChange } from "./advance-baseline.ts";

/** Longest list of names in one sentence; destinations show more where they have room. */
const NAMES_MAX = 10;

/** The title of an alert's notice when the rule has none. */
export function alertTitle(rule: string, ring: string, word: AlertWord): string {
  return word.kind === "fire" ? `${rule} fires for ${ring}` : `${rule} has resolved for ${ring}`;
}

/** The message of an alert's notice when the rule has none. */
export function alertMessage(word: AlertWord): string {
  return word.kind === "fire" ? word.reason : `Now: ${word.reason}`;
}

/** The title of a change's notice when the rule has none: `data/cassandra: 2 left, 1 joined`. */
export function changeTitle(ring: string, change: ReportedChange): string {
  return `${ring}: ${changeSummary(change)}`;
}

/** `1 left, 2 joined`, the urgent first; `Service removed with its 5 members` for a ring that is gone. */
export function changeSummary(
  change: { readonly [K in keyof RingChange]: readonly unknown[] } & {
    readonly removed: boolean;
    readonly before: readonly unknown[];
  },
): string {
  if (change.removed) return `Service removed with its ${change.before.length} members`;
  const counts: readonly (readonly [string, number])[] = [
    ["left", change.left.length],
    ["joined", change.joined.length],
    ["replaced", change.replaced.length],
    ["moved", change.moved.length],
    ["became unready", change.becameUnready.length],
    ["became ready", change.becameReady.length],
  ];
  const said = counts.filter(([, count]) => count > 0).map(([word, count]) => `${count} ${word}`);
  return said.join(", ") || "no difference";
}

/** The message of a change's notice when the rule has none: one line for each kind of change, with names. */
export function changeMessage(change: ReportedChange): string {
  if (change.removed) return `Gone with the Service: ${names(change.before)}`;
  const lines: readonly (readonly [string, readonly Member[]])[] = [
    ["Left", change.left],
    ["Joined", change.joined],
    ["Replaced", change.replaced.map(after)],
    ["Moved", change.moved.map(after)],
    ["Became unready", change.becameUnready],
    ["Became ready", change.becameReady],
  ];
  return lines
    .filter(([, members]) => members.length > 0)
    .map(([word, members]) => `${word}: ${names(members)}`)
    .join("\n");
}

function after(change: MemberChange): Member {
  return change.after;
}

function names(members: readonly Member[]): string {
  const shown = members.slice(0, NAMES_MAX).map((member) => member.name);
  const more = members.length - shown.length;
  return `${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
