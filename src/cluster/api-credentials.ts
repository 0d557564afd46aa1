import { createHash } from "node:crypto";
import type { RequestOptions } from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import { KubeConfigError } from "./kube-config.ts";

/** What one request needs to be let in. Holds secrets: never log it. */
export interface Credentials {
  /** The API server's URL, perhaps with a path, without a slash at its end. */
  readonly server: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsMaterial;
  readonly proxyUrl: string | undefined;
  /** Equal as long as connections made with these credentials can be used. */
  readonly connectionKey: string;
  /** Which reading of the kubeconfig they come from. */
  readonly generation: number;
}

/** The fields that `tls.connect` and kubeconfig have in common. */
export type TlsMaterial = Pick<
  RequestOptions,
  "ca" | "cert" | "key" | "pfx" | "passphrase" | "servername" | "rejectUnauthorized"
>;

/**
 * Reads credentials for each request. client-node keeps what it may keep (a token file for a minute, the output of an exec plugin
 * until it expires); after a refusal the whole kubeconfig is loaded anew, with nothing kept.
 */
export class CredentialSource {
  readonly #load: () => KubeConfig;
  #config: KubeConfig | undefined;
  #generation = 0;
  #reading: Promise<Credentials> | undefined;

  constructor(load: () => KubeConfig) {
    this.#load = load;
  }

  /** Requests that ask at the same moment share one reading, and with it one run of an exec plugin. */
  async read(): Promise<Credentials> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** Credentials were refused with 401. Does nothing when newer ones are in use already. */
  refused(credentials: Credentials): void {
    if (credentials.generation === this.#generation) this.#config = undefined;
  }

  async #read(): Promise<Credentials> {
    if (this.#config === undefined) {
      this.#config = this.#load();
      this.#generation++;
    }
    const generation = this.#generation;
    const config = this.#config;
    const cluster = config.getCurrentCluster();
    if (!cluster)
      throw new KubeConfigError("Cannot reach the API server: the kubeconfig has no current cluster");
    const options = await requestOptions(config);
    const server = cluster.server.replace(/\/+$/, "");
    const proxyUrl = cluster.proxyUrl || undefined;
    const tls = pickTls(options);
    return {
      server,
      headers: readHeaders(options),
      tls,
      proxyUrl,
      connectionKey: digest([server, proxyUrl, tls]),
      generation,
    };
  }
}

async function requestOptions(config: KubeConfig): Promise<RequestOptions> {
  const options: RequestOptions = {};
  try {
    await config.applyToHTTPSOptions(options);
    return options;
  } catch (error) {
    // A SyntaxError quotes what an exec plugin printed, and that is a token.
    const reason =
      error instanceof Error && !(error instanceof SyntaxError)
        ? error.message.trim()
        : "its output is not JSON";
    const user = config.getCurrentUser()?.name ?? "unnamed";
    throw new KubeConfigError(`Cannot get credentials of kubeconfig user ${user}: ${reason}`);
  }
}

function pickTls({
  ca,
  cert,
  key,
  pfx,
  passphrase,
  servername,
  rejectUnauthorized,
}: RequestOptions): TlsMaterial {
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(pfx === undefined ? {} : { pfx }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(servername === undefined ? {} : { servername }),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
  };
}

function readHeaders(options: RequestOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    // A token file may end with a line break, which no header may hold.
    if (value !== undefined) headers[name.toLowerCase()] = String(value).trim();
  }
  if (options.auth) headers["authorization"] ??= `Basic ${Buffer.from(options.auth).toString("base64")}`;
  return headers;
}

function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("base64");
}
