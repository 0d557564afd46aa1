import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { type ApiConnection, createApiConnection } from "../../src/cluster/api-connection.ts";
import { loadKubeConfig } from "../../src/cluster/kube-config.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { TEST_CERTIFICATES } from "../support/test-certificates.ts";

const { one, two } = TEST_CERTIFICATES;
const NEVER = new AbortController().signal;
const LIMITS = { signal: NEVER, timeoutMs: 30_000 };

interface Seen {
  readonly authorization: string | undefined;
  /** The common name of the client's certificate. */
  readonly client: string | undefined;
}

interface TlsApi {
  readonly url: string;
  readonly seen: Seen[];
  /** The status of the next answers. */
  status: number;
}

/** An API server over TLS that asks for client certificates and lets anyone in; watches stay open. */
async function startTlsApi(): Promise<TlsApi> {
  const seen: Seen[] = [];
  const options = { ...one, requestCert: true, rejectUnauthorized: false, ca: [one.cert, two.cert] };
  const server: Server = createServer(options, (request, response) => {
    const { subject } = (request.socket as TLSSocket).getPeerCertificate();
    const name = subject?.CN;
    seen.push({
      authorization: request.headers.authorization,
      client: Array.isArray(name) ? name[0] : name,
    });
    response.writeHead(api.status);
    if (request.url?.includes("watch=true")) response.flushHeaders();
    else response.end("{}");
  });
  const sockets = new Set<Duplex>();
  server.on("connection", (socket) => sockets.add(socket));
  server.listen(0, "localhost");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const url = `https://localhost:${(server.address() as AddressInfo).port}`;
  const api: TlsApi = { url, seen, status: 200 };
  return api;
}

/** A directory of files, and a connection by a kubeconfig there that trusts the test API server and has this user. */
function connect(
  url: string,
  userOf: (file: (name: string) => string) => object,
): {
  connection: ApiConnection;
  write: (name: string, content: string) => void;
} {
  const directory = mkdtempSync(join(tmpdir(), "ringbell-rotation-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const write = (name: string, content: string): void => writeFileSync(join(directory, name), content);
  write("ca.crt", one.cert);
  const config = {
    clusters: [{ name: "c", cluster: { server: url, "certificate-authority": "ca.crt" } }],
    users: [{ name: "u", user: userOf((name) => join(directory, name)) }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  };
  write("config", JSON.stringify(config));
  const kubeconfig = join(directory, "config");
  const connection = createApiConnection({
    loadKubeConfig: () => loadKubeConfig({ kubeconfig, env: {} }),
    clock: systemClock,
    version: "0",
  });
  onTestFinished(() => connection.close());
  return { connection, write };
}

/** Lets time pass for what reads the machine's clock: client-node does. */
function passSeconds(seconds: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + seconds * 1000 });
  onTestFinished(() => void vi.useRealTimers());
}

describe("a token file", () => {
  test("is read again after a minute, without a refusal", async () => {
    const api = await startTlsApi();
    const { connection, write } = connect(api.url, () => ({ tokenFile: "token" }));
    write("token", "first\n");
    await connection.get("/x", {}, LIMITS);
    write("token", "second\n");
    await connection.get("/x", {}, LIMITS);
    passSeconds(61);
    await connection.get("/x", {}, LIMITS);
    const { body } = await connection.stream("/x", { watch: true }, NEVER);
    await body[Symbol.asyncIterator]().return?.();
    expect(api.seen.map(({ authorization }) => authorization)).toEqual([
      "Bearer first",
      "Bearer first",
      "Bearer second",
      "Bearer second",
    ]);
  });

  test("is read again at once when its token is refused", async () => {
    const api = await startTlsApi();
    const { connection, write } = connect(api.url, () => ({ tokenFile: "token" }));
    write("token", "first");
    api.status = 401;
    await connection.get("/x", {}, LIMITS);
    write("token", "second");
    await connection.get("/x", {}, LIMITS);
    expect(api.seen.at(-1)?.authorization).toBe("Bearer second");
  });

  test("that is gone for a moment is an error of that request only", async () => {
    const api = await startTlsApi();
    const { connection, write } = connect(api.url, () => ({ tokenFile: "token" }));
    await expect(connection.get("/x", {}, LIMITS)).rejects.toThrow(
      /^Cannot get credentials of kubeconfig user u: ENOENT/,
    );
    write("token", "first");
    expect((await connection.get("/x", {}, LIMITS)).status).toBe(200);
  });
});

describe("a client certificate", () => {
  test("is shown, and a rotated one to new connections, while watches on the old one stay", async () => {
    const api = await startTlsApi();
    const user = { "client-certificate": "tls.crt", "client-key": "tls.key" };
    const { connection, write } = connect(api.url, () => user);
    write("tls.crt", one.cert);
    write("tls.key", one.key);
    const open = await connection.stream("/x", { watch: true }, NEVER);
    const reading = open.body[Symbol.asyncIterator]().next();
    let hasEnded = false;
    const end = reading.then(
      () => (hasEnded = true),
      () => (hasEnded = true),
    );
    await connection.get("/x", {}, LIMITS);
    write("tls.crt", two.cert);
    write("tls.key", two.key);
    await connection.get("/x", {}, LIMITS);
    await connection.get("/x", {}, LIMITS);
    expect(api.seen.map(({ client }) => client)).toEqual([
      "ringbell test one",
      "ringbell test one",
      "ringbell test two",
      "ringbell test two",
    ]);
    expect(hasEnded).toBe(false);
    await connection.close();
    await end;
  });

  test("may be in the kubeconfig itself", async () => {
    const api = await startTlsApi();
    const base64 = (text: string): string => Buffer.from(text).toString("base64");
    const user = { "client-certificate-data": base64(two.cert), "client-key-data": base64(two.key) };
    const { connection } = connect(api.url, () => user);
    await connection.get("/x", {}, LIMITS);
    expect(api.seen).toEqual([{ authorization: undefined, client: "ringbell test two" }]);
  });
});

describe("an exec plugin", () => {
  test("gives a token until it expires, and is run again then", async () => {
    const api = await startTlsApi();
    const { connection, write } = connect(api.url, (file) => ({
      exec: { apiVersion: "client.authentication.k8s.io/v1", command: "cat", args: [file("credential")] },
    }));
    const credential = (token: string): string => {
      const expirationTimestamp = new Date(Date.now() + 600_000).toISOString();
      return JSON.stringify({ kind: "ExecCredential", status: { token, expirationTimestamp } });
    };
    write("credential", credential("first"));
    await connection.get("/x", {}, LIMITS);
    write("credential", credential("second"));
    await connection.get("/x", {}, LIMITS);
    passSeconds(601);
    await connection.get("/x", {}, LIMITS);
    expect(api.seen.map(({ authorization }) => authorization)).toEqual([
      "Bearer first",
      "Bearer first",
      "Bearer second",
    ]);
  });

  test("gives a client certificate", async () => {
    const api = await startTlsApi();
    const { connection, write } = connect(api.url, (file) => ({
      exec: { apiVersion: "client.authentication.k8s.io/v1", command: "cat", args: [file("credential")] },
    }));
    const status = { clientCertificateData: two.cert, clientKeyData: two.key };
    write("credential", JSON.stringify({ kind: "ExecCredential", status }));
    await connection.get("/x", {}, LIMITS);
    expect(api.seen).toEqual([{ authorization: undefined, client: "ringbell test two" }]);
  });
});

describe("an OIDC provider", () => {
  const idToken = (expiresInSeconds: number): string => {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    return `${part({ alg: "none" })}.${part({ exp: Math.floor(Date.now() / 1000) + expiresInSeconds })}.x`;
  };
  const oidcUser = (token: string): object => ({
    "auth-provider": {
      name: "oidc",
      config: {
        "idp-issuer-url": "https://localhost:1",
        "client-id": "ringbell",
        "client-secret": "hunter2",
        "refresh-token": "hunter3",
        "id-token": token,
      },
    },
  });

  test("gives its id token while that is valid", async () => {
    const api = await startTlsApi();
    const token = idToken(600);
    const { connection } = connect(api.url, () => oidcUser(token));
    await connection.get("/x", {}, LIMITS);
    expect(api.seen).toEqual([{ authorization: `Bearer ${token}`, client: undefined }]);
  });

  test("that cannot be reached for a new one is said without any secret", async () => {
    const api = await startTlsApi();
    const { connection } = connect(api.url, () => oidcUser(idToken(-1)));
    const failure: unknown = await connection.get("/x", {}, LIMITS).catch((error: unknown) => error);
    expect(String(failure)).toMatch(/Cannot get credentials of kubeconfig user u: /);
    expect(String(failure)).not.toMatch(/hunter/);
  });
});
