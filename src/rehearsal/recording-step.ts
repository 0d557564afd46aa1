import { z } from "zod";
import { type History, readHistory } from "./recorded-history.ts";
import type { Scene } from "./scene.ts";
import type { StepWord } from "./step-words.ts";

type Moment = ReturnType<History["moments"]> extends Iterable<infer One> ? One : never;

/** A recording as a step plays it. */
interface RecordedStep {
  /** What was there when it began. */
  readonly before: readonly Moment[];
  /** What happened then, each so many milliseconds later. */
  readonly later: readonly { readonly afterMs: number; readonly moment: Moment }[];
}

/**
 * `recording: incident.jsonl`: what a real API server said, as `ringbell record` or a plain watch has it. What was there when the
 * recording began is there when the test begins; the rest happens from the step on.
 */
export const RECORDING: StepWord = {
  rings: "none",
  schema: z.string({ error: "must be the path of a recording" }).min(1),
  load(path, { readBytes }): RecordedStep {
    const { startMs, moments } = readHistory(String(path), readBytes);
    const all = [...moments()];
    return {
      before: all.filter(({ atMs }) => atMs <= startMs),
      later: all
        .filter(({ atMs }) => atMs > startMs)
        .map((moment) => ({ afterMs: moment.atMs - startMs, moment })),
    };
  },
  prepare(step, scene) {
    for (const moment of (step as RecordedStep).before) happen(moment, scene);
  },
  run(step, scene) {
    for (const { afterMs, moment } of (step as RecordedStep).later)
      scene.in(afterMs, () => happen(moment, scene));
  },
};

function happen(moment: Moment, { rehearsal }: Scene): void {
  if (moment.kind === "writes") rehearsal.write(moment.source, ...moment.writes);
  else if (moment.kind === "objects") rehearsal.writeObjects(...moment.writes);
  else if (moment.kind === "silent") rehearsal.setSilent();
  else if (moment.kind === "heard") rehearsal.setHeard();
}
