import type { RulesFile } from "../rules/load-rules.ts";
import type { StagedRingOptions } from "./staged-ring.ts";
import type { RawExpectation, RawSilent } from "./test-schema.ts";

/** A place in a file; line and column count from 1. */
export interface FilePlace {
  readonly path: string;
  readonly line: number;
  readonly column: number;
}

/** A file of tests that is right. */
export interface TestFile {
  /** As the user named it. */
  readonly path: string;
  readonly rules: RulesFile;
  readonly tests: readonly TestCase[];
}

/** One test. Times are milliseconds after its beginning. */
export interface TestCase {
  readonly name: string;
  readonly place: FilePlace;
  readonly rings: readonly StagedRingOptions[];
  /** Labels of namespaces. */
  readonly namespaces: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** The moment that the test begins, in epoch milliseconds. */
  readonly startMs: number;
  /** Ringbell starts with the test; else it has watched for a while. */
  readonly freshStart: boolean;
  /** In the order of time. */
  readonly steps: readonly TestStep[];
  /** How long it goes on after the last step; undefined: until nothing is due. */
  readonly forMs: number | undefined;
  readonly expected: readonly ExpectedNotice[];
  /** Others may be said too. */
  readonly mayHoldMore: boolean;
  readonly silent: RawSilent | undefined;
  /** Rules that its steps go over to. Undefined when something is wrong with one of them. */
  readonly laterRules: readonly RulesFile[] | undefined;
}

/** What happens at one moment. */
export interface TestStep {
  readonly atMs: number;
  readonly place: FilePlace;
  /** The ring that it happens to; undefined: the only one, or all. */
  readonly ring: string | undefined;
  readonly acts: readonly StepAct[];
  /** A checkpoint: nothing has been said since the step before. */
  readonly silent: RawSilent | undefined;
  /** For people: `remove: cassandra-2`. */
  readonly text: string;
}

/** One word of a step with its value, as its schema, or its `load`, has made it. */
export interface StepAct {
  readonly word: string;
  readonly value: unknown;
}

/** One notice that one destination is expected to get. */
export interface ExpectedNotice {
  readonly atMs: number;
  readonly withinMs: number;
  readonly destination: string;
  readonly place: FilePlace;
  /** What its fields must be. `request` is about the HTTP request, all others are the notice's. */
  readonly fields: Readonly<Omit<RawExpectation, "at" | "within" | "destination">>;
}
