import { createWriteStream, openSync } from "node:fs";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { type Command, InvalidArgumentError } from "commander";
import { parseDuration } from "../rules/duration.ts";
import { systemClock } from "../runtime/clock.ts";
import { systemRandom } from "../runtime/random.ts";
import { VERSION } from "../runtime/version.ts";
import { type Cli, Exit, EXIT, loadOrExit } from "./cli.ts";
import { connect } from "./connect.ts";
import { newFileTrouble } from "./file-trouble.ts";
import { record } from "./record.ts";

interface RecordFlags {
  readonly rules: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly for?: number;
  readonly out: string;
  readonly anonymize?: boolean;
}

/** `ringbell record`. */
export function registerRecord(program: Command, cli: Cli): void {
  program
    .command("record")
    .description("record what the API server shows of the rings of a rules file, for replay")
    .requiredOption("--rules <file>", "the rules file; - for standard input")
    .option("--kubeconfig <file>", "how to reach the cluster, as for run")
    .option("--context <name>", "a context of the kubeconfig instead of its current one")
    .option("--for <duration>", "how long, such as 1h (default: until Ctrl-C)", durationOption)
    .option("--out <file>", "where to; compressed when the name ends in .gz; - for standard output", "-")
    .option("--anonymize", "write stand-ins for names, uids, addresses and labels")
    .action(async (flags: RecordFlags) => {
      const { file } = loadOrExit(flags.rules, cli);
      const connection = connect(flags, cli);
      const output = openOrExit(flags.out, cli);
      const stop = AbortSignal.any([cli.stopSignal(), output.failed]);
      const code = await record({
        file,
        connection,
        clock: systemClock,
        random: systemRandom,
        version: VERSION,
        write: (line) => output.write(line),
        err: cli.writeError,
        forMs: flags.for,
        anonymize: flags.anonymize ?? false,
        stop,
      });
      await connection.close();
      await output.close();
      throw new Exit(code);
    });
}

/** A recording that is being written. */
export interface RecordingOutput {
  write(line: string): void;
  /** Aborts when nothing can be written any more. */
  readonly failed: AbortSignal;
  /** Resolves when all is written; rejects with why it could not be. */
  close(): Promise<void>;
}

function openOrExit(path: string, { writeError }: Cli): RecordingOutput {
  try {
    return openRecording(path);
  } catch (error) {
    writeError(`Cannot write recording ${path}: ${newFileTrouble(error)}\n`);
    throw new Exit(EXIT.usage);
  }
}

/** Opens a file to record to; `-` is standard output. Throws what `node:fs` throws. */
export function openRecording(path: string): RecordingOutput {
  const failure = new AbortController();
  const sink: Writable = path === "-" ? process.stdout : createWriteStream(path, { fd: openSync(path, "w") });
  const head: Writable = path.endsWith(".gz") ? createGzip() : sink;
  if (head !== sink) head.pipe(sink);
  sink.on("error", (error) => failure.abort(error));
  return {
    write: (line) => void (failure.signal.aborted || head.write(line)),
    failed: failure.signal,
    async close() {
      failure.signal.throwIfAborted();
      // Standard output is not ours to end; it is written when the process ends.
      if (sink === process.stdout && head === sink) return;
      head.end();
      await finished(sink);
    },
  };
}

function durationOption(text: string): number {
  const duration = parseDuration(text);
  if (duration.ok && duration.ms > 0) return duration.ms;
  throw new InvalidArgumentError("wanted a duration such as 90s, 5m or 1h30m");
}
