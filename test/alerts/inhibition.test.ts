import { describe, expect, test } from "vitest";
import { Inhibition, LINGER_MS, UNSEEN_MS } from "../../src/alerts/inhibition.ts";
import { type Subject, subjectKey } from "../../src/alerts/subject.ts";
import type { Member, Ring } from "../../src/ring/ring.ts";
import type { Rule, Suppressor } from "../../src/rules/rule.ts";
import { conditionRule, ruleMember, ruleRing } from "../rules/rule-fixtures.ts";

const down = (name: string, fields: Partial<Member>) =>
  ruleMember(name, { ready: false, serving: false, ...fields });
const loud = conditionRule([], {}, { name: "loud" });
const quietRule = (same: Suppressor["same"]): Rule =>
  conditionRule([], {}, { name: "quiet", suppressedBy: [{ rule: "loud", same }] });
const ringOf = (service: string, ...members: readonly Member[]): Ring =>
  ruleRing(members, { key: `data/${service}`, service });

function subject(rule: Rule, ring: Ring | undefined, ringKey: string, isFiring = true): Subject {
  return {
    key: subjectKey(rule.name, ringKey),
    ringKey,
    rule,
    ring,
    isFiring,
    isHushed: false,
    step: () => undefined,
    end: () => {},
    standing: () => undefined,
  };
}

/** Whether `quiet` is silent about a ring while `loud` fires for another (or the same). */
function suppressor(same: Suppressor["same"], asked: Ring, firing: Ring): string | undefined {
  const inhibition = new Inhibition();
  inhibition.setRules([loud, quietRule(same)]);
  inhibition.note(subject(loud, firing, firing.key), NOW);
  return inhibition.suppressor(quietRule(same), asked, NOW)?.rule;
}

const NOW = 1_000_000;
const zoneA = { zone: "a", node: "n1" };
const zoneB = { zone: "b", node: "n2" };

describe("a rule is silent while another speaks", () => {
  test.each([
    ["for the same ring", "ring", ringOf("x", down("m", zoneA)), ringOf("x", down("m", zoneA)), true],
    ["but not for another ring", "ring", ringOf("x", down("m", zoneA)), ringOf("y", down("m", zoneA)), false],
    [
      "for another ring with trouble in the same zone",
      "zone",
      ringOf("x", down("m", zoneA)),
      ringOf("y", down("k", zoneA)),
      true,
    ],
    ["but not in another zone", "zone", ringOf("x", down("m", zoneA)), ringOf("y", down("k", zoneB)), false],
    [
      "and not when it has trouble elsewhere too",
      "zone",
      ringOf("x", down("m", zoneA), down("o", zoneB)),
      ringOf("y", down("k", zoneA)),
      false,
    ],
    [
      "for one of the places of the other's trouble",
      "zone",
      ringOf("x", down("m", zoneA)),
      ringOf("y", down("k", zoneA), down("l", zoneB)),
      true,
    ],
    [
      "not counting members that are ready",
      "zone",
      ringOf("x", down("m", zoneA), ruleMember("o", zoneB)),
      ringOf("y", down("k", zoneA)),
      true,
    ],
    [
      "not by the ready members of the other",
      "zone",
      ringOf("x", down("m", zoneA)),
      ringOf("y", ruleMember("k", zoneA)),
      false,
    ],
    ["on the same node", "node", ringOf("x", down("m", zoneA)), ringOf("y", down("k", zoneA)), true],
    [
      "but not on another node of the zone",
      "node",
      ringOf("x", down("m", { zone: "a", node: "n9" })),
      ringOf("y", down("k", zoneA)),
      false,
    ],
    [
      "but not where no place is known",
      "node",
      ringOf("x", down("m", {})),
      ringOf("y", down("k", {})),
      false,
    ],
    ["but not where nothing is in trouble", "node", ringOf("x"), ringOf("y", down("k", zoneA)), false],
  ] as const)("%s", (_, same, asked, firing, silent) => {
    expect(suppressor(same, asked, firing)).toBe(silent ? "loud" : undefined);
  });

  test("by any of several rings that together have trouble in all its places", () => {
    const inhibition = new Inhibition();
    inhibition.setRules([loud, quietRule("zone")]);
    const asked = ringOf("x", down("m", zoneA), down("o", zoneB));
    inhibition.note(subject(loud, ringOf("y", down("k", zoneA)), "data/y"), NOW);
    expect(inhibition.suppressor(quietRule("zone"), asked, NOW)?.rule).toBeUndefined();
    inhibition.note(subject(loud, ringOf("z", down("k", zoneB)), "data/z"), NOW);
    expect(inhibition.suppressor(quietRule("zone"), asked, NOW)?.rule).toBe("loud");
  });
});

describe("what fires is noted", () => {
  const ring = ringOf("x", down("m", zoneA));

  test("only of rules that suppress others", () => {
    const inhibition = new Inhibition();
    inhibition.setRules([loud, conditionRule([])]);
    inhibition.note(subject(loud, ring, ring.key), NOW);
    inhibition.setRules([loud, quietRule("ring")]);
    expect(inhibition.suppressor(quietRule("ring"), ring, NOW)?.rule).toBeUndefined();
  });

  test("and says once when it has stopped, and for some seconds still speaks for the others", () => {
    const inhibition = new Inhibition();
    inhibition.setRules([loud, quietRule("ring")]);
    const stopped = subject(loud, ring, ring.key, false);
    expect(inhibition.note(stopped, NOW)).toBe(false);
    expect(inhibition.note(subject(loud, ring, ring.key), NOW)).toBe(false);
    expect(inhibition.suppressor(quietRule("ring"), ring, NOW)).toEqual({ rule: "loud", untilMs: Infinity });
    expect(inhibition.note(stopped, NOW)).toBe(true);
    expect(inhibition.note(stopped, NOW)).toBe(false);
    const untilMs = NOW + LINGER_MS;
    expect(inhibition.suppressor(quietRule("ring"), ring, untilMs - 1)).toEqual({ rule: "loud", untilMs });
    expect(inhibition.suppressor(quietRule("ring"), ring, untilMs)).toBeUndefined();
  });

  test("with the places of its trouble, also when its ring has recovered a moment before the other", () => {
    const inhibition = new Inhibition();
    inhibition.setRules([loud, quietRule("zone")]);
    inhibition.note(subject(loud, ring, ring.key), NOW);
    const recovered = ringOf("x", ruleMember("m", zoneA));
    inhibition.note(subject(loud, recovered, ring.key, false), NOW);
    const other = ringOf("y", down("k", zoneA));
    expect(inhibition.suppressor(quietRule("zone"), other, NOW + LINGER_MS - 1)?.rule).toBe("loud");
    expect(inhibition.suppressor(quietRule("zone"), other, NOW + LINGER_MS)).toBeUndefined();
  });

  test("and says when it fires for fewer places than before", () => {
    const inhibition = new Inhibition();
    inhibition.setRules([loud, quietRule("zone")]);
    const both = ringOf("x", down("m", zoneA), down("o", zoneB));
    expect(inhibition.note(subject(loud, ring, ring.key), NOW)).toBe(false);
    expect(inhibition.note(subject(loud, both, ring.key), NOW)).toBe(false);
    expect(inhibition.note(subject(loud, ring, ring.key), NOW)).toBe(true);
  });

  test("of a stored alert whose ring has not been seen yet, by the ring's name alone", () => {
    const inhibition = new Inhibition();
    inhibition.setRules([loud, quietRule("ring")]);
    inhibition.note(subject(loud, undefined, ring.key), NOW);
    expect(inhibition.suppressor(quietRule("ring"), ring, NOW)?.rule).toBe("loud");
    expect(inhibition.suppressor(quietRule("zone"), ring, NOW)?.rule).toBeUndefined();
  });

  test("of one that fired before a restart for every place, until its ring is seen, for a minute at most", () => {
    const inhibition = new Inhibition();
    inhibition.setRules([loud, quietRule("zone")]);
    inhibition.takeUp(subject(loud, undefined, "data/y"), undefined, NOW);
    const untilMs = NOW + UNSEEN_MS;
    expect(inhibition.suppressor(quietRule("zone"), ring, NOW)).toEqual({ rule: "loud", untilMs });
    expect(inhibition.suppressor(quietRule("zone"), ring, untilMs)).toBeUndefined();
    expect(inhibition.note(subject(loud, ringOf("y", down("k", zoneB)), "data/y"), NOW)).toBe(true);
    expect(inhibition.suppressor(quietRule("zone"), ring, NOW)).toBeUndefined();
  });

  test("and forgotten with the last rule that named it", () => {
    const inhibition = new Inhibition();
    inhibition.setRules([loud, quietRule("ring")]);
    inhibition.note(subject(loud, ring, ring.key), NOW);
    inhibition.setRules([loud]);
    inhibition.setRules([loud, quietRule("ring")]);
    expect(inhibition.suppressor(quietRule("ring"), ring, NOW)?.rule).toBeUndefined();
  });
});
