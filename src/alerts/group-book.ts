import type { GroupConfig } from "../rules/destination-options.ts";
import { Deadlines } from "../runtime/deadlines.ts";
import {
  groupDeadlineMs,
  groupNotAhead,
  type GroupWord,
  joinGroup,
  leaveGroup,
  type MemberStep,
  newGroup,
  speakGroup,
} from "./advance-group.ts";
import {
  type Group,
  type GroupChange,
  type GroupId,
  type GroupMember,
  groupPlace,
  memberOf,
  type StoredGroup,
} from "./group.ts";
import { groupNotice } from "./group-notice.ts";
import type { Notice } from "./notice.ts";
import { subjectKey } from "./subject.ts";

/** An idle group is kept so long: longer than any delivery of its last episode is tried. */
export const KEEP_IDLE_MS = 30 * 86_400_000;
const PRUNE_EVERY_MS = 86_400_000;
/** Of a destination that is told one by one now: what is told together goes on without delay. */
const AT_ONCE: Pick<GroupConfig, "waitMs" | "intervalMs"> = { waitMs: 0, intervalMs: 0 };

/** What of the rules file decides about groups. */
export interface GroupRules {
  /** All destinations, by name, with how they hear of many alerts at once. */
  readonly destinations: ReadonlyMap<string, { readonly group: GroupConfig | undefined }>;
}

/** What a book begins with. */
export interface GroupBookOptions extends GroupRules {
  readonly stored: readonly StoredGroup[];
  readonly nowMs: number;
  /** Until when a destination is not to be told anything at a time; its groups wait until then, except with their end. */
  readonly mutedUntilMs?: (destination: string, atMs: number) => number | undefined;
}

/** One notice of a group, for the one destination that it is for. */
export interface GroupTelling {
  readonly destination: string;
  readonly notice: Notice;
}

/** What of groups is to be stored. */
export interface GroupChanges {
  readonly groups: readonly GroupChange[];
  /** Those that are dropped. */
  readonly forgotten: readonly GroupId[];
}

interface Entry {
  group: Group;
  readonly members: Map<string, GroupMember>;
}

/** All groups of all destinations. What is offered to it is told later, together; it speaks by `onTime`. */
export class GroupBook {
  readonly #groups = new Map<string, Entry>();
  /** The group that an alert of a destination was told in, or is to be. */
  readonly #homes = new Map<string, string>();
  readonly #deadlines = new Deadlines();
  readonly #mutedUntilMs: NonNullable<GroupBookOptions["mutedUntilMs"]>;
  #destinations: GroupRules["destinations"];
  /** By group, the subjects of its alerts that have changed. */
  #changed = new Map<string, Set<string>>();
  #forgotten = new Map<string, GroupId>();
  #prunedMs: number;
  #lastMs = -Infinity;

  constructor({ destinations, stored, nowMs, mutedUntilMs = () => undefined }: GroupBookOptions) {
    this.#destinations = destinations;
    this.#mutedUntilMs = mutedUntilMs;
    this.#prunedMs = nowMs;
    for (const { group, members } of stored) {
      const id = idOf(group.destination, group.key);
      this.#groups.set(id, { group: groupNotAhead(group, nowMs), members: new Map(members) });
      for (const subject of members.keys()) this.#homes.set(idOf(group.destination, subject), id);
    }
    this.replaceRules({ destinations }, nowMs);
  }

  /**
   * Takes a notice for a destination, when that is to hear of it in a group; false when it is to be sent by itself: changes, tests,
   * alerts of destinations without groups, and the end of what was told by itself.
   */
  offer(notice: Notice, destination: string, nowMs: number): boolean {
    const { kind } = notice;
    if (!notice.alert || notice.group || (kind !== "fire" && kind !== "update" && kind !== "resolve"))
      return false;
    const subject = subjectKey(notice.rule, notice.ring.key);
    const homeId = this.#homes.get(idOf(destination, subject));
    const home = homeId === undefined ? undefined : this.#groups.get(homeId);
    if (kind === "resolve") {
      const known = home?.members.get(subject);
      if (!home || !known) return false;
      this.#change(home, subject, leaveGroup(home.group, known, memberOf(notice), nowMs));
      return true;
    }
    const config = this.#destinations.get(destination)?.group;
    const entry =
      home ?? (kind === "fire" && config ? this.#place(notice, destination, config, nowMs) : undefined);
    if (!entry) return false;
    this.#change(entry, subject, joinGroup(entry.group, entry.members.get(subject), memberOf(notice), nowMs));
    return true;
  }

  /** Lets those groups speak whose time has come, in the order in which it came. */
  onTime(nowMs: number): readonly GroupTelling[] {
    const tellings: GroupTelling[] = [];
    if (nowMs < this.#lastMs) this.#onClockSetBack(nowMs);
    this.#lastMs = nowMs;
    for (let due = this.#deadlines.takeDue(nowMs); due; due = this.#deadlines.takeDue(nowMs)) {
      const entry = this.#groups.get(due.key);
      if (!entry) continue;
      const { destination, firing } = entry.group;
      // An end is told at once, as that of a single alert is: it wakes nobody.
      const untilMs = firing > 0 ? this.#mutedUntilMs(destination, nowMs) : undefined;
      if (untilMs !== undefined) {
        this.#deadlines.set(due.key, untilMs);
        continue;
      }
      const word = this.#speak(entry, nowMs);
      if (word) tellings.push({ destination, notice: groupNotice(entry.group, word, nowMs) });
    }
    if (nowMs >= this.#prunedMs + PRUNE_EVERY_MS) this.#prune(nowMs);
    return tellings;
  }

  /** When `onTime` has something to do, in epoch milliseconds. */
  nextDeadlineMs(): number | undefined {
    return this.#deadlines.nextMs();
  }

  /**
   * Goes on with other rules. Groups of a destination that now groups otherwise go on until their last alert has
   * resolved; those of a destination that is gone are dropped.
   */
  replaceRules({ destinations }: GroupRules, nowMs: number): void {
    this.#destinations = destinations;
    for (const [id, entry] of this.#groups) {
      if (destinations.has(entry.group.destination)) this.#setDeadline(id, entry.group);
      else this.#drop(id, entry);
    }
    this.#prune(nowMs);
  }

  /** True when `takeChanges` would give something. */
  get hasChanges(): boolean {
    return this.#changed.size > 0 || this.#forgotten.size > 0;
  }

  /** What changed since the last call. */
  takeChanges(): GroupChanges {
    const groups = [...this.#changed].flatMap(([id, subjects]): GroupChange[] => {
      const entry = this.#groups.get(id);
      if (!entry) return [];
      const members = new Map([...subjects].map((subject) => [subject, entry.members.get(subject)]));
      return [{ group: entry.group, members }];
    });
    const changes = { groups, forgotten: [...this.#forgotten.values()] };
    this.#changed = new Map();
    this.#forgotten = new Map();
    return changes;
  }

  #place(notice: Notice, destination: string, { by }: GroupConfig, nowMs: number): Entry {
    const place = { destination, ...groupPlace(notice, by) };
    const id = idOf(destination, place.key);
    let entry = this.#groups.get(id);
    if (!entry) {
      entry = { group: newGroup(place, nowMs), members: new Map() };
      this.#groups.set(id, entry);
    }
    return entry;
  }

  #change(entry: Entry, subject: string, { group, member }: MemberStep): void {
    const id = idOf(group.destination, group.key);
    const home = idOf(group.destination, subject);
    entry.group = group;
    if (member) {
      entry.members.set(subject, member);
      this.#homes.set(home, id);
    } else {
      entry.members.delete(subject);
      this.#homes.delete(home);
    }
    this.#setDeadline(id, group);
    this.#note(id, [subject]);
  }

  #speak(entry: Entry, nowMs: number): GroupWord | undefined {
    const { group, members, word } = speakGroup(entry.group, entry.members, nowMs);
    const id = idOf(group.destination, group.key);
    const before = [...entry.members.keys()];
    entry.group = group;
    entry.members.clear();
    for (const [subject, member] of members) entry.members.set(subject, member);
    for (const subject of before)
      if (!members.has(subject)) this.#homes.delete(idOf(group.destination, subject));
    this.#setDeadline(id, group);
    this.#note(id, before);
    return word;
  }

  #note(id: string, subjects: readonly string[]): void {
    const changed = this.#changed.get(id) ?? new Set();
    for (const subject of subjects) changed.add(subject);
    this.#changed.set(id, changed);
    this.#forgotten.delete(id);
  }

  #setDeadline(id: string, group: Group): void {
    const times = this.#destinations.get(group.destination)?.group ?? AT_ONCE;
    const atMs = groupDeadlineMs(group, times);
    this.#deadlines.set(id, atMs);
  }

  /** Nothing is waited for longer than it was to take. */
  #onClockSetBack(nowMs: number): void {
    for (const [id, entry] of this.#groups) {
      entry.group = groupNotAhead(entry.group, nowMs);
      this.#setDeadline(id, entry.group);
    }
  }

  #prune(nowMs: number): void {
    this.#prunedMs = nowMs;
    for (const [id, entry] of this.#groups) {
      const { phase } = entry.group;
      if (phase.kind === "idle" && nowMs >= phase.sinceMs + KEEP_IDLE_MS) this.#drop(id, entry);
    }
  }

  #drop(id: string, { group: { destination, key }, members }: Entry): void {
    for (const subject of members.keys()) this.#homes.delete(idOf(destination, subject));
    this.#groups.delete(id);
    this.#changed.delete(id);
    this.#deadlines.set(id, undefined);
    this.#forgotten.set(id, { destination, key });
  }
}

// Names of destinations have no space.
function idOf(destination: string, name: string): string {
  return `${destination} ${name}`;
}
