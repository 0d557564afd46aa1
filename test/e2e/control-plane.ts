import { execFileSync } from "node:child_process";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { apiserverFlags, etcdFlags, managerFlags } from "./control-plane-flags.ts";
import { Daemon } from "./daemon.ts";
import { compactEtcd } from "./etcd.ts";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";
import { Kube } from "./kube.ts";
import { writeKubeconfig } from "./kubeconfig.ts";

/** Generous: two cores may have other work. */
const PATIENCE_MS = 60_000;

/** A running etcd, kube-apiserver and kube-controller-manager, all on loopback. There is no scheduler and no kubelet. */
export interface ControlPlane {
  /** `v1.20.2` */
  readonly version: string;
  /** Path of a kubeconfig that may do everything. */
  readonly kubeconfig: string;
  /** Of the API server, on 127.0.0.1; the same after a restart. */
  readonly apiPort: number;
  /** Ends the API server. Resolves with its exit code once its process is gone; null when a signal ended it. */
  stopApiServer(signal: "SIGTERM" | "SIGKILL"): Promise<number | null>;
  /**
   * Starts the API server again, on its port and its data, and the controller manager with it. Resolves when the API server
   * is ready. Of resources that are `uncached` it serves watches from etcd, as there is then no history in its memory.
   */
  startApiServer(options?: { readonly uncached?: readonly string[] }): Promise<void>;
  /** Lets etcd forget all history but the present, and resolves with its revision. */
  compact(): Promise<number>;
  /** Stops what was started and removes its files. */
  stop(): Promise<void>;
}

/**
 * Starts a control plane from the binaries in `assets`, as envtest does: https://book.kubebuilder.io/reference/envtest
 * Knows the flags of Kubernetes 1.20 and later. Throws, with the end of the log, when it does not come up within 60 s.
 */
export async function startControlPlane(assets: string): Promise<ControlPlane> {
  const folder = mkdtempSync(join(tmpdir(), "ringbell-e2e-"));
  // In the order of their first start, in which each needs those before it.
  const daemons = new Map<string, Daemon>();
  const stop = async (): Promise<void> => {
    for (const daemon of [...daemons.values()].toReversed()) await daemon.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const run: Run = (name, flags) => {
    const daemon = Daemon.start(join(assets, name), flags, join(folder, `${name}.log`));
    daemons.set(name, daemon);
    return daemon;
  };
  try {
    const version = versionOf(join(assets, "kube-apiserver"));
    return { version, ...(await bringUp(version, folder, run)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Run = (name: string, flags: readonly string[]) => Daemon;

function versionOf(apiserver: string): string {
  return execFileSync(apiserver, ["--version"], { encoding: "utf8" }).trim().split(" ")[1] ?? "";
}

async function bringUp(
  version: string,
  folder: string,
  run: Run,
): Promise<Omit<ControlPlane, "version" | "stop">> {
  const [etcdPort, peerPort, apiPort] = [await freePort(), await freePort(), await freePort()];
  const server = `https://127.0.0.1:${apiPort}`;
  const tokens = writeTokens(folder);
  writeServiceAccountKeys(folder);
  mkdirSync(join(folder, "certs"), { mode: 0o700 });

  run("etcd", etcdFlags(folder, etcdPort, peerPort));
  const flags = apiserverFlags(folder, etcdPort, apiPort);
  let apiserver = run("kube-apiserver", flags);
  // It signs a certificate for itself, which is also what a client has to trust.
  const caFile = join(folder, "certs/apiserver.crt");
  await eventually(
    "kube-apiserver has a certificate",
    () => apiserver.mustBeAlive() && existsSync(caFile),
    PATIENCE_MS,
  );
  const ca = readFileSync(caFile);
  const kubeconfig = writeKubeconfig(join(folder, "admin.kubeconfig"), { server, ca, token: tokens.admin });
  const admin = await Kube.connect(kubeconfig);
  const untilReady = (): Promise<true> =>
    eventually("kube-apiserver is ready", () => apiserver.mustBeAlive() && admin.isReady(), PATIENCE_MS);
  await untilReady();

  const managerConfig = { server, ca, token: tokens.manager };
  const managerPath = writeKubeconfig(join(folder, "manager.kubeconfig"), managerConfig);
  const runManager = (): Daemon => run("kube-controller-manager", managerFlags(folder, managerPath, version));
  let manager = runManager();
  // Pods are refused until it has made the service account that they get.
  await eventually(
    "kube-controller-manager works",
    () => manager.mustBeAlive() && admin.hasDefaultServiceAccount("default"),
    PATIENCE_MS,
  );
  return {
    kubeconfig,
    apiPort,
    stopApiServer: (signal) => apiserver.stop(signal, PATIENCE_MS),
    async startApiServer({ uncached = [] } = {}) {
      const sizes = uncached.map((resource) => `--watch-cache-sizes=${resource}#0`);
      apiserver = run("kube-apiserver", [...flags, ...sizes]);
      await untilReady();
      // The old one would try again in half a minute. Where it has a leader's lease it ends itself when it cannot renew that.
      await manager.stop("SIGKILL");
      manager = runManager();
    },
    compact: () => compactEtcd(`http://127.0.0.1:${etcdPort}`),
  };
}

function writeTokens(folder: string): { readonly admin: string; readonly manager: string } {
  const tokens = { admin: randomUUID(), manager: randomUUID() };
  writeFileSync(
    join(folder, "tokens.csv"),
    `${tokens.admin},admin,admin,system:masters\n${tokens.manager},system:kube-controller-manager,manager\n`,
    { mode: 0o600 },
  );
  return tokens;
}

function writeServiceAccountKeys(folder: string): void {
  const keys = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  });
  writeFileSync(join(folder, "sa.pub"), keys.publicKey);
  writeFileSync(join(folder, "sa.key"), keys.privateKey, { mode: 0o600 });
}
