import type { DestinationKinds } from "../rules/build-destinations.ts";
import { countProblems, formatProblems, plural } from "../rules/format-problems.ts";
import { formatResult } from "../rehearsal/format-result.ts";
import { type BadFile, type FileResults, junitXml } from "../rehearsal/junit.ts";
import { loadTests } from "../rehearsal/load-tests.ts";
import { runTest } from "../rehearsal/run-test.ts";
import type { TestFile } from "../rehearsal/test-case.ts";
import { EXIT } from "./cli.ts";
import { fileTrouble, newFileTrouble } from "./file-trouble.ts";

/** What `ringbell test` needs of the world. */
export interface TestIo {
  /** Reads a whole file. Throws what `node:fs` throws. */
  readonly readBytes: (path: string) => Uint8Array;
  /** All files below a directory, by their paths from here; undefined when the path is none. */
  readonly listFiles: (path: string) => readonly string[] | undefined;
  readonly writeFile: (path: string, text: string) => void;
  readonly kinds: DestinationKinds;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly colour: { readonly out: boolean; readonly error: boolean };
  /** Milliseconds from any moment on; for how long a test took. */
  readonly stopwatch: () => number;
}

/** What the user asked for. */
export interface TestOptions {
  /** Only tests with this text in their name or in their file's. */
  readonly filter?: string | undefined;
  /** Where to write the results as JUnit XML. */
  readonly junit?: string | undefined;
}

const TEST_FILE = /\.test\.ya?ml$/;

/**
 * `ringbell test FILE…`: plays the tests of every file on a virtual clock and prints how they ended. Returns the exit code: 0 when all
 * passed, 1 when one failed, 2 when a file is not right or there is nothing to play.
 */
export function test(paths: readonly string[], options: TestOptions, io: TestIo): number {
  const names = paths.flatMap((path) => testFilesOf(path, io));
  const loaded = names.map((name) => load(name, { ...io, readBytes: inWords(io.readBytes) }));
  const files = loaded.filter((file) => "tests" in file);
  const bad = loaded.filter((file) => "why" in file);
  const results = files
    .map((file) => playFile(file, options.filter, io))
    .filter(({ results }) => results.length > 0);
  const isBad = bad.length > 0 || names.length === 0;
  const all = results.flatMap((file) => file.results);
  if (all.length > 0) io.out(summary(results, bad.length));
  else if (!isBad) io.err(`No test has ${JSON.stringify(options.filter)} in its name or in its file's\n`);
  if (options.junit !== undefined && !writeJunit(options.junit, junitXml(results, bad), io))
    return EXIT.usage;
  if (isBad || all.length === 0) return EXIT.usage;
  return all.every(({ result }) => result.passed) ? EXIT.clean : EXIT.failure;
}

function writeJunit(path: string, xml: string, { writeFile, err }: TestIo): boolean {
  try {
    writeFile(path, xml);
    return true;
  } catch (error) {
    err(`Cannot write JUnit file ${path}: ${newFileTrouble(error)}\n`);
    return false;
  }
}

function testFilesOf(path: string, io: TestIo): readonly string[] {
  const below = io.listFiles(path);
  if (!below) return [path];
  const files = below.filter((name) => TEST_FILE.test(name)).toSorted();
  if (files.length === 0) io.err(`Cannot find tests in ${path}: no file below it ends in .test.yaml\n`);
  return files;
}

/** What went wrong with a file, for people. */
function inWords(readBytes: TestIo["readBytes"]): TestIo["readBytes"] {
  return (path) => {
    try {
      return readBytes(path);
    } catch (cause) {
      throw new Error(fileTrouble(cause), { cause });
    }
  };
}

function load(path: string, { kinds, readBytes, err, colour }: TestIo): TestFile | BadFile {
  const saidBad = (why: string): BadFile => {
    err(`${why}\n`);
    return { path, why };
  };
  let text: string;
  try {
    text = Buffer.from(readBytes(path)).toString("utf8");
  } catch (error) {
    return saidBad(`Cannot read test file ${path}: ${(error as Error).message}`);
  }
  if (/^destinations:/m.test(text) && !/^tests:/m.test(text))
    return saidBad(`Cannot play ${path}: it is a rules file and holds no tests, try ringbell check`);
  const loaded = loadTests(text, path, { kinds, readBytes });
  if (loaded.ok) return loaded.file;
  const { problems } = loaded;
  err(`${formatProblems(problems, colour.error)}\n${path}: ${countProblems(problems)}\n`);
  return { path, why: formatProblems(problems, false) };
}

function playFile(
  file: TestFile,
  filter: string | undefined,
  { out, colour, stopwatch }: TestIo,
): FileResults {
  const wanted = filter?.toLowerCase() ?? "";
  const tests = file.tests.filter(({ name }) => `${file.path} ${name}`.toLowerCase().includes(wanted));
  if (tests.length > 0) out(`${file.path}\n`);
  const results = tests.map((one) => {
    const startMs = stopwatch();
    const result = runTest(file.rules, one);
    const tookMs = stopwatch() - startMs;
    out(formatResult(result, tookMs, colour.out));
    return { result, tookMs };
  });
  if (tests.length > 0) out("\n");
  return { path: file.path, results };
}

function summary(files: readonly FileResults[], badFiles: number): string {
  const all = files.flatMap(({ results }) => results);
  const failed = all.filter(({ result }) => !result.passed).length;
  const tookMs = all.reduce((sum, one) => sum + one.tookMs, 0);
  const words = failed === 0 ? "all passed" : `${failed} failed, ${all.length - failed} passed`;
  const left = badFiles === 0 ? "" : `; not played: ${plural(badFiles, "file")} with errors`;
  return `${plural(all.length, "test")} in ${plural(files.length, "file")}: ${words}${left} (${Math.round(tookMs)} ms)\n`;
}
