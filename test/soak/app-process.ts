/** The process that is soaked: the app as `run` composes it, on the system's clock, with its state in a SQLite file. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startApp } from "../../src/app.ts";
import { destinationKinds } from "../../src/destinations/registry.ts";
import { createSender } from "../../src/destinations/send.ts";
import type { Ring } from "../../src/ring/ring.ts";
import { formatProblems } from "../../src/rules/format-problems.ts";
import { loadRules } from "../../src/rules/load-rules.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { type Logger, silentLogger } from "../../src/runtime/logger.ts";
import { createMetrics } from "../../src/runtime/metrics.ts";
import { systemRandom } from "../../src/runtime/random.ts";
import { secretSource } from "../../src/runtime/secret.ts";
import { openSqliteStore } from "../../src/state/sqlite-store.ts";
import type { Store } from "../../src/state/store.ts";
import { serveParent } from "../bench/child.ts";
import { connectTo } from "../bench/in-process-app.ts";
import type { Dump, Question, Sample } from "./messages.ts";

const troubles: string[] = [];
const errors: Record<string, number> = {};
const rings = new Map<string, Ring>();

const noteTrouble = (what: string) => (error: unknown) =>
  void troubles.push(`${what}: ${error instanceof Error ? error.stack : String(error)}`);
process.on("unhandledRejection", noteTrouble("unhandled rejection"));
process.on("uncaughtException", noteTrouble("uncaught exception"));
process.on("warning", (warning) => {
  if (warning.name === "MaxListenersExceededWarning") noteTrouble("warning")(warning);
});

const logger: Logger = {
  ...silentLogger,
  error(fields, message) {
    errors[message] = (errors[message] ?? 0) + 1;
    const { err } = fields;
    if (err instanceof Error && errors[message] === 1) troubles.push(`logged: ${message}: ${err.stack}`);
  },
};

let running: Running | undefined;

serveParent<Question>(async (question) => {
  switch (question.kind) {
    case "start":
      running = start(question.rules, question.server);
      return {};
    case "sample":
      return sample();
    case "dump":
      return dump();
    case "stop":
      await running?.close();
      running = undefined;
      rings.clear();
      return {};
  }
});

interface Running {
  readonly app: ReturnType<typeof startApp>;
  readonly store: Store;
  readonly close: () => Promise<void>;
}

function start(rules: string, server: string): Running {
  const loaded = loadRules(rules, "soak.yaml", destinationKinds);
  if (!loaded.ok) throw new Error(formatProblems(loaded.problems, false));
  const directory = mkdtempSync(join(tmpdir(), "ringbell-soak-"));
  const store = openSqliteStore(join(directory, "ringbell.db"), systemClock.now(), () => "soak");
  const connection = connectTo(server);
  const sender = createSender();
  const app = startApp({
    file: loaded.file,
    connection,
    sender,
    store,
    clock: systemClock,
    random: systemRandom,
    readSecret: secretSource({ PAGER: "0123456789abcdef0123456789abcdef" }, () => ""),
    logger,
    metrics: createMetrics({ processMetrics: false }),
    defer: setImmediate,
    onRing(ring) {
      const place = `${ring.source} ${ring.key}`;
      if (ring.present) rings.set(place, ring);
      else rings.delete(place);
    },
  });
  const close = async (): Promise<void> => {
    await app.stop(1_000);
    await Promise.all([connection.close(), sender.close()]);
    store.close();
    rmSync(directory, { recursive: true });
  };
  return { app, store, close };
}

function sample(): Sample {
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  const resources: Record<string, number> = {};
  for (const type of process.getActiveResourcesInfo()) resources[type] = (resources[type] ?? 0) + 1;
  return {
    heapBytes: heapUsed,
    rssBytes: rss,
    resources,
    troubles,
    errors,
    scopes: running?.app.reflectors.map((reflector) => reflector.status()) ?? [],
    owed: running?.app.outbox.owed ?? 0,
  };
}

function dump(): Dump {
  const stored = running?.store.load();
  return {
    rings: [...rings.values()],
    alerts: stored?.alerts ?? [],
    baselines: (stored?.baselines ?? []).map((baseline) => ({
      rule: baseline.rule,
      ring: baseline.ring,
      presence: baseline.presence,
      generation: baseline.generation,
      members: [...baseline.members.keys()],
      settling: baseline.deviations.size + (baseline.presenceDeviation ? 1 : 0),
    })),
  };
}
