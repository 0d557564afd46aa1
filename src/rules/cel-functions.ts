import type { Environment } from "@marcbachmann/cel-js";
import type { Duration, UnsignedInt } from "@marcbachmann/cel-js/evaluator";
import { registerRegex } from "./cel-regex.ts";

/** Functions that are called by their name. Others of the library are not CEL's, or not safe. */
export const CALLS: ReadonlySet<string> = new Set([
  "bool",
  "bytes",
  "double",
  "duration",
  "dyn",
  "has",
  "int",
  "size",
  "string",
  "timestamp",
  "type",
  "uint",
]);

/** Loops over the items of a list or the keys of a map. */
export const LOOPS: ReadonlySet<string> = new Set(["all", "exists", "exists_one", "map", "filter"]);

/** Functions that are called on a value: CEL's own, those of its strings extension, and those of Kubernetes for lists. */
export const METHODS: ReadonlySet<string> = new Set([
  ...LOOPS,
  "bind",
  "contains",
  "endsWith",
  "getDate",
  "getDayOfMonth",
  "getDayOfWeek",
  "getDayOfYear",
  "getFullYear",
  "getHours",
  "getMilliseconds",
  "getMinutes",
  "getMonth",
  "getSeconds",
  "indexOf",
  "join",
  "lastIndexOf",
  "lowerAscii",
  "max",
  "min",
  "re",
  "replace",
  "size",
  "split",
  "startsWith",
  "substring",
  "sum",
  "trim",
  "upperAscii",
]);

/**
 * Adds what users of Kubernetes expect: `sum`, `min` and `max` of lists of numbers, as in
 * https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-list-library, `replace` of the strings extension,
 * https://pkg.go.dev/github.com/google/cel-go/ext#Strings, and `re`.
 */
export function registerExtensions(environment: Environment): Environment {
  const sum = (zero: bigint | number) => (items: readonly (bigint | number)[]) => items.reduce(add, zero);
  registerRegex(environment)
    .registerFunction("list<int>.sum(): int", sum(0n), SYNCHRONOUS)
    .registerFunction("list<double>.sum(): double", sum(0), SYNCHRONOUS)
    .registerFunction("string.replace(string, string): string", replace, SYNCHRONOUS)
    .registerFunction("string.replace(string, string, int): string", replace, SYNCHRONOUS);
  registerConversions(environment);
  for (const type of ["int", "double", "google.protobuf.Timestamp", "google.protobuf.Duration"]) {
    environment
      .registerFunction(`list<${type}>.min(): ${type}`, extreme("min", isBelow), SYNCHRONOUS)
      .registerFunction(
        `list<${type}>.max(): ${type}`,
        extreme("max", (a, b) => isBelow(b, a)),
        SYNCHRONOUS,
      );
  }
  return environment;
}

/** The library would otherwise have to be ready for a promise. */
const SYNCHRONOUS = { async: false };

type Ordered = bigint | number | Date | { valueOf(): number };

function add(a: bigint | number, b: bigint | number): bigint | number {
  return typeof a === "bigint" && typeof b === "bigint" ? a + b : Number(a) + Number(b);
}

function isBelow(a: Ordered, b: Ordered): boolean {
  return a.valueOf() < b.valueOf();
}

function extreme(name: string, wins: (a: Ordered, b: Ordered) => boolean) {
  return (items: readonly Ordered[]): Ordered => {
    const [first, ...others] = items;
    if (first === undefined) throw new EmptyListError(name);
    return others.reduce((best, item) => (wins(item, best) ? item : best), first);
  };
}

/** An error in the library's form: it is shown by its summary. */
class EmptyListError extends Error {
  readonly summary: string;

  constructor(name: string) {
    super(`${name}() of an empty list`);
    this.summary = this.message;
  }
}

/** The first `limit` of them; all when there is no limit or it is negative. */
function replace(text: string, from: string, to: string, limit = -1n): string {
  let left = limit;
  return text.replaceAll(from, (found) => {
    if (left === 0n) return found;
    left -= 1n;
    return to;
  });
}

const TIME = "google.protobuf.Timestamp";
const DURATION = "google.protobuf.Duration";

/** CEL's own conversions that the library lacks: https://github.com/google/cel-spec/blob/master/doc/langdef.md#standard-definitions */
function registerConversions(environment: Environment): void {
  environment
    .registerFunction("int(uint): int", (value: UnsignedInt) => value.valueOf(), SYNCHRONOUS)
    .registerFunction(
      `int(${TIME}): int`,
      (time: Date) => BigInt(Math.floor(time.getTime() / 1000)),
      SYNCHRONOUS,
    )
    .registerFunction(
      `string(${TIME}): string`,
      (time: Date) => time.toISOString().replace(/\.?0*Z$/, "Z"),
      SYNCHRONOUS,
    )
    .registerFunction(`string(${DURATION}): string`, (span: Duration) => span.toString(), SYNCHRONOUS)
    .registerFunction(`timestamp(${TIME}): ${TIME}`, (time: Date) => time, SYNCHRONOUS)
    .registerFunction(`duration(${DURATION}): ${DURATION}`, (span: Duration) => span, SYNCHRONOUS);
}
