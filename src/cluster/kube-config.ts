import { existsSync, readFileSync } from "node:fs";
import { isIPv6 } from "node:net";
import { delimiter, dirname, join, resolve } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { parse } from "yaml";
import { asObject, asText } from "./object-fields.ts";

/** Where to look for the way to the API server. */
export interface KubeConfigOptions {
  /** A file; nothing else is looked at then. */
  readonly kubeconfig?: string | undefined;
  /** A context of it; else its current one. */
  readonly context?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where Pods find their credentials; for tests. */
  readonly serviceAccountDirectory?: string | undefined;
}

/** There is no usable way to an API server. The message names the places. */
export class KubeConfigError extends Error {
  override readonly name = "KubeConfigError";
}

// https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/#directly-accessing-the-rest-api
const SERVICE_ACCOUNT_DIRECTORY = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * Finds the kubeconfig as kubectl does: the given file, else those of `KUBECONFIG`, else `~/.kube/config`,
 * else the ServiceAccount of the Pod. Reads files at each call. Throws `KubeConfigError`.
 */
export function loadKubeConfig(options: KubeConfigOptions): KubeConfig {
  const { kubeconfig, context, env } = options;
  const files = kubeconfig === undefined ? filesFromEnvironment(env) : [kubeconfig];
  const config = files.length > 0 ? loadFiles(files) : loadServiceAccount(options);
  if (context !== undefined) config.setCurrentContext(context);
  checkContext(config, files);
  return config;
}

function filesFromEnvironment(env: KubeConfigOptions["env"]): string[] {
  const listed = env["KUBECONFIG"];
  if (listed) {
    const existing = listed.split(delimiter).filter((file) => file !== "" && existsSync(file));
    if (existing.length > 0) return existing;
    throw new KubeConfigError(`Cannot read kubeconfig: none of the files in KUBECONFIG exists (${listed})`);
  }
  const atHome = env["HOME"] ? join(env["HOME"], ".kube", "config") : undefined;
  return atHome !== undefined && existsSync(atHome) ? [atHome] : [];
}

/** As kubectl merges: of two entries with one name the first counts, and so does the first current context. */
function loadFiles(files: readonly string[]): KubeConfig {
  const configs = files.map(loadFile);
  const merged = new KubeConfig();
  merged.loadFromOptions({
    clusters: firstByName(configs.flatMap((config) => config.clusters)),
    users: firstByName(configs.flatMap((config) => config.users)),
    contexts: firstByName(configs.flatMap((config) => config.contexts)),
    currentContext: configs.map((config) => config.currentContext).find(Boolean),
  });
  return merged;
}

function firstByName<Named extends { readonly name: string }>(entries: readonly Named[]): Named[] {
  return Map.groupBy(entries, ({ name }) => name)
    .values()
    .flatMap((same) => same.slice(0, 1))
    .toArray();
}

function loadFile(file: string): KubeConfig {
  const config = new KubeConfig();
  try {
    const text = readFileSync(file, "utf8");
    config.loadFromString(text);
    config.makePathsAbsolute(dirname(resolve(file)));
    useTokenFiles(config, text, dirname(resolve(file)));
  } catch (cause) {
    // A parser's message may quote the line, and the line may hold a token: it is not passed on.
    const { code, syscall } = cause as NodeJS.ErrnoException;
    const reason = syscall === undefined ? "not a valid kubeconfig" : code;
    throw new KubeConfigError(`Cannot read kubeconfig: file ${file} (${reason})`);
  }
  return config;
}

/** client-node looks for `token-file`, but the field is `tokenFile`: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/ */
function useTokenFiles(config: KubeConfig, text: string, directory: string): void {
  const users = asObject(parse(text))?.["users"];
  for (const entry of Array.isArray(users) ? users : []) {
    const name = asText(asObject(entry)?.["name"]);
    const tokenFile = asText(asObject(asObject(entry)?.["user"])?.["tokenFile"]);
    const index = config.users.findIndex((user) => user.name === name);
    const user = config.users[index];
    if (tokenFile === undefined || user === undefined) continue;
    const { token: _superseded, ...rest } = user;
    config.users[index] = { ...rest, authProvider: tokenFileProvider(resolve(directory, tokenFile)) };
  }
}

function tokenFileProvider(tokenFile: string): object {
  return { name: "tokenFile", config: { tokenFile } };
}

function loadServiceAccount({ env, serviceAccountDirectory }: KubeConfigOptions): KubeConfig {
  const directory = serviceAccountDirectory ?? SERVICE_ACCOUNT_DIRECTORY;
  const host = env["KUBERNETES_SERVICE_HOST"];
  const port = env["KUBERNETES_SERVICE_PORT"] ?? "443";
  if (!host || !existsSync(join(directory, "token"))) {
    throw new KubeConfigError(
      "Cannot find a kubeconfig: no file given, KUBECONFIG is not set, ~/.kube/config does not exist, " +
        `and this is no Pod with a ServiceAccount token (KUBERNETES_SERVICE_HOST, ${directory}/token)`,
    );
  }
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    {
      name: "in-cluster",
      server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
      caFile: join(directory, "ca.crt"),
      skipTLSVerify: false,
    },
    { name: "service-account", authProvider: tokenFileProvider(join(directory, "token")) },
  );
  return config;
}

function checkContext(config: KubeConfig, files: readonly string[]): void {
  const where = files.length > 0 ? files.join(", ") : "the Pod's ServiceAccount";
  const name = config.getCurrentContext();
  const context = config.getContextObject(name);
  if (!context) {
    const known = config.contexts.map((each) => each.name).join(", ") || "none";
    throw new KubeConfigError(
      name
        ? `Cannot use kubeconfig context ${name}: it is not in ${where} (contexts there: ${known})`
        : `Cannot use kubeconfig: ${where} has no current-context, and none was given (contexts there: ${known})`,
    );
  }
  const cluster = config.getCurrentCluster();
  if (!cluster)
    throw new KubeConfigError(
      `Cannot use kubeconfig context ${name}: cluster ${context.cluster} is not in ${where}`,
    );
  if (!URL.canParse(cluster.server) || !/^https?:/.test(cluster.server)) {
    throw new KubeConfigError(
      `Cannot use cluster ${cluster.name} of ${where}: server is not an http: or https: URL`,
    );
  }
  // `applyToHTTPSOptions` of client-node refuses plain http (kubectl proxy) unless it is told not to verify TLS.
  if (cluster.server.startsWith("http:")) {
    config.clusters = config.clusters.map((each) =>
      each.name === cluster.name ? { ...each, skipTLSVerify: true } : each,
    );
  }
  // Without a user client-node would not even read the cluster's CA.
  if (!config.getCurrentUser()) addAnonymousUser(config, context.name);
}

function addAnonymousUser(config: KubeConfig, contextName: string): void {
  const name = "ringbell-anonymous";
  config.users = [...config.users, { name }];
  config.contexts = config.contexts.map((each) =>
    each.name === contextName ? { ...each, user: name } : each,
  );
}
