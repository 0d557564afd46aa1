import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { readHistory } from "../rehearsal/recorded-history.ts";
import { RecordingError } from "../rehearsal/recording-lines.ts";
import { type Cli, Exit, EXIT, loadOrExit } from "./cli.ts";
import { fileTrouble } from "./file-trouble.ts";
import { replayCommand } from "./replay.ts";

/** `ringbell replay`. */
export function registerReplay(program: Command, cli: Cli): void {
  program
    .command("replay")
    .description("show what a rules file would have told while a recording was made")
    .argument("<recording>", "a file of ringbell record, or a watch with its .meta.json")
    .requiredOption("--rules <file>", "the rules file; - for standard input")
    .option("--diff <file>", "show only how this rules file differs")
    .option("--json", "print JSON")
    .action((recording: string, flags: { rules: string; diff?: string; json?: boolean }) => {
      const rules = { path: flags.rules, file: loadOrExit(flags.rules, cli).file };
      const { diff } = flags;
      const other = diff === undefined ? undefined : { path: diff, file: loadOrExit(diff, cli).file };
      const history = readOrExit(recording, cli);
      const { writeOut: out, writeError: err } = cli;
      replayCommand({ history, recording, rules, other, json: flags.json ?? false, out, err });
    });
}

/** Reads a recording. Throws `Exit` with what is wrong with it said. */
export function readOrExit(path: string, { writeError }: Pick<Cli, "writeError">) {
  try {
    return readHistory(path, (file) => readFileSync(file));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (!(error instanceof RecordingError) && code === undefined) throw error;
    const missing = (error as NodeJS.ErrnoException).path;
    writeError(
      error instanceof RecordingError
        ? `${error.message}\n`
        : `Cannot read recording ${path}: ${missing === undefined || missing === path ? "" : `${missing}: `}${fileTrouble(error)}\n`,
    );
    throw new Exit(EXIT.usage);
  }
}
