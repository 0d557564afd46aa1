import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type {
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1ConfigMap,
  V1Deployment,
  V1Namespace,
  V1PersistentVolumeClaim,
  V1Role,
  V1RoleBinding,
  V1Service,
  V1ServiceAccount,
} from "@kubernetes/client-node";
import { parseAllDocuments } from "yaml";

/** A kubectl of this machine, for `kubectl kustomize` only: that needs no cluster. */
export interface Kubectl {
  readonly path: string;
  /** Minor version of Kubernetes 1.x. */
  readonly minor: number;
}

/** An API object as kustomize prints it. */
export interface Manifest {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Record<string, string>;
  };
}

/** Types of the API's objects by their kind. */
interface Kinds {
  readonly ClusterRole: V1ClusterRole;
  readonly ClusterRoleBinding: V1ClusterRoleBinding;
  readonly ConfigMap: V1ConfigMap;
  readonly Deployment: V1Deployment;
  readonly Namespace: V1Namespace;
  readonly PersistentVolumeClaim: V1PersistentVolumeClaim;
  readonly Role: V1Role;
  readonly RoleBinding: V1RoleBinding;
  readonly Service: V1Service;
  readonly ServiceAccount: V1ServiceAccount;
}

/** The folder with kustomize's files. */
export const DEPLOY = join(import.meta.dirname, "../../deploy");

/** Every kubectl that can be found: `$KUBECTL`, the one of envtest, those of PATH. Different ones hold different kustomizes. */
export function findKubectls(): Kubectl[] {
  const { KUBECTL, KUBEBUILDER_ASSETS, PATH } = process.env;
  const folders = [KUBEBUILDER_ASSETS, ...(PATH ?? "").split(":")];
  const candidates = [KUBECTL, ...folders.map((folder) => folder && join(folder, "kubectl"))];
  const found = new Map<number, Kubectl>();
  for (const path of candidates) {
    if (!path || !existsSync(path)) continue;
    const minor = minorVersion(path);
    if (minor !== undefined && !found.has(minor)) found.set(minor, { path, minor });
  }
  return [...found.values()];
}

/** What `kubectl kustomize deploy/FOLDER` prints, parsed. */
export function render(kubectl: Kubectl, folder: string): Manifest[] {
  const text = execFileSync(kubectl.path, ["kustomize", join(DEPLOY, folder)], {
    encoding: "utf8",
    stdio: "pipe",
  });
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}

/** The one object of this kind. Throws when there are none or several. */
export function only<Kind extends keyof Kinds>(manifests: readonly Manifest[], kind: Kind): Kinds[Kind] {
  const [first, ...more] = manifests.filter((manifest) => manifest.kind === kind);
  if (first === undefined || more.length > 0)
    throw new Error(`wanted one ${kind}, rendered were ${first === undefined ? 0 : more.length + 1}`);
  return first as Kinds[Kind];
}

function minorVersion(path: string): number | undefined {
  try {
    const output = execFileSync(path, ["version", "--client", "--output=json"], {
      encoding: "utf8",
      stdio: "pipe",
    });
    const version = JSON.parse(output) as { clientVersion: { minor: string } };
    return Number.parseInt(version.clientVersion.minor, 10);
  } catch {
    return undefined;
  }
}
