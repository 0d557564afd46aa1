import { execFileSync } from "node:child_process";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Daemon } from "./daemon.ts";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";
import { Kube } from "./kube.ts";
import { writeKubeconfig } from "./kubeconfig.ts";

/** A running etcd, kube-apiserver and kube-controller-manager, all on loopback. There is no scheduler and no kubelet. */
export interface ControlPlane {
  /** `v1.20.2` */
  readonly version: string;
  /** Path of a kubeconfig that may do everything. */
  readonly kubeconfig: string;
  /** Stops what was started and removes its files. */
  stop(): Promise<void>;
}

/**
 * Starts a control plane from the binaries in `assets`, as envtest does: https://book.kubebuilder.io/reference/envtest
 * Knows the flags of Kubernetes 1.20 and later. Throws, with the end of the log, when it does not come up within 60 s.
 */
export async function startControlPlane(assets: string): Promise<ControlPlane> {
  const folder = mkdtempSync(join(tmpdir(), "ringbell-e2e-"));
  const daemons: Daemon[] = [];
  const stop = async (): Promise<void> => {
    // The last one started depends on the others.
    for (const daemon of daemons.toReversed()) await daemon.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const run = (name: string, flags: readonly string[]): Daemon => {
    const daemon = Daemon.start(join(assets, name), flags, join(folder, `${name}.log`));
    daemons.push(daemon);
    return daemon;
  };
  try {
    return { ...(await bringUp(assets, folder, run)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function bringUp(
  assets: string,
  folder: string,
  run: (name: string, flags: readonly string[]) => Daemon,
): Promise<{ version: string; kubeconfig: string }> {
  const version =
    execFileSync(join(assets, "kube-apiserver"), ["--version"], { encoding: "utf8" }).trim().split(" ")[1] ??
    "";
  const [etcdPort, peerPort, apiPort] = [await freePort(), await freePort(), await freePort()];
  const server = `https://127.0.0.1:${apiPort}`;
  const tokens = { admin: randomUUID(), manager: randomUUID() };
  writeFileSync(
    join(folder, "tokens.csv"),
    `${tokens.admin},admin,admin,system:masters\n${tokens.manager},system:kube-controller-manager,manager\n`,
    { mode: 0o600 },
  );
  writeServiceAccountKeys(folder);

  run("etcd", etcdFlags(folder, etcdPort, peerPort));
  const apiserver = run("kube-apiserver", apiserverFlags(folder, etcdPort, apiPort));
  // It signs a certificate for itself, which is also what a client has to trust.
  const caFile = join(folder, "certs/apiserver.crt");
  await eventually(
    "kube-apiserver has a certificate",
    () => apiserver.mustBeAlive() && existsSync(caFile),
    60_000,
  );
  const ca = readFileSync(caFile);
  const kubeconfig = writeKubeconfig(join(folder, "admin.kubeconfig"), { server, ca, token: tokens.admin });
  const admin = await Kube.connect(kubeconfig);
  await eventually("kube-apiserver is ready", () => apiserver.mustBeAlive() && admin.isReady(), 60_000);

  const managerConfig = writeKubeconfig(join(folder, "manager.kubeconfig"), {
    server,
    ca,
    token: tokens.manager,
  });
  const manager = run("kube-controller-manager", managerFlags(folder, managerConfig, version));
  // Pods are refused until it has made the service account that they get.
  await eventually(
    "kube-controller-manager works",
    () => manager.mustBeAlive() && admin.hasDefaultServiceAccount("default"),
    60_000,
  );
  return { version, kubeconfig };
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

function etcdFlags(folder: string, port: number, peerPort: number): string[] {
  const [client, peer] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peerPort}`];
  return [
    `--data-dir=${join(folder, "etcd")}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
  ];
}

function apiserverFlags(folder: string, etcdPort: number, port: number): string[] {
  mkdirSync(join(folder, "certs"), { mode: 0o700 });
  return [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${port}`,
    // Goes into the endpoints of default/kubernetes only, where loopback is refused: a documentation address.
    "--advertise-address=198.51.100.10",
    `--cert-dir=${join(folder, "certs")}`,
    `--token-auth-file=${join(folder, "tokens.csv")}`,
    "--authorization-mode=Node,RBAC",
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${join(folder, "sa.pub")}`,
    `--service-account-signing-key-file=${join(folder, "sa.key")}`,
    "--service-cluster-ip-range=10.96.0.0/16",
  ];
}

function managerFlags(folder: string, kubeconfig: string, version: string): string[] {
  const minor = Number(version.split(".")[1]);
  return [
    `--kubeconfig=${kubeconfig}`,
    "--bind-address=127.0.0.1",
    // It serves nobody here. Before 1.24 it had an insecure port as well.
    "--secure-port=0",
    ...(minor < 24 ? ["--port=0"] : []),
    "--leader-elect=false",
    `--root-ca-file=${join(folder, "certs/apiserver.crt")}`,
    `--service-account-private-key-file=${join(folder, "sa.key")}`,
    "--use-service-account-credentials=true",
  ];
}
