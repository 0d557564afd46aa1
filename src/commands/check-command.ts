import type { Command } from "commander";
import { check } from "./check.ts";
import { type Cli, Exit } from "./cli.ts";

/** `ringbell check`. */
export function registerCheck(program: Command, cli: Cli): void {
  program
    .command("check")
    .description("check rules files and show what they would watch and tell")
    .argument("<file...>", "rules files; - for standard input")
    .action((paths: string[]) => {
      const io = {
        readFile: cli.readText,
        out: cli.writeOut,
        err: cli.writeError,
        colour: cli.colour.out,
      };
      throw new Exit(check(paths, cli.kinds, io));
    });
}
