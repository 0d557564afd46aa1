#!/usr/bin/env node
import "./runtime/young-generation.ts";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { watchPlan } from "./app.ts";
import { KubeConfigError } from "./cluster/kube-config.ts";
import { check } from "./commands/check.ts";
import { demo } from "./commands/demo.ts";
import { rbac } from "./commands/rbac.ts";
import { run } from "./commands/run.ts";
import { destinationKinds } from "./destinations/registry.ts";
import { formatProblems } from "./rules/format-problems.ts";
import { loadRules, type RulesFile } from "./rules/load-rules.ts";
import { systemClock } from "./runtime/clock.ts";
import { jsonLogger, LOG_LEVELS, type LogLevel } from "./runtime/logger.ts";
import { secretSource } from "./runtime/secret.ts";
import { VERSION } from "./runtime/version.ts";
import { parseListen } from "./server/ops-server.ts";
import { StateError } from "./state/sqlite-schema.ts";

/** A clean stop, a failure, bad usage or a bad rules file. */
const EXIT = { clean: 0, failure: 1, usage: 2 } as const;

const readText = (path: string): string => readFileSync(path === "-" ? 0 : path, "utf8");
const writeOut = (text: string): void => void process.stdout.write(text);
const writeError = (text: string): void => void process.stderr.write(text);
const inColour = (stream: NodeJS.WriteStream): boolean => stream.isTTY && !process.env["NO_COLOR"];

/** The process is done with this exit code; what is to be said has been said. */
class Exit extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`exit ${code}`);
    this.code = code;
  }
}

const program = new Command("ringbell")
  .description(
    "Watches the members of Kubernetes Services and rings the right bell when one of them changes.",
  )
  .version(VERSION, "-V, --version", "print the version")
  .helpOption("-h, --help", "print this help")
  .configureOutput({ writeOut, writeErr: writeError })
  .exitOverride()
  .addHelpText(
    "after",
    "\nA rules file to start from is rules.example.yaml; docs/rules.md explains each key.",
  );

program
  .command("run")
  .description("watch the cluster and send notices, until SIGTERM or SIGINT")
  .requiredOption("--rules <file>", "the rules file")
  .option(
    "--kubeconfig <file>",
    "how to reach the cluster (default: $KUBECONFIG, ~/.kube/config, in a Pod its service account)",
  )
  .option("--context <name>", "a context of the kubeconfig instead of its current one")
  .option("--data <dir>", "directory of the stored state", ".ringbell")
  .addOption(
    new Option("--listen <host:port>", "address of /healthz, /readyz and /metrics")
      .default(":8080")
      .argParser(listenOption),
  )
  .addOption(
    new Option("--log-level <level>", "least level that is logged").choices(LOG_LEVELS).default("info"),
  )
  .action(async (options: RunFlags) => {
    const listen = typeof options.listen === "string" ? listenOption(options.listen) : options.listen;
    const stop = new AbortController();
    const onSignal = (): void => {
      // The second time the user means it, whichever of the two it is.
      if (stop.signal.aborted) process.exit(EXIT.failure);
      stop.abort();
    };
    process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
    const { rules, logLevel, kubeconfig, context, data } = options;
    const { file, text } = loadOrExit(rules);
    await run({
      file,
      rulesPath: rules,
      rulesText: text,
      // Standard input has been read to its end: it does not change.
      readRules: () => (rules === "-" ? text : readText(rules)),
      onHangUp: (check) => void process.on("SIGHUP", check),
      kubeconfig,
      context,
      data,
      listen,
      env: process.env,
      readSecret: secretSource(process.env, (path) => readFileSync(path, "utf8")),
      newStoreId: randomUUID,
      logger: jsonLogger(logLevel),
      stop: stop.signal,
    });
  });

program
  .command("check")
  .description("check rules files and show what they would watch and tell")
  .argument("<file...>", "rules files; - for standard input")
  .action((paths: string[]) => {
    const colour = inColour(process.stdout);
    throw new Exit(
      check(paths, destinationKinds, { readFile: readText, out: writeOut, err: writeError, colour }),
    );
  });

program
  .command("rbac")
  .description("print the Roles and bindings that rules files need, and no more")
  .argument("<file...>", "rules files; - for standard input")
  .option("--service-account <name>", "who is allowed", "ringbell")
  .option("--namespace <name>", "the service account's namespace", "ringbell")
  .action(
    async (paths: string[], { serviceAccount, namespace }: { serviceAccount: string; namespace: string }) => {
      const loadScopes = (path: string) => {
        return { scopes: watchPlan(loadOrExit(path).file) };
      };
      const subject = { name: "ringbell", serviceAccount, serviceAccountNamespace: namespace };
      throw new Exit(await rbac(paths, subject, { loadScopes, writeOut, writeError }));
    },
  );

program
  .command("demo")
  .description("show what it does, in three quarters of a minute and without a cluster")
  .option("--fast", "as fast as it goes, in plain lines", false)
  .action(async ({ fast }: { fast: boolean }) => {
    const { stdout } = process;
    const stop = new AbortController();
    const onSignal = (): void => {
      if (stop.signal.aborted) process.exit(EXIT.failure);
      stop.abort();
    };
    process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
    // Who closes the pipe has seen enough.
    stdout.on("error", () => stop.abort());
    const code = await demo({
      fast,
      terminal: {
        isTTY: stdout.isTTY && process.env["TERM"] !== "dumb",
        get columns() {
          return stdout.columns || 80;
        },
        get rows() {
          return stdout.rows || 24;
        },
        write: writeOut,
      },
      err: writeError,
      colour: inColour(stdout),
      command: process.env["npm_lifecycle_event"] === undefined ? "ringbell" : "npm run -s ringbell --",
      clock: systemClock,
      stop: stop.signal,
    });
    throw new Exit(code);
  });

interface RunFlags {
  readonly rules: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly data: string;
  readonly listen: string | ReturnType<typeof listenOption>;
  readonly logLevel: LogLevel;
}

function listenOption(text: string) {
  const listen = parseListen(text);
  if (!listen) throw new InvalidArgumentError("wanted host:port or :port, as in 127.0.0.1:8080");
  return listen;
}

function loadOrExit(path: string): { readonly file: RulesFile; readonly text: string } {
  let text: string;
  try {
    text = readText(path);
  } catch (error) {
    writeError(`Cannot read rules file ${path}: ${(error as NodeJS.ErrnoException).code ?? "unreadable"}\n`);
    throw new Exit(EXIT.usage);
  }
  const loaded = loadRules(text, path, destinationKinds);
  const problems = loaded.ok ? loaded.warnings : loaded.problems;
  if (problems.length > 0) writeError(`${formatProblems(problems, inColour(process.stderr))}\n`);
  if (!loaded.ok) throw new Exit(EXIT.usage);
  return { file: loaded.file, text };
}

function exitCode(error: unknown): number {
  if (error instanceof Exit) return error.code;
  // Commander has printed its message (or the help that was asked for).
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.clean : EXIT.usage;
  const known = error instanceof StateError || error instanceof KubeConfigError || isSystemError(error);
  writeError(known ? `${(error as Error).message}\n` : `${(error as Error).stack ?? String(error)}\n`);
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
