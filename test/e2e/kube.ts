import { readFileSync } from "node:fs";
import type { OutgoingHttpHeaders } from "node:http";
import { type RequestOptions, request } from "node:https";
import { buffer } from "node:stream/consumers";
import { KubeConfig } from "@kubernetes/client-node";

/** An API object as JSON. */
export type KubeObject = Readonly<Record<string, unknown>>;

/** An answer of the API server. */
export interface KubeAnswer {
  readonly status: number;
  /** Parsed JSON, or the text as it came. */
  readonly body: unknown;
}

/** A refusal of the API server where the test wanted success. */
export class KubeError extends Error {
  override readonly name = "KubeError";
  readonly status: number;

  constructor(method: string, path: string, { status, body }: KubeAnswer) {
    super(`${method} ${path}: HTTP ${status}: ${typeof body === "string" ? body : JSON.stringify(body)}`);
    this.status = status;
  }
}

/** Plain REST with the credentials of a kubeconfig: the same for every version of Kubernetes. */
export class Kube {
  readonly #server: URL;
  readonly #options: RequestOptions;
  /** What the kubeconfig trusts, in PEM. */
  readonly ca: Buffer;

  private constructor(server: URL, options: RequestOptions, ca: Buffer) {
    this.#server = server;
    this.#options = options;
    this.ca = ca;
  }

  /** Reads a kubeconfig's current context. Connects at the first request. */
  static async connect(kubeconfigPath: string): Promise<Kube> {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfigPath);
    const cluster = config.getCurrentCluster();
    if (!cluster) throw new Error(`Kubeconfig ${kubeconfigPath} has no current cluster`);
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    const ca = cluster.caData ? Buffer.from(cluster.caData, "base64") : readFileSync(cluster.caFile ?? "");
    return new Kube(new URL(cluster.server), options, ca);
  }

  /** The API server's URL. */
  get server(): string {
    return this.#server.href;
  }

  /** Asks, and returns whatever the answer is. */
  async ask(
    method: string,
    path: string,
    body?: unknown,
    contentType = "application/json",
  ): Promise<KubeAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<KubeAnswer>();
    const headers = {
      ...(this.#options.headers as OutgoingHttpHeaders),
      accept: "application/json",
      "content-type": contentType,
    };
    const sent = request(new URL(path, this.#server), { ...this.#options, method, headers }, (response) => {
      buffer(response).then(
        (bytes) => resolve({ status: response.statusCode ?? 0, body: parse(bytes.toString()) }),
        reject,
      );
    });
    sent.on("error", reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
    return promise;
  }

  /** Asks, and throws `KubeError` unless the answer is a success or has one of the `tolerated` statuses. */
  async must(
    method: string,
    path: string,
    body?: unknown,
    tolerated: readonly number[] = [],
  ): Promise<KubeObject> {
    const contentType = method === "PATCH" ? "application/merge-patch+json" : "application/json";
    const answer = await this.ask(method, path, body, contentType);
    if (answer.status >= 300 && !tolerated.includes(answer.status)) throw new KubeError(method, path, answer);
    return answer.body as KubeObject;
  }

  /** Whether `/readyz` says ok. Nobody there yet is a no. */
  async isReady(): Promise<boolean> {
    return this.ask("GET", "/readyz").then(
      ({ status }) => status === 200,
      () => false,
    );
  }

  /** Whether the controller manager has made the namespace's `default` service account. */
  async hasDefaultServiceAccount(namespace: string): Promise<boolean> {
    const { status } = await this.ask("GET", `/api/v1/namespaces/${namespace}/serviceaccounts/default`);
    return status === 200;
  }

  /** Whether the server has EndpointSlices in the version that Ringbell reads (Kubernetes 1.21 and later). */
  async hasEndpointSlices(): Promise<boolean> {
    const { status } = await this.ask("GET", "/apis/discovery.k8s.io/v1");
    return status === 200;
  }

  /** 20 of Kubernetes 1.20. */
  async minorVersion(): Promise<number> {
    const { minor } = (await this.must("GET", "/version")) as { readonly minor?: string };
    return Number.parseInt(minor ?? "", 10);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
