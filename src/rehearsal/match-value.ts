import { RE2JS } from "re2js";
import { parseDuration } from "../rules/duration.ts";

/** One field that is not as expected. */
export interface FieldDifference {
  /** `alert.episode`; empty for the value itself. */
  readonly path: string;
  readonly expected: string;
  readonly received: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** What may stand for a value instead of the value itself, each as a map with just this key. */
export const MATCHER_WORDS = ["contains", "matches", "at"] as const;

/**
 * Where a value is not as expected. Maps are compared by the keys that are expected, lists whole; `null` expects nothing. Of a text
 * `{ contains: … }` and `{ matches: … }` (RE2) will do, of a time `{ at: 30s }`, so long after `startMs`. A text stands
 * for a member, a ring or a member's change by its name; a list of them is in any order.
 */
export function differences(
  expected: unknown,
  received: unknown,
  startMs: number,
  path = "",
): FieldDifference[] {
  if (isSame(expected, received, startMs)) return [];
  if (Array.isArray(expected) && Array.isArray(received) && expected.length === received.length) {
    if (!expected.every((one) => typeof one === "string"))
      return expected.flatMap((one, index) =>
        differences(one, received[index], startMs, `${path}[${index}]`),
      );
  }
  if (isFields(expected) && isFields(received)) {
    return Object.entries(expected).flatMap(([key, value]) =>
      differences(value, received[key], startMs, path === "" ? key : `${path}.${key}`),
    );
  }
  return [{ path, expected: showValue(expected), received: showReceived(received, expected) }];
}

/** A value in few characters: `"text"`, `3`, `[a, b]`, `contains "x"`. */
export function showValue(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value))
    return `[${value.map((one) => (typeof one === "string" ? one : showValue(one))).join(", ")}]`;
  if (!isFields(value)) return JSON.stringify(value);
  const matcher = matcherOf(value);
  if (matcher !== undefined) return `${matcher} ${showValue(value[matcher])}`;
  const entries = Object.entries(value).map(([key, one]) => `${key}: ${showValue(one)}`);
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

/** The matcher that a map is, if it is one. */
export function matcherOf(value: unknown): (typeof MATCHER_WORDS)[number] | undefined {
  if (!isFields(value) || Object.keys(value).length !== 1) return undefined;
  return MATCHER_WORDS.find((word) => typeof value[word] === "string" || typeof value[word] === "number");
}

function isSame(expected: unknown, received: unknown, startMs: number): boolean {
  if (expected === null) return received === undefined || received === null;
  if (typeof expected === "string" && typeof received === "object")
    return namesOf(received).includes(expected);
  if (Array.isArray(expected)) return Array.isArray(received) && isSameList(expected, received);
  const matcher = matcherOf(expected);
  if (matcher === undefined || typeof received !== "string") return expected === received;
  const wanted = (expected as Fields)[matcher];
  if (matcher === "contains") return received.includes(String(wanted));
  if (matcher === "matches") return RE2JS.compile(String(wanted)).matcher(received).find();
  const after = parseDuration(String(wanted));
  return after.ok && Date.parse(received) === startMs + after.ms;
}

/** Lists of names alone, in any order. */
function isSameList(expected: readonly unknown[], received: readonly unknown[]): boolean {
  if (expected.length !== received.length || !expected.every((one) => typeof one === "string")) return false;
  const rest = [...received];
  return expected.every((name) => {
    const index = rest.findIndex((one) => one === name || namesOf(one).includes(name));
    if (index !== -1) rest.splice(index, 1);
    return index !== -1;
  });
}

/** By what a text may mean it: a member's or ring's name and key, and of a member's change what it is after it. */
function namesOf(value: unknown): readonly unknown[] {
  if (!isFields(value)) return [];
  return isFields(value["after"]) ? namesOf(value["after"]) : [value["name"], value["key"]];
}

/** As short as what was expected: where names will do, names. */
function showReceived(received: unknown, expected: unknown): string {
  if (Array.isArray(received)) {
    const names = received.map(
      (one: unknown) => namesOf(one).find((name) => typeof name === "string") ?? one,
    );
    return showValue(names);
  }
  const [name, key] = namesOf(received);
  return typeof expected === "string" && isFields(received) ? showValue(name ?? key) : showValue(received);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
