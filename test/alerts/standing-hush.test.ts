import { describe, expect, test } from "vitest";
import {
  changeTrigger,
  conditionRule,
  conditionTrigger,
  count,
  ruleMember,
  ruleRing,
} from "../rules/rule-fixtures.ts";
import { BookStage } from "./book-stage.ts";

const notify = ["chat", "pager"];
const RULES = [
  conditionRule(
    [],
    {},
    {
      name: "alert",
      notify,
      trigger: conditionTrigger({ conditions: [{ kind: "readyBelow", threshold: count(2) }] }),
    },
  ),
  conditionRule([], {}, { name: "change", notify, trigger: changeTrigger({}) }),
];

function standings(set: (around: BookStage["around"]) => void) {
  const stage = new BookStage(RULES);
  set(stage.around);
  stage.see(0, ruleRing([ruleMember("a")]));
  return stage.book.standings(0).map(({ hushed, quiet }) => ({ hushed, quiet }));
}

describe("where a rule stands tells", () => {
  test("nothing of quiet times where all are told", () => {
    expect(standings(() => undefined)).toEqual([{}, {}]);
  });

  test("why nobody is told", () => {
    const hush = { untilMs: 9, why: "muted by nights" };
    const both = { hushed: "muted by nights" };
    expect(standings((around) => (around.hush = () => hush))).toEqual([both, both]);
  });

  test("who is not told, and why", () => {
    const hush = { untilMs: 9, why: "muted by nights" };
    const both = { quiet: [{ destination: "chat", why: "muted by nights" }] };
    expect(
      standings((around) => (around.destinationHush = (name) => (name === "chat" ? hush : undefined))),
    ).toEqual([both, both]);
  });
});
