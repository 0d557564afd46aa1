import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";

export interface RunOptions {
  readonly bundle: string;
  /** URL of the API server. */
  readonly server: string;
  /** A whole rules file. */
  readonly rules: string;
  readonly execArgv?: readonly string[];
}

const POLL_MS = 2;
const READY_WITHIN_MS = 60_000;

/** `ringbell run` of the bundle in a process of its own, ready. Its log is thrown away. */
export class RingbellProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #folder: string;
  /** From the start of the process to the first 200 of `/readyz`. */
  readonly readyMs: number;

  private constructor(child: ChildProcess, folder: string, readyMs: number) {
    this.#child = child;
    this.#folder = folder;
    this.readyMs = readyMs;
  }

  static async start({ bundle, server, rules, execArgv = [] }: RunOptions): Promise<RingbellProcess> {
    const folder = mkdtempSync(join(tmpdir(), "ringbell-bench-run-"));
    const rulesPath = join(folder, "rules.yaml");
    const kubeconfig = join(folder, "kubeconfig");
    writeFileSync(rulesPath, rules);
    writeFileSync(kubeconfig, kubeconfigFor(server));
    const port = await freePort();
    const args = ["--rules", rulesPath, "--kubeconfig", kubeconfig, "--data", join(folder, "data")];
    const startMs = performance.now();
    const child = fork(bundle, ["run", ...args, "--listen", `127.0.0.1:${port}`], {
      execArgv: [...execArgv],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      // As in the image.
      env: { MALLOC_ARENA_MAX: "1" },
    });
    while (!(await isReady(port))) {
      if (child.exitCode !== null || performance.now() - startMs > READY_WITHIN_MS) {
        child.kill("SIGKILL");
        throw new Error(`Cannot measure: ringbell run is not ready (exit code ${child.exitCode})`);
      }
      await setTimeout(POLL_MS);
    }
    return new RingbellProcess(child, folder, performance.now() - startMs);
  }

  /** For what was preloaded with `execArgv`: sends a message and waits for the answer. */
  async ask<T>(message: object): Promise<T> {
    const answer = once(this.#child, "message");
    this.#child.send(message);
    const [first] = (await answer) as [T];
    return first;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await gone;
    rmSync(this.#folder, { recursive: true });
  }
}

// JSON is YAML.
function kubeconfigFor(server: string): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "bench", cluster: { server } }],
    users: [{ name: "bench", user: {} }],
    contexts: [{ name: "bench", context: { cluster: "bench", user: "bench" } }],
    "current-context": "bench",
  });
}

function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    get({ host: "127.0.0.1", port, path: "/readyz", agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).on("error", () => resolve(false));
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
