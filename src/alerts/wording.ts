import type { Member, MemberChange, RingChange } from "../ring/ring.ts";
import type { AlertWord } from "./advance-alert.ts";
import type { ReportedChange } from "./report-change.ts";

/** Longest list of names in one sentence; destinations show more where they have room. */
const NAMES_MAX = 10;

/** The title of an alert's notice when the rule has none. */
export function alertTitle(rule: string, ring: string, word: AlertWord): string {
  switch (word.kind) {
    case "fire":
      return word.flapping ? `${rule} is flapping for ${ring}` : `${rule} fires for ${ring}`;
    case "update":
      return {
        worse: `${rule} is worse for ${ring}`,
        repeat: `${rule} still fires for ${ring}`,
        calm: `${rule} fires for ${ring}`,
      }[word.why];
    case "resolve":
      return `${rule} has resolved for ${ring}`;
  }
}

/** The message of an alert's notice when the rule has none. */
export function alertMessage(word: AlertWord): string {
  if (word.kind === "fire" && word.late) return `${word.reason} (told late: it was to be quiet)`;
  return word.kind === "resolve" ? `Now: ${word.reason}` : word.reason;
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
  const guard = change.guarded === undefined ? [] : [`Held back by the guard: ${change.guarded}`];
  if (change.removed) return [...guard, `Gone with the Service: ${names(change.before)}`].join("\n");
  const lines: readonly (readonly [string, readonly Member[]])[] = [
    ["Left", change.left],
    ["Joined", change.joined],
    ["Replaced", change.replaced.map(after)],
    ["Moved", change.moved.map(after)],
    ["Became unready", change.becameUnready],
    ["Became ready", change.becameReady],
  ];
  const said = lines
    .filter(([, members]) => members.length > 0)
    .map(([word, members]) => `${word}: ${names(members)}`);
  const why = change.departures.slice(0, NAMES_MAX).map((d) => `${d.name}: ${d.reason}, ${d.evidence}`);
  return [...guard, ...said, ...why].join("\n");
}

function after(change: MemberChange): Member {
  return change.after;
}

function names(members: readonly Member[]): string {
  const shown = members.slice(0, NAMES_MAX).map((member) => member.name);
  const more = members.length - shown.length;
  return `${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
