import type { Matcher } from "../alerts/silence.ts";
import type { Source } from "../cluster/slice.ts";
import type { Outcome } from "../outbox/delivery.ts";
import type { Ring } from "../ring/ring.ts";
import type { RulesFile } from "../rules/load-rules.ts";
import type { Logger } from "../runtime/logger.ts";
import { ModelNames } from "../simulator/model-names.ts";
import { Agenda } from "./agenda.ts";
import { Rehearsal } from "./rehearsal.ts";
import { RingVerbs } from "./ring-verbs.ts";
import type { Said } from "./said.ts";
import type { ObjectWrite } from "./stand-in-api.ts";
import type { SliceWrite } from "./slice-truth.ts";
import {
  changedLabels,
  type LabelChanges,
  StagedRing,
  type StagedRingOptions,
  StageError,
} from "./staged-ring.ts";

/** What a scene begins with. */
export interface SceneOptions {
  readonly file: RulesFile;
  /** Epoch milliseconds. */
  readonly startMs: number;
  readonly rings: readonly StagedRingOptions[];
  /** Labels of namespaces; those of the rings are there anyway. */
  readonly namespaces: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly logger: Logger;
}

/** Ringbell on a virtual clock with a small cluster around it: what the steps of a test act on. */
export class Scene {
  readonly agenda = new Agenda();
  readonly rehearsal: Rehearsal;
  readonly rings: readonly RingVerbs[];
  /** Destinations that answer nothing but errors. */
  readonly #down = new Set<string>();
  /** Keys of the rings that the test names, and of those that its recordings show. */
  readonly #known: Set<string>;
  /** Silences that were made, by id, and what they match. */
  readonly #silences = new Map<string, readonly Matcher[]>();
  readonly #namespaces: Map<string, Readonly<Record<string, string>>>;

  constructor({ file, startMs, rings, namespaces, logger }: SceneOptions) {
    const answer = ({ destination }: { readonly destination: string }): Outcome =>
      this.#down.has(destination) ? { kind: "retry", reason: "serverError" } : { kind: "delivered" };
    this.#known = new Set(rings.map(({ namespace, service }) => `${namespace}/${service}`));
    const onRing = ({ key }: Ring): void => void this.#known.add(key);
    this.rehearsal = new Rehearsal({ file, startMs, answer, logger, onRing });
    const places = new Set([...rings.map(({ namespace }) => namespace), ...Object.keys(namespaces)]);
    this.#namespaces = new Map([...places].map((place) => [place, namespaces[place] ?? {}]));
    for (const [place, labels] of this.#namespaces)
      this.rehearsal.writeObjects(namespaceWrite(place, labels));
    const names = new ModelNames(undefined);
    const nowMs = (): number => this.nowMs;
    const write = (source: Source, writes: readonly SliceWrite[]): void =>
      this.rehearsal.write(source, ...writes);
    const writeObjects = (writes: readonly ObjectWrite[]): void => this.rehearsal.writeObjects(...writes);
    this.rings = rings.map((ring) => {
      const io = { nowMs, names, write, writeObjects };
      return new RingVerbs(new StagedRing(ring, io), this.agenda, nowMs);
    });
  }

  get nowMs(): number {
    return this.rehearsal.clock.now();
  }

  /** What was said, but for Services that the test does not know of: a rule that names one would say that it is missing. */
  get said(): readonly Said[] {
    return this.rehearsal.said.filter(({ notice: { ring } }) => ring.present || this.#known.has(ring.key));
  }

  /** Something happens so many milliseconds from now. */
  in(ms: number, run: () => void): void {
    this.agenda.at(this.nowMs + ms, run);
  }

  /** What happens to a ring until `release` is one write. */
  hold(): void {
    for (const { ring } of this.rings) ring.hold();
  }

  /** Writes what happened to the rings since `hold`. */
  release(): void {
    for (const { ring } of this.rings) ring.release();
  }

  /** Somebody silences what matches. Throws `StageError` when Ringbell is not running. */
  silence(matchers: readonly Matcher[], ms: number): void {
    const { nowMs } = this;
    const times = { startsAtMs: nowMs, endsAtMs: nowMs + ms, createdAtMs: nowMs };
    const id = `silence-${this.#silences.size + 1}`;
    const silence = { id, matchers, author: "test", reason: "test", ...times };
    if (!this.rehearsal.addSilence(silence))
      throw new StageError("Cannot silence: Ringbell is not running, or has too many silences");
    this.#silences.set(id, matchers);
  }

  /** Somebody ends the silences that were made with just these matchers; undefined: all. Throws `StageError` when there is none. */
  unsilence(matchers: readonly Matcher[] | undefined): void {
    const all = [...this.#silences].filter(([, made]) => matchers === undefined || isSame(made, matchers));
    const ended = all.filter(([id]) => this.rehearsal.expireSilence(id));
    if (ended.length > 0) return;
    throw new StageError("Cannot end a silence: Ringbell is not running, or none was made with just this");
  }

  /** The labels of a namespace are others; null takes one away. */
  labelNamespace(name: string, changes: LabelChanges): void {
    const labels = changedLabels(this.#namespaces.get(name) ?? {}, changes);
    this.#namespaces.set(name, labels);
    this.rehearsal.writeObjects(namespaceWrite(name, labels));
  }

  /** What a destination is owed stays owed while it is down. */
  setDown(destination: string, isDown: boolean): void {
    if (isDown) this.#down.add(destination);
    else this.#down.delete(destination);
  }

  /** Nodes of these rings by their names. Throws `StageError` for one that has none of their Pods. */
  nodesNamed(nodes: readonly string[], rings: readonly RingVerbs[]): readonly string[] {
    return known("node", nodes, [...new Set(podsOf(rings).map(({ node }) => node))]);
  }

  /** Nodes of these rings by their zones. Throws `StageError` for one that has none of their Pods. */
  nodesInZones(zones: readonly string[], rings: readonly RingVerbs[]): readonly string[] {
    const pods = podsOf(rings);
    known("zone", zones, [...new Set(pods.map(({ zone }) => zone))]);
    return [...new Set(pods.filter(({ zone }) => zones.includes(zone)).map(({ node }) => node))];
  }

  /**
   * Lets time pass up to a moment, and what is on the agenda happen. What falls due in the same millisecond as something happens comes
   * first.
   */
  playTo(untilMs: number): void {
    while ((this.agenda.nextMs ?? Infinity) <= untilMs) this.#playNext();
    this.rehearsal.passTo(untilMs);
  }

  /** Lets everything on the agenda happen, and then time pass until nothing is due, or for so long at most. */
  playOut(mostMs: number): void {
    while (this.agenda.nextMs !== undefined) this.#playNext();
    this.rehearsal.passWhileDue(this.nowMs + mostMs);
  }

  #playNext(): void {
    this.rehearsal.passTo(this.agenda.nextMs ?? this.nowMs);
    this.agenda.runNext();
  }
}

function namespaceWrite(name: string, labels: Readonly<Record<string, string>>): ObjectWrite {
  const uid = `namespace-${name}`;
  return {
    kind: "changed",
    object: { kind: "Namespace", key: name, namespace: undefined, name, uid, labels },
  };
}

function isSame(made: readonly Matcher[], asked: readonly Matcher[]): boolean {
  const texts = new Set(made.map(({ name, value }) => `${name}=${value}`));
  return made.length === asked.length && asked.every(({ name, value }) => texts.has(`${name}=${value}`));
}

function podsOf(rings: readonly RingVerbs[]) {
  return rings.flatMap(({ ring }) => ring.pods);
}

function known(what: string, names: readonly string[], all: readonly string[]): readonly string[] {
  for (const name of names) {
    if (all.includes(name)) continue;
    const list = all.filter((one) => one !== "").join(", ");
    throw new StageError(`Cannot find ${what} ${name}: Pods are in ${list === "" ? `no ${what}` : list}`);
  }
  return names;
}
