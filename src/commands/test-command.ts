import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { type Cli, Exit } from "./cli.ts";
import { test } from "./test.ts";

/** `ringbell test`. */
export function registerTest(program: Command, cli: Cli): void {
  program
    .command("test")
    .description("play tests of rules on a virtual clock: an hour takes milliseconds")
    .argument("<file...>", "files of tests; of a directory all *.test.yaml below it")
    .option("--filter <text>", "only tests with this text in their name or in their file's")
    .option("--junit <file>", "also write the results as JUnit XML")
    .addHelpText("after", "\nHow to write tests is in docs/testing-rules.md.")
    .action((paths: string[], options: { filter?: string; junit?: string }) => {
      const code = test(paths, options, {
        readBytes: (path) => readFileSync(path),
        listFiles,
        writeFile: (path, text) => writeFileSync(path, text),
        kinds: cli.kinds,
        out: cli.writeOut,
        err: cli.writeError,
        colour: cli.colour,
        stopwatch: () => performance.now(),
      });
      throw new Exit(code);
    });
}

function listFiles(path: string): readonly string[] | undefined {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return undefined;
  return readdirSync(path, { recursive: true, encoding: "utf8" }).map((name) => join(path, name));
}
