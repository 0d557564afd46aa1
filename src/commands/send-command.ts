import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { destinationKinds } from "../destinations/registry.ts";
import { createSender, proxyFromEnv } from "../destinations/send.ts";
import { systemClock } from "../runtime/clock.ts";
import { systemRandom } from "../runtime/random.ts";
import { secretSource } from "../runtime/secret.ts";
import { type Cli, Exit, loadOrExit } from "./cli.ts";
import { send } from "./send.ts";

/** `ringbell send`. */
export function registerSend(program: Command, cli: Cli): void {
  program
    .command("send")
    .description("send a test notice to a destination, and say what came of it")
    .argument("<destination>", "a name below destinations in the rules file")
    .requiredOption("--rules <file>", "the rules file; - for standard input")
    .option("--rule <name>", "as a notice of this rule")
    .option("--retry", "try as usual until it is delivered or refused, not only once")
    .action(async (destination: string, flags: { rules: string; rule?: string; retry?: boolean }) => {
      const { file } = loadOrExit(flags.rules, cli);
      const proxy = proxyFromEnv(cli.env);
      const sender = createSender(proxy ? { proxy } : {});
      try {
        const code = await send({
          file,
          kinds: destinationKinds,
          destination,
          rule: flags.rule,
          retry: flags.retry ?? false,
          sender,
          readSecret: secretSource(cli.env, (path) => readFileSync(path, "utf8")),
          clock: systemClock,
          random: systemRandom,
          nonce: randomUUID(),
          proxied: proxy !== undefined,
          out: cli.writeOut,
          err: cli.writeError,
          stop: cli.stopSignal(),
        });
        throw new Exit(code);
      } finally {
        await sender.close();
      }
    });
}
