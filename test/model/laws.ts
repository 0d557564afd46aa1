import { expect } from "vitest";
import type { Notice } from "../../src/alerts/notice.ts";
import { SELF_RULES } from "../../src/alerts/self-alerts.ts";
import type { Rule } from "../../src/rules/rule.ts";
import { alertLife, type AlertSaid } from "./condition-model.ts";
import { changeReports, type ChangeSaid } from "./change-model.ts";
import type { Case } from "./cases.ts";
import type { Span } from "./history.ts";
import { isAbout, RINGS, WINDOWS } from "./rules.ts";
import type { Said, Stage } from "./stage.ts";

/** What the model says is what was said, by each rule of each ring, to the millisecond. */
export function expectAsModelled(stage: Stage, { rules }: Case): void {
  for (const ring of RINGS) {
    const [first] = rules;
    let suppressed: readonly Span[] = [];
    for (const rule of rules.filter((each) => isAbout(each, ring))) {
      const said = stage.said.filter(({ notice }) => notice.rule === rule.name && notice.ring.key === ring);
      const subject = { rule: rule.name, ring };
      const about = `${rule.name} of ${ring}`;
      if (rule.trigger.kind === "condition") {
        const life = alertLife(stage.history, WINDOWS, suppressed, subject, stage.endMs);
        expect(said.map(asAlert), about).toEqual(life.said);
        if (rule === first) suppressed = life.speaksForOthers;
        const stored = stage.store
          .load()
          .alerts.find((each) => each.rule === rule.name && each.ring === ring);
        expect(stored?.phase.kind === "firing", `${about} fires in the end`).toBe(life.isFiring);
      } else {
        const { said: reports, base } = changeReports(
          stage.history,
          WINDOWS,
          suppressed,
          subject,
          stage.endMs,
        );
        expect(said.map(asChange), about).toEqual(reports);
        const stored = stage.store
          .load()
          .baselines.find((each) => each.rule === rule.name && each.ring === ring);
        const keys =
          stored?.presence === "present" ? [...stored.members.keys()].sort() : (stored?.presence ?? "unseen");
        expect(keys, `${about} has this baseline in the end`).toEqual(base);
      }
    }
  }
}

function asAlert({ atMs, notice, notify }: Said): AlertSaid {
  const { alert, kind } = notice;
  if (!alert || kind === "change" || kind === "test") throw new Error(`a condition rule says ${kind}`);
  const words = [
    alert.flapping && "flapping",
    alert.late && "late",
    alert.update,
    alert.whileAway && "while away",
  ];
  return {
    atMs,
    kind,
    notify: [...notify].sort(),
    episode: alert.episode,
    sinceMs: Date.parse(alert.since),
    firedAtMs: Date.parse(alert.firedAt),
    how: words.filter((word) => word !== undefined).join(" "),
  };
}

function asChange({ atMs, notice, notify }: Said): ChangeSaid {
  const { change, generation = 0 } = notice;
  if (!change) throw new Error("a change rule says changes only");
  const keys = (members: readonly { readonly key: string }[]): string[] => members.map(({ key }) => key);
  const after = (changes: readonly { readonly after: { readonly key: string } }[]): string[] =>
    changes.map((each) => each.after.key);
  return {
    atMs,
    generation,
    notify: [...notify].sort(),
    removed: change.removed,
    forced: change.forced,
    whileAway: change.whileAway,
    firstChangeMs: Date.parse(change.firstChangeAt),
    settledMs: Date.parse(change.settledAt),
    before: keys(change.before),
    after: keys(change.after),
    joined: keys(change.joined),
    left: keys(change.left),
    replaced: after(change.replaced),
    moved: after(change.moved),
    becameReady: keys(change.becameReady),
    becameUnready: keys(change.becameUnready),
  };
}

/** What must hold of every case, whatever the model says. */
export function expectLaws(stage: Stage, { rules, steps }: Case): void {
  expect(stage.errors, "no error is logged").toEqual([]);
  expect(stage.clock.calls, "few timers are needed").toBeLessThan(60 + 30 * steps.length);
  expectOrder(stage);
  expectOwed(stage);
  expectOutcomes(stage);
  for (const rule of rules) for (const ring of RINGS) expectGenerations(stage, rule, ring);
}

/** Each destination hears of a fire, of updates, and of its end, one after the other. */
function expectOrder({ said }: Stage): void {
  const heard = new Map<string, string>();
  for (const { notice, notify } of said) {
    if (notice.kind === "change") continue;
    expect(notify.length, "nothing is told to nobody").toBeGreaterThan(0);
    for (const destination of notify) {
      const subject = `${notice.rule} ${notice.ring.key} ${destination}`;
      heard.set(subject, `${heard.get(subject) ?? ""}${notice.kind[0]}${notice.alert?.episode}`);
    }
  }
  for (const [subject, words] of heard) {
    expect(words, subject).toMatch(/^(?:f(\d+)(?:u\1)*r\1)*(?:f(\d+)(?:u\2)*)?$/);
    const fires = [...words.matchAll(/f(\d+)/g)].map(([, episode]) => Number(episode));
    expect(fires, `episodes of ${subject}`).toEqual([...new Set(fires)].sort((a, b) => a - b));
  }
}

/** Each notice is owed to each who is to hear it, once; of changes that were not sent, the net. */
function expectOwed(stage: Stage): void {
  const deliveries = stage.deliveries();
  const ids = deliveries.map(({ id }) => id);
  expect(new Set(ids).size, "ids are unique").toBe(ids.length);
  const key = (notice: Notice, destination: string): string =>
    [
      notice.time,
      notice.rule,
      notice.ring.key,
      notice.kind,
      notice.generation ?? notice.alert?.episode,
      destination,
    ].join(" ");
  const owed = deliveries.map(({ notice, destination }) => key(notice, destination));
  const told = stage.said.flatMap(({ notice, notify }) =>
    notify.map((destination) => key(notice, destination)),
  );
  expect(owed.sort(), "what is said is owed").toEqual(told.sort());
}

/** In order for each destination and subject, the next only when the one before has ended, and none after it was delivered. */
function expectOutcomes({ attempted, store }: Stage): void {
  const latest = new Map<string, number>();
  const done = new Set<string>();
  for (const { delivery, attempt } of attempted) {
    const { id, destination, subject, sequence } = delivery;
    const lane = `${destination} ${subject}`;
    expect(sequence, `${lane} in order`).toBeGreaterThanOrEqual(latest.get(lane) ?? 0);
    latest.set(lane, sequence);
    expect(done, `${id} is over`).not.toContain(id);
    if (attempt === "delivered" || attempt === "refused") done.add(id);
  }
  const ended = new Map(store.ended().map(({ delivery, end }) => [delivery.id, end]));
  for (const { delivery, attempt } of attempted) {
    if (attempt === "delivered") expect(ended.get(delivery.id)?.kind).toBe("delivered");
    if (attempt === "refused") expect(ended.get(delivery.id)?.kind).toBe("dead");
  }
}

function expectGenerations(stage: Stage, rule: Rule, ring: string): void {
  const changes = stage.said
    .map(({ notice }) => notice)
    .filter((notice) => notice.rule === rule.name && notice.ring.key === ring && notice.change);
  expect(changes.map(({ generation }) => generation)).toEqual(changes.map((_, index) => index + 1));
  expect(changes.map(({ previousGeneration }) => previousGeneration)).toEqual(
    changes.map((_, index) => index),
  );
  for (const destination of new Set(stage.deliveries().map((delivery) => delivery.destination)))
    expectNetChanges(stage, rule, ring, destination);
}

/** What a destination is sent of changes leads from before to after, and goes on where the one before ended. */
function expectNetChanges(stage: Stage, rule: Rule, ring: string, destination: string): void {
  const coalesced = new Set(
    stage.store
      .ended()
      .flatMap(({ delivery, end }) =>
        end.kind === "dead" && end.reason === "coalesced" ? [delivery.id] : [],
      ),
  );
  const sent = stage
    .deliveries()
    .filter((each) => each.destination === destination && each.subject === `${rule.name} ${ring}`)
    .filter(({ id, notice }) => notice.change && !coalesced.has(id));
  let latest = 0;
  for (const { notice } of sent) {
    const { change, generation = 0, previousGeneration = 0 } = notice;
    expect(previousGeneration, "no generation is told twice").toBeGreaterThanOrEqual(latest);
    latest = generation;
    if (!change) continue;
    const after = new Set(change.before.map(({ key }) => key));
    for (const { key } of change.left) expect(after.delete(key), `${key} was there`).toBe(true);
    for (const { key } of change.joined) {
      expect(after, `${key} was not there`).not.toContain(key);
      after.add(key);
    }
    const expected = change.removed ? [] : [...after].sort();
    expect(
      change.after.map(({ key }) => key),
      "the net change leads from before to after",
    ).toEqual(expected);
  }
}

/** Nothing is said of a ring while it is blind, but that a rule is gone. */
export function expectBlindness({ said }: Stage): void {
  const blind = new Set<string>();
  for (const { notice } of said) {
    const { key, namespace } = notice.ring;
    if (notice.rule === SELF_RULES.blind) {
      if (notice.kind === "fire") blind.add(namespace);
      else blind.delete(namespace);
    } else if (notice.alert?.reason !== "rule removed") {
      expect(blind, `nothing is said of ${key}`).not.toContain(namespace);
    }
  }
}
