#!/usr/bin/env node
import "./runtime/young-generation.ts";
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { KubeConfigError } from "./cluster/kube-config.ts";
import { registerCheck } from "./commands/check-command.ts";
import { type Cli, Exit, EXIT } from "./commands/cli.ts";
import { registerDemo } from "./commands/demo-command.ts";
import { registerExplain } from "./commands/explain-command.ts";
import { registerRbac } from "./commands/rbac-command.ts";
import { registerRecord } from "./commands/record-command.ts";
import { registerReplay } from "./commands/replay-command.ts";
import { registerRun } from "./commands/run-command.ts";
import { registerSchema } from "./commands/schema-command.ts";
import { registerSend } from "./commands/send-command.ts";
import { registerSilence } from "./commands/silence-command.ts";
import { registerTest } from "./commands/test-command.ts";
import { destinationKinds } from "./destinations/registry.ts";
import { VERSION } from "./runtime/version.ts";
import { ListenError } from "./server/ops-server.ts";
import { StateError } from "./state/sqlite-schema.ts";

const inColour = (stream: NodeJS.WriteStream): boolean => stream.isTTY && !process.env["NO_COLOR"];

const cli: Cli = {
  readText: (path) => readFileSync(path === "-" ? 0 : path, "utf8"),
  writeOut: (text) => void process.stdout.write(text),
  writeError: (text) => void process.stderr.write(text),
  colour: { out: inColour(process.stdout), error: inColour(process.stderr) },
  env: process.env,
  kinds: destinationKinds,
  stopSignal() {
    const stop = new AbortController();
    const onSignal = (): void => {
      // The second time the user means it, whichever of the two it is.
      if (stop.signal.aborted) process.exit(EXIT.failure);
      stop.abort();
    };
    process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
    return stop.signal;
  },
};

// Who closes the pipe, as head does, has seen enough: that is no failure of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

const program = new Command("ringbell")
  .description(
    "Watches the members of Kubernetes Services and rings the right bell when one of them changes.",
  )
  .version(VERSION, "-V, --version", "print the version")
  .helpOption("-h, --help", "print this help")
  .helpCommand("help [command]", "print the help of a command")
  .showHelpAfterError("(--help says more)")
  .configureOutput({ writeOut: cli.writeOut, writeErr: cli.writeError })
  .exitOverride()
  .addHelpText(
    "after",
    "\nA rules file to start from is rules.example.yaml; docs/rules.md explains each key.",
  );

const commands = [
  registerRun,
  registerCheck,
  registerTest,
  registerExplain,
  registerReplay,
  registerRecord,
  registerSend,
  registerSilence,
  registerRbac,
  registerSchema,
  registerDemo,
];
for (const register of commands) register(program, cli);

/** What these say is for people; of all else the stack is of use. */
const KNOWN = [StateError, KubeConfigError, ListenError];

function exitCode(error: unknown): number {
  if (error instanceof Exit) return error.code;
  // Commander has printed its message (or the help that was asked for).
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.clean : EXIT.usage;
  const known = KNOWN.some((kind) => error instanceof kind) || isSystemError(error);
  cli.writeError(known ? `${(error as Error).message}\n` : `${(error as Error).stack ?? String(error)}\n`);
  return EXIT.failure;
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === "string";
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCode(error);
}
