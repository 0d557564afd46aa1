import { isGlob, matchesGlob } from "./glob.ts";
import type { Habit } from "./habit.ts";
import type { RingException, RingSelector, Rule } from "./rule.ts";

/** What a rule's selector can never do. `rules`: all of the file, by name. */
export function ringHabits(rule: Rule, rules: ReadonlyMap<string, Rule>): Habit[] {
  return [...emptyExceptions(rule.ring), ...exceptsAll(rule.ring), ...strangers(rule, rules)];
}

// A star alone means all: where nothing else is said, it would leave no ring.
function emptyExceptions({ except }: RingSelector): Habit[] {
  const message = 'an exception leaves out nothing that names no namespace, Service or label but "*"';
  return except.some(saysNothing) ? [{ keys: ["ring", "except"], message }] : [];
}

function saysNothing({ namespaces, services, labels }: RingException): boolean {
  return namespaces.length === 0 && services.length === 0 && Object.keys(labels).length === 0;
}

function exceptsAll(ring: RingSelector): Habit[] {
  const { namespaces, services, except } = ring;
  const leavesOut = (namespace: string, service: string): boolean =>
    except.some(
      (exception) =>
        !saysNothing(exception) &&
        covers(exception.namespaces, namespace) &&
        covers(exception.services, service) &&
        Object.entries(exception.labels).every(([key, value]) => ring.labels[key] === value),
    );
  const all = (patterns: readonly string[]): readonly string[] => (patterns.length === 0 ? ["*"] : patterns);
  const isEmpty = all(namespaces).every((namespace) =>
    all(services).every((service) => leavesOut(namespace, service)),
  );
  return isEmpty
    ? [
        {
          keys: ["ring", "except"],
          message: 'this rule is about no ring: "except" leaves out everything that "ring" selects',
        },
      ]
    : [];
}

/** True when every name that a pattern matches is matched by one of a list; empty lists are about all names. */
function covers(patterns: readonly string[], wanted: string): boolean {
  if (patterns.length === 0) return true;
  return patterns.some((pattern) => pattern === wanted || (!isGlob(wanted) && matchesGlob(pattern, wanted)));
}

/** Who is to speak for this rule, and is never about the same ring. */
function strangers({ ring, suppressedBy }: Rule, rules: ReadonlyMap<string, Rule>): Habit[] {
  return suppressedBy.flatMap(({ rule: name, same }, index): Habit[] => {
    const other = rules.get(name)?.ring;
    if (same !== "ring" || !other || mayMeet(ring, other)) return [];
    return [
      {
        keys: ["suppressedBy", index],
        message: `rule "${name}" is never about the same ring, so it never speaks for this one`,
        hint: "for what happens at the same place write { rule: …, same: node } or same: zone",
      },
    ];
  });
}

function mayMeet(a: RingSelector, b: RingSelector): boolean {
  return (
    overlap(a.namespaces, b.namespaces) &&
    overlap(a.services, b.services) &&
    Object.entries(a.labels).every(([key, value]) => (b.labels[key] ?? value) === value)
  );
}

// Of two globs nobody can say quickly that no name matches both.
function overlap(a: readonly string[], b: readonly string[]): boolean {
  if (a.length === 0 || b.length === 0) return true;
  return a.some((one) =>
    b.some((other) => (isGlob(one) ? isGlob(other) || matchesGlob(one, other) : matchesGlob(other, one))),
  );
}
