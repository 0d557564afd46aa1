import { type Command, InvalidArgumentError, Option } from "commander";
import { standingFromJson, type StandingJson } from "../alerts/standing-json.ts";
import { planFor } from "../app.ts";
import { replay } from "../rehearsal/replay.ts";
import type { RulesFile } from "../rules/load-rules.ts";
import { systemClock } from "../runtime/clock.ts";
import { type Cli, Exit, EXIT, loadOrExit } from "./cli.ts";
import { connect } from "./connect.ts";
import { explain, firstSight, type Truth } from "./explain.ts";
import { listOnce } from "./list-once.ts";
import { readOrExit } from "./replay-command.ts";
import { REACH_HINT, requestTrouble, urlOption } from "./url-option.ts";

interface ExplainFlags {
  readonly ring?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly recording?: string;
  readonly url?: URL;
  readonly json?: boolean;
}

const SOURCES = ["kubeconfig", "context", "recording", "url"];

/** `ringbell explain`. */
export function registerExplain(program: Command, cli: Cli): void {
  program
    .command("explain")
    .description("show what each rule makes of each ring now, and what it would say next")
    .argument("<file>", "the rules file; - for standard input")
    .option("--ring <namespace/service>", "only this ring", ringOption)
    .option("--kubeconfig <file>", "how to reach the cluster, as for run")
    .option("--context <name>", "a context of the kubeconfig instead of its current one")
    .addOption(
      new Option("--recording <file>", "look at the end of a recording, not at a cluster").conflicts(
        SOURCES.filter((name) => name !== "recording"),
      ),
    )
    .addOption(
      new Option("--url <url>", "ask a running Ringbell, such as http://127.0.0.1:8080")
        .argParser(urlOption)
        .conflicts(SOURCES.filter((name) => name !== "url")),
    )
    .option("--json", "print JSON")
    .action(async (path: string, flags: ExplainFlags) => {
      const { file } = loadOrExit(path, cli);
      const truth = await truthFrom(file, flags, cli);
      const { writeOut: out, writeError: err } = cli;
      throw new Exit(explain({ file, truth, ring: flags.ring, json: flags.json ?? false, out, err }));
    });
}

async function truthFrom(file: RulesFile, flags: ExplainFlags, cli: Cli): Promise<Truth> {
  if (flags.url !== undefined) {
    const asked = await askStandings(flags.url, fetch, systemClock.now());
    if ("failure" in asked) {
      cli.writeError(`${asked.failure}\n`);
      throw new Exit(EXIT.failure);
    }
    return asked;
  }
  if (flags.recording !== undefined) {
    const history = readOrExit(flags.recording, cli);
    const { standings, warnings } = replay(file, history);
    return { nowMs: history.endMs, standings, warnings: [...history.warnings, ...warnings], note: undefined };
  }
  return await lookAtCluster(file, flags, cli);
}

async function lookAtCluster(file: RulesFile, flags: ExplainFlags, cli: Cli): Promise<Truth> {
  const connection = connect(flags, cli);
  const history = await listOnce({
    plan: planFor(file),
    connection,
    clock: systemClock,
    signal: cli.stopSignal(),
  });
  await connection.close();
  const { standings } = replay(file, history);
  const note = "Seen once, just now: holds begin here. A running Ringbell (--url) knows since when";
  const { endMs: nowMs, warnings } = history;
  return { nowMs, standings: standings.map(firstSight), warnings, note };
}

/** Asks a running Ringbell where its rules stand. */
export async function askStandings(
  url: URL,
  fetch: typeof globalThis.fetch,
  nowMs: number,
): Promise<Truth | { readonly failure: string }> {
  const at = `Cannot ask for standings at ${url.origin}`;
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(new URL("/api/v1/standings", url), {
      headers: { accept: "application/json" },
      redirect: "error",
    });
    text = await answer.text();
  } catch (error) {
    return { failure: `${at}: ${requestTrouble(error)}; ${REACH_HINT}` };
  }
  const standings = answer.ok ? listOf(text) : undefined;
  if (!standings)
    return { failure: `${at}: HTTP ${answer.status}, and not as Ringbell answers: is --url right?` };
  const told = (standings as readonly StandingJson[]).map(standingFromJson);
  return { nowMs, standings: told, warnings: [], note: undefined };
}

function listOf(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function ringOption(text: string): string {
  if (/^[a-z0-9.-]+\/[a-z0-9.-]+$/.test(text)) return text;
  throw new InvalidArgumentError("wanted namespace/service, as in data/cassandra");
}
