import { expect } from "vitest";
import type { NoticeChange } from "../../src/alerts/notice.ts";
import { SELF_RULES } from "../../src/alerts/self-alerts.ts";
import type { Member } from "../../src/ring/ring.ts";
import type { ChangeTrigger, Rule } from "../../src/rules/rule.ts";
import { scopeCovers } from "../../src/cluster/watch-plan.ts";
import type { Play, Said } from "./play.ts";
import type { TrueMember, TrueRing } from "./true-ring.ts";
import { SERVICES } from "./world.ts";

type Place = (typeof SERVICES)[number];
/** Who is in a ring, and where. */
type Who = ReadonlyMap<string, { readonly uid: string | undefined; readonly addresses: readonly string[] }>;

/** A ring of several slices is read this late at most: what is shorter may pass unseen. */
const UNSEEN_MS = 1_000;

/** Everything that must hold when a case has come to rest. */
export function expectLaws(play: Play): void {
  expect(play.errors, "no error is logged").toEqual([]);
  for (const place of SERVICES) {
    const rules = play.file.rules.filter((rule) => isAbout(rule, place));
    if (rules.length === 0) {
      expect(play.rings.has(keyOf(place)), `${keyOf(place)} is of no interest`).toBe(false);
      continue;
    }
    const truth = play.truth(play.world.server.version, place.namespace, place.service);
    expectRing(play, place, truth);
    for (const rule of rules) {
      const said = play.said.filter(
        ({ notice }) => notice.rule === rule.name && notice.ring.key === keyOf(place),
      );
      if (rule.trigger.kind === "condition") expectCondition(said, truth, isExact(rule));
      else expectChanges(play, rule, rule.trigger, place, truth, said);
    }
  }
  expectSilenceWhileBlind(play);
  // Nothing is sent here, so a change takes the place of the one before it.
  const owed = play.store.load().deliveries.length + play.store.ended().length;
  expect(owed, "each notice is one delivery").toBe(play.said.length);
}

function expectSilenceWhileBlind({ said, watched }: Play): void {
  const blind = new Set<string>();
  for (const { notice } of said) {
    const { key, namespace, service } = notice.ring;
    if (notice.rule !== SELF_RULES.blind) {
      const covering = watched.find(({ scope }) => scopeCovers(scope, namespace, service))?.scope.id;
      expect(blind, `nothing is said about ${key}`).not.toContain(covering);
    } else if (notice.kind === "fire") blind.add(key);
    else blind.delete(key);
  }
  expect([...blind], "sight returns").toEqual([]);
}

function expectRing(play: Play, place: Place, truth: TrueRing): void {
  const ring = play.rings.get(keyOf(place));
  expect(ring?.present ?? false, `${keyOf(place)} exists`).toBe(truth.present);
  if (!ring || !truth.present) return;
  const members = ring.members.map(({ key, uid, addresses, zone, node, ready, serving, terminating }) => [
    key,
    { key, uid, addresses, zone, node, ready, serving, terminating },
  ]);
  expect(Object.fromEntries(members), `${keyOf(place)} is the ring of the final list`).toEqual(
    Object.fromEntries(truth.members),
  );
  expect(ring.labels).toEqual(truth.labels);
}

function expectCondition(said: readonly Said[], truth: TrueRing, namesIt: boolean): void {
  const words = said.map(({ notice }) => `${notice.kind} ${notice.alert?.episode}`);
  const inTurn = said.map((_, i) => `${i % 2 === 0 ? "fire" : "resolve"} ${Math.floor(i / 2) + 1}`);
  expect(words, "it fires and resolves in turn").toEqual(inTurn);
  const holds = (truth.present || namesIt) && ![...truth.members.values()].some(({ ready }) => ready);
  expect(said.at(-1)?.notice.kind === "fire", "it fires while it holds").toBe(holds);
}

function expectChanges(
  play: Play,
  rule: Rule,
  trigger: ChangeTrigger,
  place: Place,
  truth: TrueRing,
  said: readonly Said[],
): void {
  expect(said.map(({ notice }) => notice.generation)).toEqual(said.map((_, i) => i + 1));
  expect(said.map(({ notice }) => notice.previousGeneration)).toEqual(said.map((_, i) => i));
  let state: Who | undefined;
  for (const { notice, atMs } of said) {
    const { change } = notice;
    if (!change) throw new Error("a change rule says changes only");
    if (trigger.on.includes("changed") && state)
      expect(who(change.before), "goes on where it was").toEqual(state);
    state = applied(change);
    expect(state, "the net change leads from before to after").toEqual(who(change.after));
    expectTrue(play, rule, trigger, place, change, atMs);
  }
  if (isOutOfScope(play, rule, truth)) return;
  const stands = who(standing(truth, rule));
  if (state && trigger.on.includes("changed"))
    expect(state, "all reported changes lead to the ring of now").toEqual(stands);
  const stored = play.store.load().baselines.find((b) => b.rule === rule.name && b.ring === keyOf(place));
  expect(stored?.presence === "present", "the baseline is there when the Service is").toBe(truth.present);
  expect(who(stored?.members.values() ?? []), "the baseline is the ring of now").toEqual(stands);
  expect([...(stored?.deviations.keys() ?? [])], "nothing is still settling").toEqual([]);
}

/** Whether the Service has other labels than the rule asks for; of one that is gone, whether it may have had others. */
function isOutOfScope({ given }: Play, { ring }: Rule, truth: TrueRing): boolean {
  const labels = Object.entries(ring.labels);
  if (truth.present) return labels.some(([name, value]) => truth.labels[name] !== value);
  return labels.length > 0 && given.operations.some(({ op }) => op === "relabel" || op === "adopt");
}

/** Nobody left, and nothing was removed, that the watch showed within the settle time. */
function expectTrue(
  play: Play,
  rule: Rule,
  { settleMs }: ChangeTrigger,
  place: Place,
  change: NoticeChange,
  atMs: number,
): void {
  const shownFor = (isThere: (ring: TrueRing) => boolean): number =>
    longestShown(play, place, atMs - settleMs, atMs, isThere);
  if (change.removed)
    expect(
      shownFor((ring) => ring.present),
      "the Service was there",
    ).toBeLessThan(UNSEEN_MS);
  for (const { key } of change.left) {
    const shownMs = shownFor((ring) => standing(ring, rule).some((member) => member.key === key));
    expect(shownMs, `${key} was there`).toBeLessThan(UNSEEN_MS);
  }
}

/** The longest time in a row, within a span, in which what the API server had told showed something. */
function longestShown(
  play: Play,
  { namespace, service }: Place,
  fromMs: number,
  toMs: number,
  isThere: (ring: TrueRing) => boolean,
): number {
  let longestMs = 0;
  let sinceMs: number | undefined;
  const told = play.toldOf(namespace, service);
  told.forEach(({ atMs, version }, i) => {
    const endMs = Math.min(told[i + 1]?.atMs ?? Infinity, toMs);
    const beginMs = Math.max(atMs, fromMs);
    if (endMs <= beginMs) return;
    const ring = version === undefined ? undefined : play.truth(version, namespace, service);
    if (!ring || !isThere(ring)) sinceMs = undefined;
    else longestMs = Math.max(longestMs, endMs - (sinceMs ??= beginMs));
  });
  return longestMs;
}

function standing({ members }: TrueRing, { membership }: Rule): readonly TrueMember[] {
  return [...members.values()].filter((m) => !m.terminating && (membership === "present" || m.serving));
}

function applied({ before, joined, left, replaced, moved, removed }: NoticeChange): Who {
  if (removed) return new Map();
  const state = new Map(who(before));
  for (const member of left) {
    if (!state.delete(member.key)) throw new Error(`${member.key} left and was not there`);
  }
  for (const member of joined) {
    if (state.has(member.key)) throw new Error(`${member.key} joined and was there`);
    state.set(member.key, whoOf(member));
  }
  for (const { after } of [...replaced, ...moved]) state.set(after.key, whoOf(after));
  return state;
}

function who(members: Iterable<Member | TrueMember>): Who {
  return new Map([...members].map((member) => [member.key, whoOf(member)]));
}

function whoOf({ uid, addresses }: Member | TrueMember) {
  return { uid, addresses };
}

function isAbout({ ring }: Rule, { namespace, service }: Place): boolean {
  const names = (patterns: readonly string[], name: string): boolean =>
    patterns.length === 0 ||
    patterns.some((each) => (each.endsWith("*") ? name.startsWith(each.slice(0, -1)) : each === name));
  return names(ring.namespaces, namespace) && names(ring.services, service);
}

function isExact({ ring }: Rule): boolean {
  return (
    ring.services.length > 0 && ![...ring.services, ...ring.namespaces].some((each) => each.endsWith("*"))
  );
}

function keyOf({ namespace, service }: Place): string {
  return `${namespace}/${service}`;
}
