/** `npm run bench`: how fast, how soon and how big Ringbell is. */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { measureAlerts } from "./alerts.ts";
import { Bundle } from "./bundle.ts";
import { measureIngest } from "./ingest.ts";
import { measureLatency } from "./latency.ts";
import type { Comparison, Effort, Results } from "./measurement.ts";
import { measureMemory } from "./memory.ts";
import { measureOutbox } from "./outbox.ts";
import { measureReplay } from "./replay.ts";
import { formatTable } from "./report.ts";
import { measureStartup } from "./startup.ts";

const HELP = `Usage: npm run bench [-- OPTIONS]

Measures ingest, latency, outbox, memory, alerts, replay, startup and bundle on this machine, on loopback only, and prints them next to
their targets. docs/benchmarks.md says what each figure means. Exits 0 also where a target is missed.

  --quick       fewer rounds, about a minute
  --json FILE   also write the figures there
  -h, --help    print this help
`;

async function measureAll(effort: Effort): Promise<Results> {
  say("building the bundle");
  using bundle = new Bundle();
  say("startup");
  const startup = await measureStartup(bundle, effort);
  say("memory");
  const { memory, asFoundMiB } = await measureMemory(bundle);
  say(`memory: RSS was ${asFoundMiB} MiB before garbage collection`);
  say("latency");
  const latency = await measureLatency(bundle, effort);
  say("outbox");
  const outbox = await measureOutbox(effort);
  sayCpu("outbox", "notice", outbox);
  say("alerts");
  const alerts = await measureAlerts();
  say("replay");
  const replay = await measureReplay(effort);
  say("ingest");
  const { all, oneInTen } = await measureIngest(effort);
  sayCpu("ingest, 3 endpoints", "event", all.small);
  sayCpu("ingest, 100 endpoints", "event", all.large);
  sayCpu("ingest, 3 endpoints, 1 Service in 10", "event", oneInTen.small);
  sayCpu("ingest, 100 endpoints, 1 Service in 10", "event", oneInTen.large);
  return {
    ingest: {
      small: all.small.rate,
      large: all.large.rate,
      oneInTen: { small: oneInTen.small.rate, large: oneInTen.large.rate },
    },
    latency,
    outbox: outbox.rate,
    memory,
    alerts,
    replay,
    startup,
    bundle: { bytes: bundle.bytes },
  };
}

function say(what: string): void {
  process.stderr.write(`bench: ${what}\n`);
}

function sayCpu(what: string, one: string, { cpuMicros: { ours, bare } }: Comparison): void {
  say(`${what}: ${ours} µs of CPU per ${one}, bare ${bare} µs`);
}

function readFlags() {
  try {
    return parseArgs({
      options: {
        quick: { type: "boolean", default: false },
        json: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    return undefined;
  }
}

const flags = readFlags();
if (!flags) process.exitCode = 2;
else if (flags.help) process.stdout.write(HELP);
else {
  const results = await measureAll({ quick: flags.quick });
  process.stdout.write(`${formatTable(results)}\n`);
  if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(results, undefined, 2)}\n`);
}
