import type { Command } from "commander";
import { systemClock } from "../runtime/clock.ts";
import { type Cli, Exit } from "./cli.ts";
import { demo } from "./demo.ts";

/** `ringbell demo`. */
export function registerDemo(program: Command, cli: Cli): void {
  program
    .command("demo")
    .description("show what it does, in three quarters of a minute and without a cluster")
    .option("--fast", "as fast as it goes, in plain lines")
    .action(async ({ fast = false }: { fast?: boolean }) => {
      const { stdout } = process;
      const closed = new AbortController();
      // Who closes the pipe has seen enough.
      stdout.on("error", () => closed.abort());
      const code = await demo({
        fast,
        terminal: {
          isTTY: stdout.isTTY && cli.env["TERM"] !== "dumb",
          get columns() {
            return stdout.columns || 80;
          },
          get rows() {
            return stdout.rows || 24;
          },
          write: cli.writeOut,
        },
        err: cli.writeError,
        colour: cli.colour.out,
        command: cli.env["npm_lifecycle_event"] === undefined ? "ringbell" : "npm run -s ringbell --",
        clock: systemClock,
        stop: AbortSignal.any([cli.stopSignal(), closed.signal]),
      });
      throw new Exit(code);
    });
}
