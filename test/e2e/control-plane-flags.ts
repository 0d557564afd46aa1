import { join } from "node:path";

/** One member, on loopback, with its data in `folder`. */
export function etcdFlags(folder: string, port: number, peerPort: number): string[] {
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

/** RBAC, tokens from `tokens.csv` and of service accounts, and a certificate that it makes for itself in `certs`. */
export function apiserverFlags(folder: string, etcdPort: number, port: number): string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${port}`,
    // Goes into the endpoints of default/kubernetes only, where loopback is refused: a documentation address.
    "--advertise-address=198.51.100.10",
    // Also how long open watches may last after SIGTERM, in which it takes no new ones. A minute without an API server would
    // have the nodes found dead.
    "--request-timeout=10s",
    `--cert-dir=${join(folder, "certs")}`,
    `--token-auth-file=${join(folder, "tokens.csv")}`,
    "--authorization-mode=Node,RBAC",
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${join(folder, "sa.pub")}`,
    `--service-account-signing-key-file=${join(folder, "sa.key")}`,
    "--service-cluster-ip-range=10.96.0.0/16",
  ];
}

/** All controllers, without leader election. */
export function managerFlags(folder: string, kubeconfig: string, version: string): string[] {
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
