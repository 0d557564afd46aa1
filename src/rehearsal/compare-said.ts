import { formatDuration } from "../rules/duration.ts";
import type { Said } from "./said.ts";
import { differences, type FieldDifference } from "./match-value.ts";
import type { ExpectedNotice } from "./test-case.ts";

/** What became of an expectation, or of what was said. */
export type Comparison =
  | { readonly kind: "asExpected"; readonly expected: ExpectedNotice; readonly said: Said }
  | {
      readonly kind: "differs";
      readonly expected: ExpectedNotice;
      readonly said: Said;
      readonly fields: readonly FieldDifference[];
    }
  | { readonly kind: "missing"; readonly expected: ExpectedNotice }
  | { readonly kind: "unexpected"; readonly said: Said };

/**
 * Holds what was said against what was expected, one to one: as many as can be as they were expected to be, then those that come near,
 * then what is left of either. `startMs` is the test's beginning.
 */
export function compareSaid(
  expected: readonly ExpectedNotice[],
  said: readonly Said[],
  startMs: number,
): Comparison[] {
  const pairs = bestPairs(expected, said, startMs);
  const comparisons: Comparison[] = [];
  const rest = new Set(said);
  for (const [one, heard] of pairs) {
    comparisons.push({ kind: "asExpected", expected: one, said: heard });
    rest.delete(heard);
  }
  const unmet = expected.filter((one) => !pairs.has(one));
  const near = unmet.flatMap((one) =>
    [...rest]
      .filter((heard) => comesNear(one, heard, startMs))
      .map((heard) => ({ one, heard, fields: fieldsOf(one, heard, startMs) })),
  );
  const open = new Set(unmet);
  for (const { one, heard, fields } of near.toSorted((a, b) => a.fields.length - b.fields.length)) {
    if (!open.has(one) || !rest.has(heard)) continue;
    open.delete(one);
    rest.delete(heard);
    comparisons.push({ kind: "differs", expected: one, said: heard, fields });
  }
  for (const one of open) comparisons.push({ kind: "missing", expected: one });
  for (const heard of rest) comparisons.push({ kind: "unexpected", said: heard });
  return comparisons;
}

/** A pairing of the greatest size, by augmenting paths: with `within` one notice may do for several expectations. */
function bestPairs(
  expected: readonly ExpectedNotice[],
  said: readonly Said[],
  startMs: number,
): Map<ExpectedNotice, Said> {
  const fits = new Map(
    expected.map((one) => [one, said.filter((heard) => fieldsOf(one, heard, startMs).length === 0)]),
  );
  const takenBy = new Map<Said, ExpectedNotice>();
  const place = (one: ExpectedNotice, tried: Set<Said>): boolean => {
    for (const heard of fits.get(one) ?? []) {
      if (tried.has(heard)) continue;
      tried.add(heard);
      const holder = takenBy.get(heard);
      if (holder && !place(holder, tried)) continue;
      takenBy.set(heard, one);
      return true;
    }
    return false;
  };
  for (const one of expected) place(one, new Set());
  return new Map([...takenBy].map(([heard, one]) => [one, heard]));
}

/** Where a notice is not as expected, its time and destination included. */
function fieldsOf(one: ExpectedNotice, heard: Said, startMs: number): FieldDifference[] {
  if (heard.destination !== one.destination)
    return [{ path: "destination", expected: one.destination, received: heard.destination }];
  const { request, ...notice } = one.fields;
  const afterMs = heard.atMs - startMs;
  const isInTime = Math.abs(afterMs - one.atMs) <= one.withinMs;
  return [
    ...(isInTime ? [] : [timeDifference(one, afterMs)]),
    ...differences(notice, heard.notice, startMs),
    ...(request === undefined ? [] : differences(request, heard.request, startMs, "request")),
  ];
}

function timeDifference({ atMs, withinMs }: ExpectedNotice, afterMs: number): FieldDifference {
  const within = withinMs > 0 ? ` within ${formatDuration(withinMs)}` : "";
  return { path: "at", expected: `${formatOffset(atMs)}${within}`, received: formatOffset(afterMs) };
}

/** True when it is probably the one that was meant: the same rule and kind to the same destination, or its very moment. */
function comesNear(one: ExpectedNotice, heard: Said, startMs: number): boolean {
  if (heard.destination !== one.destination) return false;
  const { rule, kind } = one.fields;
  const isSameRule = rule === undefined || rule === heard.notice.rule;
  const isSameKind = kind === undefined || kind === heard.notice.kind;
  const isInTime = Math.abs(heard.atMs - startMs - one.atMs) <= one.withinMs;
  return isInTime ? isSameRule || isSameKind : isSameRule && isSameKind && rule !== undefined;
}

/** A moment of a test: `1m30s` after its beginning, `-2h` before it. */
export function formatOffset(afterMs: number): string {
  return afterMs < 0 ? `-${formatDuration(-afterMs)}` : formatDuration(afterMs);
}
