import fc from "fast-check";
import { test } from "vitest";
import { expectLaws } from "./laws.ts";
import { cases } from "./operations.ts";
import { Play } from "./play.ts";

const { RINGBELL_CASES = "2000", RINGBELL_SEED, RINGBELL_PATH } = process.env;
/** Generous: the machine may be busy. */
const MS_PER_CASE = 30;

test(
  "any interleaving of writes, breaks, lists and bookmarks ends with the ring of the final list, and with changes that add up to it",
  async () => {
    const law = fc.asyncProperty(cases(40), async (given) => {
      const play = new Play(given);
      try {
        await play.run(given.operations);
        expectLaws(play);
      } finally {
        await play.stop();
      }
    });
    await fc.assert(law, {
      numRuns: Number(RINGBELL_CASES),
      ...(RINGBELL_SEED !== undefined && { seed: Number(RINGBELL_SEED) }),
      ...(RINGBELL_PATH !== undefined && { path: RINGBELL_PATH }),
      asyncReporter: async (result) => {
        if (!result.failed) return;
        const report = await fc.asyncDefaultReportMessage(result);
        const again = `RINGBELL_SEED=${result.seed} RINGBELL_PATH=${result.counterexamplePath} npm test -- test/property`;
        throw new Error(`${report}\n\nOnce more: ${again}`, { cause: result.errorInstance });
      },
    });
  },
  20_000 + MS_PER_CASE * Number(RINGBELL_CASES),
);
