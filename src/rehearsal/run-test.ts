import type { RulesFile } from "../rules/load-rules.ts";
import { type Logger, silentLogger } from "../runtime/logger.ts";
import { type Comparison, compareSaid, formatOffset } from "./compare-said.ts";
import type { RingVerbs } from "./ring-verbs.ts";
import type { Said } from "./said.ts";
import { Scene } from "./scene.ts";
import { StageError } from "./staged-ring.ts";
import { STEP_WORDS } from "./step-words.ts";
import type { FilePlace, TestCase, TestStep } from "./test-case.ts";
import type { RawSilent } from "./test-schema.ts";

/** How a test ended. */
export interface TestResult {
  readonly test: TestCase;
  readonly passed: boolean;
  /** Everything that was said or expected; empty when the test could not be played to its end. */
  readonly comparisons: readonly Comparison[];
  /** Other reasons why it failed, each with the place of what it is about. */
  readonly faults: readonly Fault[];
}

/** A step that cannot be, a checkpoint that was not silent, or an error inside Ringbell. */
export interface Fault {
  readonly place: FilePlace;
  readonly message: string;
}

/** So long Ringbell has watched the rings when a test begins: whatever settles has settled. */
const WATCHED_BEFORE_MS = 86_400_000;
/** So long after the last happening a test without `for` ends, should something be due for ever. */
const MOST_AFTER_MS = 3_600_000;

/** Plays one test on a virtual clock and compares what was said with what it expects. Never throws for what a test may hold. */
export function runTest(rules: RulesFile, test: TestCase): TestResult {
  const faults: Fault[] = [];
  try {
    const said = play(rules, test, faults);
    const comparisons = judge(test, said, faults);
    const isGood = comparisons.every(({ kind }) => kind === "asExpected");
    return { test, passed: isGood && faults.length === 0, comparisons, faults };
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    return { test, passed: false, comparisons: [], faults: [{ place: error.place, message: error.message }] };
  }
}

/** A step asks for what cannot be. */
class StepError extends Error {
  readonly place: FilePlace;

  constructor(place: FilePlace, message: string) {
    super(message);
    this.place = place;
  }
}

function play(file: RulesFile, test: TestCase, faults: Fault[]): readonly Said[] {
  const { startMs, rings, namespaces, steps, freshStart, forMs } = test;
  const logger = faultLogger(test, faults);
  const sceneStartMs = freshStart ? startMs : startMs - WATCHED_BEFORE_MS;
  const scene = new Scene({ file, startMs: sceneStartMs, rings, namespaces, logger });
  for (const step of steps)
    for (const { word, value } of step.acts) STEP_WORDS[word]?.prepare?.(value, scene);
  scene.rehearsal.start();
  if (!freshStart) scene.rehearsal.passTo(startMs);
  let saidBefore = 0;
  for (const step of steps) {
    scene.agenda.at(startMs + step.atMs, () => {
      checkSilence(step, scene.said.slice(saidBefore), startMs, faults);
      saidBefore = scene.said.length;
      runStep(step, scene);
    });
  }
  const lastMs = startMs + (steps.at(-1)?.atMs ?? 0);
  if (forMs !== undefined) scene.playTo(lastMs + forMs);
  else scene.playOut(MOST_AFTER_MS);
  scene.rehearsal.stop();
  return scene.said;
}

function runStep(step: TestStep, scene: Scene): void {
  const named = scene.rings.filter(({ ring }) => ring.key === step.ring);
  const rings: readonly RingVerbs[] = step.ring === undefined ? scene.rings : named;
  try {
    scene.hold();
    for (const { word, value } of step.acts) {
      const what = STEP_WORDS[word];
      // What happens to the rings before and after a restart is not one thing.
      if (what?.rings === "none") scene.release();
      what?.run(value, scene, rings);
      if (what?.rings === "none") scene.hold();
    }
    scene.release();
  } catch (error) {
    if (error instanceof StageError) throw new StepError(step.place, error.message);
    throw error;
  }
}

function checkSilence(step: TestStep, said: readonly Said[], startMs: number, faults: Fault[]): void {
  for (const one of said) {
    if (!breaksSilence(step.silent, one)) continue;
    const { destination, notice, atMs } = one;
    const what = `${destination} heard ${notice.kind} of ${notice.rule} at ${formatOffset(atMs - startMs)}`;
    faults.push({ place: step.place, message: `not silent up to ${formatOffset(step.atMs)}: ${what}` });
  }
}

function judge(test: TestCase, said: readonly Said[], faults: Fault[]): Comparison[] {
  const { expected, startMs, silent, place, mayHoldMore } = test;
  const isExact = silent === true || (expected.length > 0 && !mayHoldMore);
  const all = compareSaid(expected, said, startMs);
  const comparisons = all.filter(({ kind }) => isExact || kind !== "unexpected");
  if (silent === undefined || silent === true) return comparisons;
  for (const { destination, notice, atMs } of said.filter((one) => breaksSilence(silent, one))) {
    const what = `${destination} heard ${notice.kind} of ${notice.rule} at ${formatOffset(atMs - startMs)}`;
    faults.push({ place, message: `not silent: ${what}` });
  }
  return comparisons;
}

function breaksSilence(silent: RawSilent | undefined, { destination, notice }: Said): boolean {
  if (silent === undefined) return false;
  return silent === true || silent.includes(destination) || silent.includes(notice.rule);
}

/** What Ringbell logs as an error is a fault of the test too: it would be one in production. */
function faultLogger({ place }: TestCase, faults: Fault[]): Logger {
  return {
    ...silentLogger,
    error(fields, message) {
      const { err } = fields;
      const why = err instanceof Error ? `: ${err.message}` : "";
      faults.push({ place, message: `Ringbell logged an error: ${message}${why}` });
    },
  };
}
