import { Duration, UnsignedInt } from "@marcbachmann/cel-js/evaluator";
import { getConformanceSuite } from "@bufbuild/cel-spec/testdata/tests.js";
import type { IncrementalTest, IncrementalTestSuite } from "@bufbuild/cel-spec/testdata/tests.js";
import type { Type } from "@bufbuild/cel-spec/cel/expr/checked_pb.js";
import type { Value } from "@bufbuild/cel-spec/cel/expr/value_pb.js";

/** One case of CEL's conformance suite: https://github.com/google/cel-spec/tree/master/tests/simple */
export interface SpecCase {
  /** `suite/section/name`, with a number where a name stands twice. */
  readonly id: string;
  readonly test: IncrementalTest;
}

/** What of the suite Ringbell's expressions can be measured by: the language, its strings extension and cel.bind. */
const SUITES: ReadonlySet<string> = new Set([
  "basic",
  "bindings_ext",
  "comparisons",
  "conversions",
  "fields",
  "fp_math",
  "integer_math",
  "lists",
  "logic",
  "macros",
  "parse",
  "plumbing",
  "string",
  "string_ext",
  "timestamps",
]);

/** The suite's cases that need no protobuf messages: there are none in the rules file. */
export function specCases(): readonly SpecCase[] {
  const seen = new Map<string, number>();
  const cases: SpecCase[] = [];
  const walk = (suite: IncrementalTestSuite, path: string): void => {
    for (const test of suite.tests) {
      if (needsMessages(test)) continue;
      const name = `${path}/${test.original.name}`;
      const times = (seen.get(name) ?? 0) + 1;
      seen.set(name, times);
      cases.push({ id: times === 1 ? name : `${name}#${times}`, test });
    }
    for (const inner of suite.suites) walk(inner, `${path}/${inner.name}`);
  };
  for (const suite of getConformanceSuite().suites) if (SUITES.has(suite.name)) walk(suite, suite.name);
  return cases;
}

const MESSAGES =
  /TestAll|NestedTest|google\.(?:protobuf\.(?!Timestamp\b|Duration\b)|api|type)|cel\.@|proto\d?\.|\{[a-z_]+:/;

function needsMessages({ original }: IncrementalTest): boolean {
  const texts = [
    original.expr,
    JSON.stringify(original.typeEnv, plain),
    JSON.stringify(original.bindings, plain),
  ];
  return (
    original.container !== "" ||
    MESSAGES.test(texts[0] ?? "") ||
    texts.some((text) => /TestAll|Wrapper|Struct\b/.test(text))
  );
}

function plain(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}` : value;
}

/** A value of the suite as the library has it; undefined for one that it cannot have. */
export function libraryValue({ kind }: Value): unknown {
  switch (kind.case) {
    case "nullValue":
      return null;
    case "uint64Value":
      return new UnsignedInt(kind.value);
    case "listValue":
      return kind.value.values.map(libraryValue);
    case "mapValue":
      return new Map(
        kind.value.entries.map(({ key, value }) => [key && libraryValue(key), value && libraryValue(value)]),
      );
    case "objectValue":
      return wellKnown(kind.value.typeUrl, kind.value.value);
    case "typeValue":
      return { typeName: kind.value };
    case "boolValue":
    case "int64Value":
    case "doubleValue":
    case "stringValue":
    case "bytesValue":
      return kind.value;
    case "enumValue":
    case undefined:
      return undefined;
  }
}

/** Timestamps and durations: field 1 is seconds, field 2 nanoseconds, both varints. */
function wellKnown(typeUrl: string, bytes: Uint8Array): unknown {
  let [seconds, nanos] = [0n, 0n];
  for (let at = 0; at < bytes.length;) {
    const field = (bytes[at] ?? 0) >> 3;
    let [value, shift] = [0n, 0n];
    do {
      at += 1;
      value |= BigInt((bytes[at] ?? 0) & 127) << shift;
      shift += 7n;
    } while ((bytes[at] ?? 0) > 127);
    at += 1;
    if (field === 1) seconds = BigInt.asIntN(64, value);
    else nanos = BigInt.asIntN(64, value);
  }
  return typeUrl.endsWith("Timestamp")
    ? new Date(Number(seconds) * 1000 + Number(nanos) / 1e6)
    : new Duration(seconds, Number(nanos));
}

/** A declared type by the library's name; `dyn` for what it has no word for. */
export function libraryType(type: Type | undefined): string {
  const kind = type?.typeKind;
  if (kind?.case === "listType") return `list<${libraryType(kind.value.elemType)}>`;
  if (kind?.case === "mapType") {
    return `map<${libraryType(kind.value.keyType)}, ${libraryType(kind.value.valueType)}>`;
  }
  if (kind?.case === "primitive") {
    return ["dyn", "bool", "int", "uint", "double", "string", "bytes"][kind.value] ?? "dyn";
  }
  if (kind?.case !== "wellKnown") return "dyn";
  return ["dyn", "dyn", "google.protobuf.Timestamp", "google.protobuf.Duration"][kind.value] ?? "dyn";
}

/** Whether two of the library's values are one and the same by the suite's measure: NaN is NaN, -0 is not 0. */
export function sameValue(got: unknown, wanted: unknown): boolean {
  if (typeof wanted !== "object" || wanted === null) return Object.is(got, wanted);
  if (typeof got !== "object" || got === null) return false;
  if ("typeName" in wanted) return "name" in got && got.name === wanted.typeName;
  if (wanted instanceof Date) return got instanceof Date && got.getTime() === wanted.getTime();
  if (wanted instanceof UnsignedInt) return got instanceof UnsignedInt && got.value === wanted.value;
  if (wanted instanceof Duration) {
    return got instanceof Duration && got.seconds === wanted.seconds && got.nanos === wanted.nanos;
  }
  if (wanted instanceof Uint8Array) return got instanceof Uint8Array && Buffer.compare(got, wanted) === 0;
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(got) && got.length === wanted.length && wanted.every((item, i) => sameValue(got[i], item))
    );
  }
  return wanted instanceof Map && sameMap(got, wanted);
}

// The library makes map literals objects, whose keys are always strings.
function sameMap(got: object, wanted: ReadonlyMap<unknown, unknown>): boolean {
  const entries: [string, unknown][] =
    got instanceof Map ? [...got].map(([key, value]) => [String(key), value]) : Object.entries(got);
  const found = new Map(entries);
  return (
    found.size === wanted.size &&
    [...wanted].every(([key, value]) => found.has(String(key)) && sameValue(found.get(String(key)), value))
  );
}
