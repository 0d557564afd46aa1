import { Duration, UnsignedInt } from "@marcbachmann/cel-js/evaluator";
import {
  celEnv,
  celMethod,
  CelScalar,
  isCelError,
  isCelMap,
  listType,
  parse,
  plan,
  run,
} from "@bufbuild/cel";
import type { CelInput, CelResult } from "@bufbuild/cel";
import { strings } from "@bufbuild/cel/ext";
import { CEL_TYPES } from "../../src/rules/cel-fields.ts";
import type { CelTypeName } from "../../src/rules/cel-fields.ts";

/** What an implementation makes of an expression: its value as JSON has it, or that it has none. */
export type Made = { readonly value: unknown } | "error";

const NUMBERS = listType(CelScalar.DYN);

/** Buf's CEL with the functions that Ringbell adds, told in their own words. */
const ENVIRONMENT = celEnv({
  funcs: [
    ...strings,
    celMethod("re", CelScalar.STRING, [CelScalar.STRING], CelScalar.BOOL, function re(pattern) {
      return run("text.matches(pattern)", { text: this, pattern }) === true;
    }),
    celMethod("sum", NUMBERS, [], CelScalar.DYN, function sum() {
      return [...this].reduce<CelInput>((total, item) => must(run("a + b", { a: total, b: item })), 0n);
    }),
    celMethod("min", NUMBERS, [], CelScalar.DYN, function min() {
      return first([...this].toSorted((a, b) => (run("a < b", { a, b }) === true ? -1 : 1)));
    }),
    celMethod("max", NUMBERS, [], CelScalar.DYN, function max() {
      return first([...this].toSorted((a, b) => (run("a > b", { a, b }) === true ? -1 : 1)));
    }),
  ],
});

function first(items: readonly CelInput[]): CelInput {
  const [item] = items;
  if (item === undefined) throw new Error("empty");
  return item;
}

function must(result: CelResult): CelInput {
  if (isCelError(result)) throw new Error("no value");
  return result;
}

/** Evaluates with Buf's implementation. */
export function evaluateByOracle(source: string, context: object): Made {
  try {
    const bindings = Object.fromEntries(
      Object.entries(context)
        .filter(([name]) => name !== "sizes")
        .map(([name, value]) => [name, input(value)]),
    );
    const result = plan(ENVIRONMENT, parse(source))(bindings);
    return isCelError(result) ? "error" : { value: plain(result) };
  } catch {
    return "error";
  }
}

/** A value of Ringbell's contexts in the oracle's form. Undefined is left out, so that has() tells. */
function input(value: unknown): CelInput {
  if (value instanceof Date) return must(run(`timestamp("${value.toISOString()}")`));
  if (Array.isArray(value)) return value.map(input);
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [String(key), input(item)]));
  if (typeof value !== "object" || value === null) return value as CelInput;
  if (value instanceof Duration) return must(run(`duration("${value.toString()}")`));
  const fields = fieldsOf(value);
  return Object.fromEntries(
    fields.flatMap((key): [string, CelInput][] => {
      const item: unknown = Reflect.get(value, key);
      return item === undefined ? [] : [[key, input(item)]];
    }),
  );
}

/** Lists are made when asked for, so that they are no fields of the object's own. */
function fieldsOf(value: object): string[] {
  const type = value.constructor.name.replace(/^Cel/, "");
  return type in CEL_TYPES ? Object.keys(CEL_TYPES[type as CelTypeName]) : Object.keys(value);
}

/** A result of either implementation as JSON has it: numbers by kind, timestamps and durations in milliseconds. */
export function plain(value: unknown): unknown {
  if (typeof value === "bigint") return `${value}`;
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date) return { ms: value.getTime() };
  if ("message" in value) return plain(value.message);
  if ("seconds" in value && "nanos" in value)
    return { ms: Number(value.seconds) * 1000 + Number(value.nanos) / 1e6 };
  if (Array.isArray(value)) return value.map(plain);
  // The library's own maps fill themselves when they are looped over, and not by entries().
  if (value instanceof Map) return sorted([...value].map(([key, item]) => [String(key), item]));
  if (isCelMap(value)) return sorted([...value.entries()].map(([key, item]) => [key as string, item]));
  if (Symbol.iterator in value) return [...(value as Iterable<unknown>)].map(plain);
  if (value instanceof UnsignedInt) return `${value.value}u`;
  if ("value" in value && typeof value.value === "bigint") return `${value.value}u`;
  return sorted(fieldsOf(value).map((key) => [key, Reflect.get(value, key)]));
}

function sorted(entries: readonly (readonly [string, unknown])[]): unknown {
  return Object.fromEntries(
    entries
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, plain(value)] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}
