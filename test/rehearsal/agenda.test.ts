import { expect, test } from "vitest";
import { Agenda } from "../../src/rehearsal/agenda.ts";

test("An agenda runs by time, and what is at the same time in the order of its entry", () => {
  const agenda = new Agenda();
  const seen: string[] = [];
  for (const [atMs, name] of [
    [5, "c"],
    [1, "a"],
    [5, "d"],
    [1, "b"],
  ] as const)
    agenda.at(atMs, () => seen.push(name));
  expect(agenda.nextMs).toBe(1);
  while (agenda.nextMs !== undefined) agenda.runNext();
  expect(seen).toEqual(["a", "b", "c", "d"]);
});
