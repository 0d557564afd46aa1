import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Case, cases } from "./cases.ts";
import { expectAsModelled, expectBlindness, expectLaws } from "./laws.ts";
import { isOfRules, Stage } from "./stage.ts";

const { RINGBELL_MODEL_CASES = "1000", RINGBELL_SEED, RINGBELL_PATH } = process.env;
/** Generous: the machine may be busy. */
const MS_PER_CASE = 30;

describe("the alert core, under any rules, rings, times, restarts, edits, blindness, quiet times and outcomes", () => {
  test(
    "tells what a simple model tells, to the millisecond, with and without restarts and edits of texts",
    () => {
      fc.assert(fc.property(cases(40), expectAll), {
        numRuns: Number(RINGBELL_MODEL_CASES),
        ...(RINGBELL_SEED !== undefined && { seed: Number(RINGBELL_SEED) }),
        ...(RINGBELL_PATH !== undefined && { path: RINGBELL_PATH }),
        reporter(result) {
          if (!result.failed) return;
          const again = `RINGBELL_SEED=${result.seed} RINGBELL_PATH=${result.counterexamplePath} npm test -- test/model`;
          throw new Error(`${fc.defaultReportMessage(result)}\n\nOnce more: ${again}`, {
            cause: result.errorInstance,
          });
        },
      });
    },
    20_000 + MS_PER_CASE * Number(RINGBELL_MODEL_CASES),
  );
});

function expectAll(given: Case): void {
  const stage = new Stage(given);
  expectLaws(stage, given);
  expectBlindness(stage);
  expectAsModelled(stage, given);
  const { untilMs } = stage;
  if (given.steps.some(({ op }) => op === "restart")) {
    const other = new Stage(given, { restarts: true, untilMs });
    expect(toldBy(other), "restarts make no difference").toEqual(toldBy(stage));
  }
  if (given.steps.some((step) => step.op === "edit" && step.edit.how === "texts")) {
    const other = new Stage(given, { texts: true, untilMs });
    expect(toldBy(other), "edits of texts make no difference").toEqual(toldBy(stage));
  }
}

/** Everything that was said, without the words that an edit of texts changes. */
function toldBy(stage: Stage): readonly string[] {
  return stage.said
    .filter(isOfRules)
    .map(({ atMs, notice, notify }) => JSON.stringify([atMs, { ...notice, title: "", labels: {} }, notify]))
    .sort();
}
