import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import type { Command } from "commander";
import { type Secret, SecretMissingError, secretSource } from "../runtime/secret.ts";
import { API_TOKEN_ENV, apiTokenFrom } from "../server/write-access.ts";
import { type Cli, Exit, EXIT } from "./cli.ts";
import { addSilence, expireSilence, listSilences, type SilenceIo } from "./silence.ts";
import { silenceClient } from "./silence-client.ts";
import { urlOption } from "./url-option.ts";

interface CommonFlags {
  readonly url?: URL;
  readonly tokenFile?: string;
  readonly json?: boolean;
}

interface AddFlags extends CommonFlags {
  readonly for?: string;
  readonly until?: string;
  readonly start?: string;
  readonly reason: string;
  readonly author?: string;
}

const DEFAULT_URL = new URL("http://127.0.0.1:8080");

/** `ringbell silence add`, `list` and `expire`. */
export function registerSilence(program: Command, cli: Cli): void {
  const silence = program
    .command("silence")
    .description("keep a running Ringbell from telling what matches, for a while");
  registerAdd(silence, cli);
  common(silence.command("list"))
    .description("list the silences that are not over")
    .option("--all", "also those of the last five days that are over")
    .action(async (flags: CommonFlags & { readonly all?: boolean }) => {
      throw new Exit(await listSilences(io(flags, cli), flags.all ?? false));
    });
  common(silence.command("expire"))
    .description("end a silence now")
    .argument("<id>", "its id, as `ringbell silence list` shows it")
    .action(async (id: string, flags: CommonFlags) => {
      throw new Exit(await expireSilence(id, io(flags, cli)));
    });
}

function registerAdd(silence: Command, cli: Cli): void {
  common(silence.command("add"))
    .description("silence what all of the matchers match")
    .argument(
      "<matcher...>",
      "NAME=VALUE or NAME!=VALUE; names: rule, namespace, service, severity, destination, label.KEY; * and ? make a glob",
    )
    .option("--for <duration>", "how long, such as 2h or 1h30m")
    .option("--until <time>", "until when, such as 2026-12-01T20:00:00Z")
    .option("--start <time>", "from when (default: now)")
    .requiredOption("--reason <text>", "why: others will ask")
    .option("--author <name>", "who asks (default: $USER)")
    .action(async (matchers: string[], flags: AddFlags) => {
      const { reason, start, until } = flags;
      const author = flags.author ?? (cli.env["USER"] || userName());
      const asked = { matchers, reason, author, start, until, for: flags.for };
      throw new Exit(await addSilence(asked, io(flags, cli)));
    });
}

// In a container the user often has a number and no name.
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "unknown";
  }
}

function common(command: Command): Command {
  return command
    .option("--url <url>", "where Ringbell listens (default: http://127.0.0.1:8080)", urlOption)
    .option(
      "--token-file <file>",
      `file of the API token, needed from elsewhere (default: $${API_TOKEN_ENV})`,
    )
    .option("--json", "print JSON");
}

function io(flags: CommonFlags, cli: Cli): SilenceIo {
  const client = silenceClient({ fetch, url: flags.url ?? DEFAULT_URL, token: readToken(flags, cli) });
  const { writeOut, writeError } = cli;
  return { client, writeOut, writeError, nowMs: Date.now(), json: flags.json ?? false };
}

function readToken({ tokenFile }: CommonFlags, { env, writeError }: Cli): Secret | undefined {
  const readSecret = secretSource(env, (path) => readFileSync(path, "utf8"));
  try {
    return apiTokenFrom(tokenFile, env, readSecret)();
  } catch (error) {
    if (!(error instanceof SecretMissingError)) throw error;
    writeError(`${error.message}\n`);
    throw new Exit(EXIT.usage);
  }
}
