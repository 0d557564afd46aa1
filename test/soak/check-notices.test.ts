import { describe, expect, test } from "vitest";
import { changeNotice, member } from "../support/notices.ts";
import { changeFaults } from "./check-notices.ts";

/** Changes of one ring that tell no net change at all, by their number and the one that they name before it. */
function faultsOf(
  ...numbers: readonly (readonly [generation: number, previousGeneration: number])[]
): string[] {
  const nothing = { before: [member()], after: [member()], joined: [], left: [], replaced: [], moved: [] };
  const notices = numbers.map(([generation, previousGeneration]) =>
    changeNotice({ generation, previousGeneration }, nothing),
  );
  return changeFaults(new Map([["left endpointslices data/cassandra", notices]]), () => true);
}

describe("the numbers of changes", () => {
  test("may be skipped by one that tells the net of several", () => {
    expect(faultsOf([1, 0], [2, 1], [5, 2], [6, 5])).toEqual([]);
  });

  test.each<[string, readonly (readonly [number, number])[]]>([
    [
      "a change that was lost",
      [
        [1, 0],
        [3, 2],
      ],
    ],
    ["a first one that was lost", [[2, 1]]],
    [
      "one that came twice under two numbers",
      [
        [1, 0],
        [2, 1],
        [3, 1],
      ],
    ],
    [
      "one that came too late",
      [
        [1, 0],
        [3, 1],
        [2, 1],
      ],
    ],
  ])("show %s", (_, numbers) => {
    expect(faultsOf(...numbers)).toHaveLength(1);
  });
});
