import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Command, InvalidArgumentError, Option } from "commander";
import { jsonLogger, LOG_LEVELS, type LogLevel } from "../runtime/logger.ts";
import { secretSource } from "../runtime/secret.ts";
import { parseListen } from "../server/ops-server.ts";
import { type Cli, loadOrExit } from "./cli.ts";
import { run } from "./run.ts";

interface RunFlags {
  readonly rules: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly data: string;
  readonly listen: string | ReturnType<typeof listenOption>;
  readonly apiTokenFile?: string;
  readonly logLevel: LogLevel;
}

/** `ringbell run`. */
export function registerRun(program: Command, cli: Cli): void {
  program
    .command("run")
    .description("watch the cluster and send notices, until SIGTERM or SIGINT")
    .requiredOption("--rules <file>", "the rules file; - for standard input")
    .option(
      "--kubeconfig <file>",
      "how to reach the cluster (default: $KUBECONFIG, ~/.kube/config, in a Pod its service account)",
    )
    .option("--context <name>", "a context of the kubeconfig instead of its current one")
    .option("--data <dir>", "directory of the stored state", ".ringbell")
    .addOption(
      new Option("--listen <host:port>", "address of /healthz, /readyz, /metrics and the API")
        .default(":8080")
        .argParser(listenOption),
    )
    .option(
      "--api-token-file <file>",
      "a file with the token that allows silences from other machines (default: $RINGBELL_API_TOKEN)",
    )
    .addOption(
      new Option("--log-level <level>", "least level that is logged").choices(LOG_LEVELS).default("info"),
    )
    .action(async (options: RunFlags) => {
      const { rules, logLevel, kubeconfig, context, data } = options;
      const listen = typeof options.listen === "string" ? listenOption(options.listen) : options.listen;
      const stop = cli.stopSignal();
      const { file, text } = loadOrExit(rules, cli);
      await run({
        file,
        rulesPath: rules,
        rulesText: text,
        // Standard input has been read to its end: it does not change.
        readRules: () => (rules === "-" ? text : cli.readText(rules)),
        onHangUp: (check) => void process.on("SIGHUP", check),
        kubeconfig,
        context,
        data,
        listen,
        apiTokenFile: options.apiTokenFile,
        env: cli.env,
        readSecret: secretSource(cli.env, (path) => readFileSync(path, "utf8")),
        newStoreId: randomUUID,
        logger: jsonLogger(logLevel),
        stop,
      });
    });
}

function listenOption(text: string) {
  const listen = parseListen(text);
  if (!listen) throw new InvalidArgumentError("wanted host:port or :port, as in 127.0.0.1:8080");
  return listen;
}
