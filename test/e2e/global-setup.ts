import { existsSync } from "node:fs";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { type ControlPlane, startControlPlane } from "./control-plane.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Path of a kubeconfig that may do everything. */
    kubeconfig: string;
  }
}

const NEITHER =
  "test:e2e needs an API server and found none: set KUBECONFIG to a cluster's (kind, minikube; not one that " +
  "matters), or KUBEBUILDER_ASSETS to a folder with etcd, kube-apiserver and kube-controller-manager";

/**
 * Finds an API server, or starts one, before the tests; stops what it started after them.
 * Ends the whole run with exit code 1 when there is none: a run that tested nothing must not look like a pass.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const { KUBECONFIG, KUBEBUILDER_ASSETS } = process.env;
  if (KUBECONFIG) {
    console.log(`e2e: using the cluster of KUBECONFIG=${KUBECONFIG}`);
    if (!KUBEBUILDER_ASSETS)
      console.log("e2e: no faults without KUBEBUILDER_ASSETS: they end the API server");
    project.provide("kubeconfig", KUBECONFIG);
    return undefined;
  }
  if (!KUBEBUILDER_ASSETS || !existsSync(join(KUBEBUILDER_ASSETS, "kube-apiserver"))) {
    console.error(KUBEBUILDER_ASSETS ? `${NEITHER} (KUBEBUILDER_ASSETS is ${KUBEBUILDER_ASSETS})` : NEITHER);
    process.exit(1);
  }
  const plane: ControlPlane = await startControlPlane(KUBEBUILDER_ASSETS);
  console.log(`e2e: started Kubernetes ${plane.version} from ${KUBEBUILDER_ASSETS}`);
  project.provide("kubeconfig", plane.kubeconfig);
  return () => plane.stop();
}
