import { execFile, execFileSync } from "node:child_process";
import { join } from "node:path";
import { Daemon } from "./daemon.ts";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";

const MAIN = join(import.meta.dirname, "../../src/main.ts");

/** What `ringbell run` is started with. */
export interface RunOptions {
  readonly rules: string;
  readonly kubeconfig: string;
  /** For its state and its log. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** `127.0.0.1:PORT`; without it on a port that nobody asks for. */
  readonly listen?: string;
}

/** How a command ended. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs another command of Ringbell to its end. */
export async function ringbell(args: readonly string[]): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>();
  execFile(process.execPath, [MAIN, ...args], { env: {}, timeout: 60_000 }, (error, out, err) => {
    resolve({ code: error === null ? 0 : typeof error.code === "number" ? error.code : -1, out, err });
  });
  return promise;
}

/** Starts another command of Ringbell that goes on until it is stopped; `log` takes what it writes. */
export function startRingbell(args: readonly string[], log: string): Daemon {
  return Daemon.start(process.execPath, [MAIN, ...args], log, {});
}

/** Starts `ringbell run` from the sources and waits until `/readyz` says that every watch has listed. */
export async function runRingbell(options: RunOptions): Promise<Daemon> {
  const { rules, kubeconfig, folder, env, listen = `127.0.0.1:${await freePort()}` } = options;
  const args = [
    "run",
    "--rules",
    rules,
    "--kubeconfig",
    kubeconfig,
    "--data",
    join(folder, "data"),
    "--listen",
    listen,
  ];
  const log = join(folder, "ringbell.log");
  const daemon = Daemon.start(process.execPath, [MAIN, ...args, "--log-level", "debug"], log, env);
  try {
    await eventually("ringbell is ready", () => daemon.mustBeAlive() && isReady(`http://${listen}/readyz`));
  } catch (error) {
    await daemon.stop();
    throw new Error(`ringbell run did not get ready; its log:\n${daemon.log()}`, { cause: error });
  }
  return daemon;
}

/** What `ringbell rbac RULES` prints for the service account `ringbell` of a namespace. */
export function renderRbac(rules: string, namespace: string): string {
  return execFileSync(process.execPath, [MAIN, "rbac", rules, "--namespace", namespace], {
    encoding: "utf8",
    env: {},
  });
}

async function isReady(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}
