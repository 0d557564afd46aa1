import { type ApiConnection, createApiConnection } from "../cluster/api-connection.ts";
import { loadKubeConfig } from "../cluster/kube-config.ts";
import { systemClock } from "../runtime/clock.ts";
import { VERSION } from "../runtime/version.ts";
import type { Cli } from "./cli.ts";

/**
 * A connection to the cluster that the flags name. Throws `KubeConfigError` at once where the kubeconfig is wrong, which would
 * otherwise be a failure to be tried again.
 */
export function connect(
  { kubeconfig, context }: { readonly kubeconfig?: string; readonly context?: string },
  { env }: Pick<Cli, "env">,
): ApiConnection {
  const read = () => loadKubeConfig({ kubeconfig, context, env });
  read();
  return createApiConnection({ loadKubeConfig: read, clock: systemClock, version: VERSION });
}
