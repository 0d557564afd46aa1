import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { type App, startApp } from "../../src/app.ts";
import { type ApiConnection, createApiConnection } from "../../src/cluster/api-connection.ts";
import { destinationKinds } from "../../src/destinations/registry.ts";
import { createSender, type Sender } from "../../src/destinations/send.ts";
import { formatProblems } from "../../src/rules/format-problems.ts";
import { loadRules } from "../../src/rules/load-rules.ts";
import { deferBriefly } from "../../src/runtime/defer.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { silentLogger } from "../../src/runtime/logger.ts";
import { createMetrics } from "../../src/runtime/metrics.ts";
import { systemRandom } from "../../src/runtime/random.ts";
import { secretSource } from "../../src/runtime/secret.ts";
import { openSqliteStore } from "../../src/state/sqlite-store.ts";
import type { Commit, Store } from "../../src/state/store.ts";

export interface InProcessOptions {
  /** A whole rules file. */
  readonly rules: string;
  readonly connection: ApiConnection;
  readonly sender?: Sender;
  readonly onNotice?: () => void;
  /** Called after each transaction. */
  readonly onCommit?: (commit: Commit) => void;
}

/** The app as `run` composes it, on the system's clock, with its state in a SQLite file; only the log is silent. */
export async function startInProcess(
  options: InProcessOptions,
): Promise<{ readonly app: App; readonly close: () => Promise<void> }> {
  const loaded = loadRules(options.rules, "bench.yaml", destinationKinds);
  if (!loaded.ok) throw new Error(formatProblems(loaded.problems, false));
  const directory = mkdtempSync(join(tmpdir(), "ringbell-bench-"));
  const store = openSqliteStore(join(directory, "ringbell.db"), systemClock.now(), () => "bench");
  const sender = options.sender ?? createSender();
  const { connection, onNotice, onCommit } = options;
  const app = startApp({
    file: loaded.file,
    connection,
    sender,
    store: onCommit ? tellingStore(store, onCommit) : store,
    clock: systemClock,
    random: systemRandom,
    readSecret: secretSource({}, () => ""),
    logger: silentLogger,
    metrics: createMetrics({ processMetrics: false }),
    defer: deferBriefly,
    ...(onNotice ? { onNotice: () => onNotice() } : {}),
  });
  return {
    app,
    async close() {
      await app.stop(0);
      await Promise.all([connection.close(), sender.close()]);
      store.close();
      rmSync(directory, { recursive: true });
    },
  };
}

function tellingStore(store: Store, onCommit: (commit: Commit) => void): Store {
  return {
    load: () => store.load(),
    commit(commit) {
      const accepted = store.commit(commit);
      onCommit(commit);
      return accepted;
    },
    close: () => store.close(),
  };
}

/** The connection of `run` to an API server without TLS. */
export function connectTo(server: string): ApiConnection {
  return createApiConnection({
    loadKubeConfig() {
      const config = new KubeConfig();
      config.loadFromClusterAndUser({ name: "bench", server, skipTLSVerify: true }, { name: "bench" });
      return config;
    },
    clock: systemClock,
    version: "bench",
  });
}
