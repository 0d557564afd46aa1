import { formatProblems } from "../rules/format-problems.ts";
import type { DestinationKinds } from "../rules/build-destinations.ts";
import { loadRules, type RulesFile } from "../rules/load-rules.ts";
import { fileTrouble } from "./file-trouble.ts";

/** A clean end, a failure, bad usage or a bad rules file. */
export const EXIT = { clean: 0, failure: 1, usage: 2 } as const;

/** The process is done with this exit code; what is to be said has been said. */
export class Exit extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`exit ${code}`);
    this.code = code;
  }
}

/** What every command has of the process. */
export interface Cli {
  /** Reads a whole file as UTF-8, or standard input for the path `-`. Throws what `node:fs` throws. */
  readonly readText: (path: string) => string;
  readonly writeOut: (text: string) => void;
  readonly writeError: (text: string) => void;
  /** Whether standard output, or standard error, may be coloured. */
  readonly colour: { readonly out: boolean; readonly error: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly kinds: DestinationKinds;
  /** Aborts at the first SIGTERM or SIGINT from then on; the second ends the process at once. */
  readonly stopSignal: () => AbortSignal;
}

/** Reads a rules file and prints what is wrong with it. Throws `Exit` when that is an error. */
export function loadOrExit(
  path: string,
  { readText, writeError, colour, kinds }: Pick<Cli, "readText" | "writeError" | "colour" | "kinds">,
): { readonly file: RulesFile; readonly text: string } {
  let text: string;
  try {
    text = readText(path);
  } catch (error) {
    writeError(`Cannot read rules file ${path}: ${fileTrouble(error)}\n`);
    throw new Exit(EXIT.usage);
  }
  const loaded = loadRules(text, path, kinds);
  const problems = loaded.ok ? loaded.warnings : loaded.problems;
  if (problems.length > 0) writeError(`${formatProblems(problems, colour.error)}\n`);
  if (!loaded.ok) throw new Exit(EXIT.usage);
  return { file: loaded.file, text };
}
