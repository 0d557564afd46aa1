/** `npm run soak`: Ringbell for minutes or hours in a world where something is always wrong. */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { soak } from "./soak.ts";
import { formatVerdicts } from "./verdicts.ts";

const HELP = `Usage: npm run soak -- [OPTIONS]

Runs Ringbell in its own process against the simulator, with rings that change all the time, an API server and receivers
that fail in every way the simulator knows. At the end all comes to rest, and what Ringbell saw, stored and told is compared
with the truth. On loopback only. Exits 0 when everything holds, 1 when not.

  --minutes N   how long something is wrong (default 5); coming to rest takes up to some minutes more
  --services N  how many Services (default 1000)
  --seed N      draws the same faults and changes again, as far as time allows (default: a new one)
  --json FILE   also write all figures there
  -h, --help    print this help
`;

const NUMBER = /^\d+(?:\.\d+)?$/;

function readFlags() {
  try {
    const { values } = parseArgs({
      options: {
        minutes: { type: "string", default: "5" },
        services: { type: "string", default: "1000" },
        seed: { type: "string", default: `${Math.floor(Math.random() * 1e9)}` },
        json: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    for (const name of ["minutes", "services", "seed"] as const) {
      if (!NUMBER.test(values[name]))
        throw new TypeError(`Cannot read --${name}: "${values[name]}" is no number`);
    }
    return values;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    return undefined;
  }
}

const flags = readFlags();
if (!flags) process.exitCode = 2;
else if (flags.help) process.stdout.write(HELP);
else {
  const say = (line: string): void => void process.stderr.write(`soak: ${line}\n`);
  say(`seed ${flags.seed}`);
  const result = await soak({
    minutes: Number(flags.minutes),
    services: Number(flags.services),
    seed: Number(flags.seed),
    say,
  });
  const { verdicts, changes, notices, requests, relists, calmSeconds, rssMiB, heapMiB, faults } = result;
  const total = Object.values(faults).reduce((sum, count) => sum + count, 0);
  process.stdout.write(
    `${changes} changes, ${total} faults of ${Object.keys(faults).length} kinds, ${relists} relists, ${notices} notices in ${requests} requests; ` +
      `at rest after ${calmSeconds} s; heap at most ${Math.max(...heapMiB)} MiB, RSS ${rssMiB} MiB\n${formatVerdicts(verdicts)}\n`,
  );
  if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(result, undefined, 2)}\n`);
  process.exitCode = verdicts.every(({ ok }) => ok) ? 0 : 1;
}
